import type { ClientActionFunctionArgs } from '@remix-run/react'
import { type FormAnswer, keptValues } from './forms/form-answer.ts'

/** What `fetch` rejects with when nobody answers. */
export const isNetworkError = (error: unknown): boolean => error instanceof TypeError && /fetch|network|load failed/i.test(error.message)

/** What Remix says of an answer that is none of ours, such as that of a proxy while we are away. */
const isForeignAnswer = (error: unknown): boolean => error instanceof Error && error.message.startsWith('Unable to decode turbo-stream')

/** What to say where nobody answers: not that nothing was done, as nobody knows. */
export const unreached = 'Daymark cannot be reached from here. What you typed is still here: check your connection, then try again.'

/**
 * As the `clientAction` of a route: sends a form as ever, but where nobody answers the page stays, says so, and keeps what was typed. Whether it
 * was carried out nobody knows then: sent again as it is, it has the same key, and with it one effect.
 */
export async function answerUnreached ({ request, serverAction }: ClientActionFunctionArgs) {
  const copy = request.clone()
  try {
    return await serverAction()
  } catch (error) {
    if (!isNetworkError(error) && !isForeignAnswer(error)) throw error
    const answer: FormAnswer = { values: keptValues(await copy.formData()), errors: {}, problem: unreached }
    return Response.json(answer, { status: 503 })
  }
}
