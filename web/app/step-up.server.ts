import { type AppLoadContext, data } from '@remix-run/node'
import { isServiceProblem } from './api/service-problem.ts'
import { readConfirmPassword } from './forms/account-forms.server.ts'
import { type FormAnswer, keptValues } from './forms/form-answer.ts'
import { refusedForm } from './forms/refused-form.server.ts'

/**
 * Takes out of a form the password that `StepUpField` asked for, if it is there, and confirms it. An action that may need a
 * recent log-in calls this first, on the whole form, and hands its refusals to `refusedForm`: together they ask for the
 * password beside what was typed, and nothing of that is lost.
 * @returns the answer for a password that was not taken; null where there is none in the way
 */
export async function takeStepUp (context: AppLoadContext, form: FormData) {
  const given = form.get('confirm_password')
  if (given === null) return null
  form.delete('confirm_password')
  const values = keptValues(form)
  const answer = (sentence: string, status: number) => data<FormAnswer>({ values, errors: { confirm_password: sentence } }, { status })

  const named = new FormData()
  named.set('confirm_password', given)
  const read = readConfirmPassword(named)
  if (!read.ok) return answer(read.answer.errors['confirm_password'] ?? '', 422)
  try {
    await context.signIn(await context.account.stepUp({ password: read.value.confirm_password }))
    return null
  } catch (error) {
    if (isServiceProblem(error) && error.type.endsWith('/wrong-password')) return answer('That is not your password.', 403)
    return refusedForm(error, values)
  }
}
