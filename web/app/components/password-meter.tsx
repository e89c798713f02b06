import type { PasswordOwner, Verdict } from '@daymark/auth/password-strength'
import { useRouteLoaderData } from '@remix-run/react'
import { useEffect, useState } from 'react'
import type { loader as rootLoader } from '../root.tsx'

/** Milliseconds without a key after which what is typed is judged: nobody is told at each key. */
const pause = 400

/**
 * Says how hard to guess the new password in a field is, and what would make it harder: the verdict of the auth service, as
 * far as the page knows the owner, from a worker with the same code and dictionaries. The worker is a file of its own, fetched
 * when the field is first used; where it cannot be had nothing is said, and the service's verdict comes with its answer. It is
 * silent beside an error, which says more.
 */
export function PasswordMeter ({ fieldId, isSilent }: { fieldId: string, isSilent: boolean }) {
  const user = useRouteLoaderData<typeof rootLoader>('root')?.user
  const [isTyped, setTyped] = useState(false)
  const [verdict, setVerdict] = useState<Verdict | null>(null)
  const [hasFailed, setFailed] = useState(false)
  const [email, name] = [user?.email, user?.name]

  useEffect(() => {
    const field = document.getElementById(fieldId) as HTMLInputElement
    let worker: Worker | undefined
    let timer: number | undefined
    let last = 0
    const { form } = field
    const wake = () => {
      if (worker) return
      worker = new Worker(new URL('./password-judge.worker.ts', import.meta.url), { type: 'module' })
      worker.onmessage = ({ data }: MessageEvent<{ id: number, verdict: Verdict }>) => {
        if (data.id === last) setVerdict(data.verdict) // of an earlier text nothing is said any more
      }
      worker.onerror = () => { setFailed(true) }
    }
    const judge = () => {
      const id = ++last
      clearTimeout(timer)
      setTyped(field.value !== '')
      if (field.value === '') return setVerdict(null)
      wake()
      timer = window.setTimeout(() => worker?.postMessage({ id, password: field.value, owner: ownerOf(field, { email, display_name: name }) }), pause)
    }
    const judgeEmptied = () => { setTimeout(judge) } // a form tells that it is reset before it is
    field.addEventListener('focus', wake)
    form?.addEventListener('input', judge) // also the owner's address and name count
    form?.addEventListener('reset', judgeEmptied)
    if (field.value !== '') judge() // typed before the page woke
    else if (document.activeElement === field) wake()
    return () => {
      field.removeEventListener('focus', wake)
      form?.removeEventListener('input', judge)
      form?.removeEventListener('reset', judgeEmptied)
      clearTimeout(timer)
      worker?.terminate()
    }
  }, [fieldId, email, name])

  if (!isTyped || isSilent || hasFailed) return null
  const filled = verdict ? Math.max(1, verdict.score) : 0
  return (
    <div className='meter' data-verdict={verdict ? verdict.code ? 'weak' : 'good' : undefined}>
      <div className='meter__bar' aria-hidden='true'>
        {[1, 2, 3, 4].map((step) => <span key={step} className='meter__step' data-filled={step <= filled || undefined} />)}
      </div>
      <p className='meter__says' role='status'>{verdict && saying(verdict)}</p>
    </div>
  )
}

function saying ({ code, score, advice }: Verdict): string {
  if (code) return `Too easy to guess. ${advice}`
  return score === 4 ? 'Very hard to guess.' : 'Hard to guess.'
}

/** Whoever is signed in, or is being signed up in the same form. */
function ownerOf ({ form }: HTMLInputElement, signedIn: PasswordOwner): PasswordOwner {
  const typed = (name: string) => {
    const field = form?.elements.namedItem(name)
    return field instanceof HTMLInputElement ? field.value : undefined
  }
  return { email: typed('email') ?? signedIn.email, display_name: typed('display_name') ?? signedIn.display_name }
}
