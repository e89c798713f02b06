import { data } from '@remix-run/node'
import { isServiceAway, isServiceProblem, isStepUpNeeded } from '../api/service-problem.ts'
import type { FieldFault, FormGuide } from './field-rules.ts'
import { faultMessage } from './field-rules.ts'
import type { FormAnswer } from './form-answer.ts'

/**
 * Turns a service's refusal into the form's answer: each error at the field it names, what was typed kept. Where the password
 * is needed once more, the answer makes `StepUpField` ask for it.
 * @throws whatever is no refusal, and refusals that are no fault of the form's
 */
export function refusedForm (error: unknown, values: FormAnswer['values'], guide: FormGuide = {}) {
  if (isServiceAway(error)) {
    return data<FormAnswer>({ values, errors: {}, problem: 'Daymark cannot do this right now, because a part of it is away. What you typed is still here: please try again in a moment.' }, { status: 503 })
  }
  if (!isServiceProblem(error)) throw error
  if (isStepUpNeeded(error)) {
    return data<FormAnswer>({ values, errors: { confirm_password: 'To be sure that it is you, write your password once more.' } }, { status: 403 })
  }
  if (error.status === 429) return data<FormAnswer>({ values, errors: {}, problem: slowDown(error.retryAfterSeconds) }, { status: 429 })
  if (![400, 409, 422].includes(error.status)) throw error

  const errors: FormAnswer['errors'] = {}
  const elsewhere: string[] = []
  for (const { pointer, code, detail } of error.errors) {
    const name = pointer.slice(1)
    const field = guide[name]
    if (field) errors[name] ??= isFault(field.messages, code) ? faultMessage(field, code, values[name] ?? '') : sentence(detail)
    else elsewhere.push(sentence(detail))
  }
  const problem = elsewhere.length > 0 ? elsewhere.join(' ') : Object.keys(errors).length === 0 ? sentence(error.detail ?? error.message) : undefined
  return data<FormAnswer>({ values, errors, ...problem !== undefined && { problem } }, { status: error.status === 400 ? 422 : error.status })
}

const isFault = (messages: FormGuide[string]['messages'], code: string): code is FieldFault => Object.hasOwn(messages, code)

/** What a service says of a field begins with its name. */
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')

/** How long to wait, in words. */
function slowDown (seconds: number | undefined): string {
  const minutes = Math.ceil((seconds ?? 60) / 60)
  return `That was tried too often. Please wait ${minutes === 1 ? 'a minute' : `${minutes} minutes`} and try again.`
}
