import type { FieldRules } from './field-rules.ts'

export interface FieldAttributes {
  required?: true
  type?: 'email'
  minLength?: number
  maxLength?: number
  pattern?: string
}

/**
 * The HTML constraints of a field, for browsers without JavaScript. They never refuse what the contract takes:
 * browsers count UTF-16 units where we count code points, so that a maximum is doubled, and a password has
 * none, since browsers cut off what is pasted beyond it without a word.
 */
export function fieldAttributes (rules: FieldRules, kind: 'input' | 'password' | 'textarea' = 'input'): FieldAttributes {
  const { isRequired, type, minLength, maxLength, pattern } = rules
  return {
    ...isRequired && minLength !== 0 && { required: true },
    ...type === 'email' && kind === 'input' && { type: 'email' },
    ...minLength !== undefined && minLength > 1 && { minLength },
    ...maxLength !== undefined && kind !== 'password' && { maxLength: maxLength * 2 },
    // HTML matches the whole value where JSON Schema finds a part of it.
    ...pattern !== undefined && kind === 'input' && { pattern: `.*(?:${pattern}).*` },
  }
}
