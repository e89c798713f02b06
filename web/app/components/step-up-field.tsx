import type { FormAnswer } from '../forms/form-answer.ts'
import type { FormGuide } from '../forms/field-rules.ts'
import { Field } from './field.tsx'

interface StepUpFieldProps {
  guide: FormGuide
  /** What the server said of this form: the field is there once it has asked for the password. */
  served: FormAnswer | undefined
  answer: FormAnswer | null | undefined
}

/** The password once more, in whatever form needs it (`takeStepUp` reads it). */
export function StepUpField ({ guide, served, answer }: StepUpFieldProps) {
  if (served?.errors['confirm_password'] === undefined) return null
  return <Field name='confirm_password' label='Your password' guide={guide} answer={answer} kind='password' autoComplete='current-password' />
}
