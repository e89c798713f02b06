import { Form, useNavigation } from '@remix-run/react'
import { type ReactNode, useId } from 'react'
import type { FormAnswer } from '../forms/form-answer.ts'
import type { FormGuide } from '../forms/field-rules.ts'
import { useCheckedForm } from './checked-form.tsx'
import { FormToken } from './form-token.tsx'
import { StepUpField } from './step-up-field.tsx'

export interface ActProps {
  action: string
  /** What is sent, the intent among it. */
  fields: Record<string, string>
  label: string
  /** The guide of the password, which may be asked for once more. */
  guide: FormGuide
  served: FormAnswer | undefined
  isDanger?: boolean
  /** What comes of it. */
  children: ReactNode
}

/** One thing that can be done by a button, which says beforehand what comes of it. */
export function Act ({ action, fields, label, guide, served, isDanger = false, children }: ActProps) {
  const isMine = served !== undefined && Object.entries(fields).every(([name, value]) => name === 'edition' || served.values[name] === value)
  const mine = isMine ? served : undefined
  const isAsking = mine?.errors['confirm_password'] !== undefined
  const { answer, formProps } = useCheckedForm(isAsking ? guide : {}, mine)
  const explanation = useId()
  const sent = useNavigation().formData
  const isSending = sent !== undefined && Object.entries(fields).every(([name, value]) => sent.get(name) === value)
  return (
    <Form className='act' method='post' action={action} {...formProps}>
      <FormToken />
      {Object.entries(fields).map(([name, value]) => <input key={name} type='hidden' name={name} value={value} readOnly />)}
      <p className='settings__note' id={explanation}>{children}</p>
      <StepUpField guide={guide} served={mine} answer={answer} />
      <div><button className={`button button--quiet ${isDanger ? 'button--danger' : ''}`} aria-describedby={explanation} aria-disabled={isSending || undefined}>{label}</button></div>
    </Form>
  )
}
