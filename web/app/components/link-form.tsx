import { Form, useNavigation } from '@remix-run/react'
import type { ReactNode } from 'react'
import type { LinkAnswer } from '../forms/form-answer.ts'
import { FormSummary } from './checked-form.tsx'
import { DeadLink } from './dead-link.tsx'
import { FormToken } from './form-token.tsx'

interface LinkFormProps {
  path: string
  token: string | null
  served: LinkAnswer | undefined
  title: string
  lead: string
  button: string
  busy: string
  /** The way on where the link no longer works. */
  children: ReactNode
}

/** The page behind a mailed link: says what it does, and does it at the press of its one button. */
export function LinkForm ({ path, token: loaded, served, title, lead, button, busy, children }: LinkFormProps) {
  const isSending = useNavigation().formAction?.startsWith(path) ?? false
  const token = served?.values['token'] ?? loaded
  if (served?.isDead || !token) return <DeadLink>{children}</DeadLink>
  return (
    <div className='sheet'>
      <h1>{title}</h1>
      <p className='sheet__lead'>{lead}</p>
      <Form className='form' method='post' action={path}>
        <FormToken />
        <input type='hidden' name='token' value={token} readOnly />
        <FormSummary answer={served} />
        <button className='button button--wide' aria-disabled={isSending || undefined}>{isSending ? busy : button}</button>
      </Form>
    </div>
  )
}
