import { Form, Link, useNavigation } from '@remix-run/react'
import type { ReactNode } from 'react'
import type { FormAnswer } from '../forms/form-answer.ts'
import { FormSummary } from './checked-form.tsx'
import { FormToken } from './form-token.tsx'

interface LastQuestionProps { title: string, path: string, button: string, answer: FormAnswer | undefined, fields?: Record<string, string>, back?: { to: string, name: string }, children: ReactNode }

/** Asks, on a page of its own, before something is deleted for good, or with much that belongs to it. */
export function LastQuestion ({ title, path, button, answer, fields = {}, back = { to: '/trash', name: 'Back to the trash' }, children }: LastQuestionProps) {
  const isSending = useNavigation().formAction === path
  return (
    <div className='sheet'>
      <h1>{title}</h1>
      <p className='sheet__lead'>{children}</p>
      <Form className='form' method='post' action={path}>
        <FormToken />
        <FormSummary answer={answer} />
        {Object.entries(fields).map(([name, value]) => <input key={name} type='hidden' name={name} value={value} />)}
        <button className='button button--danger button--wide' aria-disabled={isSending || undefined}>{button}</button>
      </Form>
      <p className='sheet__else'><Link to={back.to}>{back.name}</Link></p>
    </div>
  )
}
