import { type FocusEvent, type InputHTMLAttributes, type ReactNode, useEffect, useState } from 'react'
import { fieldAttributes } from '../forms/field-attributes.ts'
import { type FormGuide, fieldMessage } from '../forms/field-rules.ts'
import type { FormAnswer } from '../forms/form-answer.ts'
import { EyeIcon, EyeOffIcon } from './icons.tsx'
import { useHydrated } from './hydrated.ts'
import { PasswordMeter } from './password-meter.tsx'

export interface FieldProps {
  name: string
  label: string
  guide: FormGuide
  answer: FormAnswer | null | undefined
  kind?: 'input' | 'password' | 'textarea'
  /** For an input whose rules do not say it. */
  type?: 'date' | 'search'
  hint?: ReactNode
  /** Said after the error, such as a way out of it. */
  remedy?: ReactNode
  autoComplete?: string
  inputMode?: InputHTMLAttributes<HTMLInputElement>['inputMode']
  defaultValue?: string
  isOptional?: boolean
  autoFocus?: boolean
  rows?: number
  className?: string
}

/**
 * A labelled field that checks itself by its contract when it is left, and while it is being put right. A new password is
 * told apart by its `autoComplete`, and has its strength shown.
 */
export function Field ({ name, label, guide, answer, kind = 'input', type, hint, remedy, isOptional, defaultValue, className = '', rows, ...given }: FieldProps) {
  const isHydrated = useHydrated()
  const [isRevealed, setRevealed] = useState(false)
  const [judged, setJudged] = useState<{ message: string | null } | null>(null)
  useEffect(() => { setJudged(null) }, [answer])
  const field = guide[name]
  const error = judged ? judged.message : answer?.errors[name] ?? null
  const judge = (text: string) => setJudged({ message: fieldMessage(field, text.replaceAll('\r\n', '\n')) })

  const shared = {
    id: name,
    name,
    className: 'field__control',
    defaultValue: kind === 'password' ? undefined : answer?.values[name] ?? defaultValue,
    'aria-invalid': error ? true : undefined,
    'aria-describedby': [error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(' ') || undefined,
    ...field && fieldAttributes(field.rules, kind),
    // Who checks live says what is too long, rather than cutting it off.
    ...isHydrated && { maxLength: undefined },
    ...given,
    // An empty field that is left is not yet a mistake: perhaps it is filled last. And while something is being
    // pressed no message may appear, or it would push away what is under the pointer.
    onBlur: ({ currentTarget: { value }, relatedTarget }: FocusEvent<HTMLElement> & { currentTarget: { value: string } }) => {
      if (value !== '' && !relatedTarget?.closest('button, a')) judge(value)
    },
    onInput: ({ currentTarget: { value } }: { currentTarget: { value: string } }) => { if (error) judge(value) },
  }
  return (
    <div className={`field ${className}`}>
      <label className='field__label' htmlFor={name}>{label}{isOptional && <span className='field__optional'>optional</span>}</label>
      <div className='field__box'>
        {kind === 'textarea'
          ? <textarea {...shared} rows={rows} />
          : <input {...shared} type={kind === 'password' ? (isRevealed ? 'text' : 'password') : field?.rules.type === 'email' ? 'email' : type ?? 'text'} {...kind === 'password' && { spellCheck: false, autoCapitalize: 'none' }} />}
        {kind === 'password' && isHydrated && (
          <button className='field__reveal' type='button' aria-pressed={isRevealed} aria-controls={name} onClick={() => setRevealed(!isRevealed)}>
            {isRevealed ? <EyeOffIcon /> : <EyeIcon />}
            <span className='visually-hidden'>Show password</span>
          </button>
        )}
      </div>
      {error && <p className='field__error' id={`${name}-error`} role='alert'>{error} {remedy}</p>}
      {kind === 'password' && given.autoComplete === 'new-password' && isHydrated && <PasswordMeter fieldId={name} isSilent={Boolean(error)} />}
      {hint && <p className='field__hint' id={`${name}-hint`}>{hint}</p>}
    </div>
  )
}
