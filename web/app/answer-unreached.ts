import type { ClientActionFunctionArgs } from '@remix-run/react'
import { type FormAnswer, keptValues } from './forms/form-answer.ts'
import { isTouched } from './unsaved-input.ts'

/** What `fetch` rejects with when nobody answers. */
export const isNetworkError = (error: unknown): boolean => error instanceof TypeError && /fetch|network|load failed/i.test(error.message)

/** What Remix says of an answer that is none of ours, such as that of a proxy while we are away. */
const isForeignAnswer = (error: unknown): boolean => error instanceof Error && error.message.startsWith('Unable to decode turbo-stream')

/** What to say where nobody answers: not that nothing was done, as nobody knows. */
export const unreached = 'Daymark cannot be reached from here. What you typed is still here: check your connection, then try again.'

const loggedOut = 'You were logged out, and nothing was saved. What you typed is still here: log in again in another window, then try again.'

/** Whether an action leads to the log-in page, because there is no session any more. */
const isLogIn = (error: unknown): boolean => error instanceof Response && error.headers.get('location')?.startsWith('/login') === true

/**
 * As the `clientAction` of a route: sends a form as ever, but where nobody answers the page stays, says so, and keeps what was typed. Whether it
 * was carried out nobody knows then: sent again as it is, it has the same key, and with it one effect. Where the session is over, the page stays if
 * anything is typed in it, and else leads to the log-in page.
 */
export async function answerUnreached ({ request, serverAction }: ClientActionFunctionArgs) {
  const copy = request.clone()
  try {
    const answer = await serverAction<FormAnswer | null>()
    return answer?.isSignedOut && isTyped(answer.values) ? Response.json({ ...answer, problem: loggedOut }, { status: 401 }) : answer
  } catch (error) {
    const isOver = isLogIn(error)
    if (!isOver && !isNetworkError(error) && !isForeignAnswer(error)) throw error
    const values = keptValues(await copy.formData())
    if (isOver && !isTyped(values)) throw error
    return Response.json({ values, errors: {}, problem: isOver ? loggedOut : unreached } satisfies FormAnswer, { status: isOver ? 401 : 503 })
  }
}

/** Whether there is anything to lose: in the page, or in a line that was emptied when it was sent. */
const isTyped = ({ intent }: FormAnswer['values']): boolean => intent === 'add' || [...document.querySelectorAll<HTMLFormElement>('main form')].some(isTouched)
