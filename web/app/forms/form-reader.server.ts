import { Kind, type Static, type TObject, type TSchema } from '@sinclair/typebox'
import { type FieldMessages, type FieldRules, type FormGuide, faultMessage, fieldFault } from './field-rules.ts'
import { type FormAnswer, isSecretField } from './form-answer.ts'

export type FormMessages<T extends TObject> = { [Name in keyof Static<T>]?: FieldMessages }

export type ReadForm<T> = { ok: true, value: T, values: FormAnswer['values'] } | { ok: false, answer: FormAnswer }

/** The rules and words of a form, derived from the contract that its service checks. */
export function formGuide<T extends TObject> (schema: T, messages: FormMessages<T> = {}): FormGuide {
  const required = new Set<string>(schema.required ?? [])
  const own = messages as Record<string, FieldMessages | undefined>
  return Object.fromEntries(Object.entries(schema.properties).map(([name, property]) =>
    [name, { rules: fieldRules(property, required.has(name)), messages: own[name] ?? {} }]))
}

function fieldRules (schema: TSchema, isRequired: boolean): FieldRules {
  const { format, minLength, maxLength, minimum, pattern } = schema as { format?: string, minLength?: number, maxLength?: number, minimum?: number, pattern?: string }
  const type = schema[Kind] === 'Boolean' ? 'boolean' : schema[Kind] === 'Integer' ? 'integer' : format === 'email' ? 'email' : format === 'uuid' ? 'uuid' : 'text'
  return {
    isRequired,
    type,
    // A text without a minimum may be empty, and is then given as that; anything else has to be something.
    ...type === 'text' ? { minLength: minLength ?? 0 } : minLength !== undefined && { minLength },
    ...maxLength !== undefined && { maxLength },
    ...minimum !== undefined && { minimum },
    ...pattern !== undefined && { pattern },
  }
}

/**
 * Gives a function that reads a posted form by a contract: line ends become LF, lengths count code points,
 * an empty field that may be missing is left out, and fields that the contract does not name are refused.
 */
export function formReader<T extends TObject> (schema: T, messages: FormMessages<T> = {}): (form: FormData) => ReadForm<Static<T>> {
  const guide = formGuide(schema, messages)
  return (form) => {
    const given = new Map<string, string>()
    const errors: FormAnswer['errors'] = {}
    let isForeign = false
    for (const [name, value] of form) {
      if (typeof value !== 'string' || given.has(name) || !Object.hasOwn(guide, name)) isForeign = true
      else given.set(name, value.replaceAll(/\r\n?/g, '\n'))
    }
    const value: Record<string, unknown> = {}
    for (const [name, field] of Object.entries(guide)) {
      const text = given.get(name)
      const fault = text === undefined ? (field.rules.isRequired ? 'required' : null) : fieldFault(field.rules, text)
      if (fault) errors[name] = faultMessage(field, fault, text ?? '')
      else if (text !== undefined && (text !== '' || field.rules.isRequired)) value[name] = converted(field.rules, text)
    }
    const values = Object.fromEntries([...given].filter(([name]) => !isSecretField(name)))
    if (!isForeign && Object.keys(errors).length === 0) return { ok: true, value: value as Static<T>, values }
    return { ok: false, answer: { values, errors, ...isForeign && { problem: 'This form was sent with fields that do not belong to it. Please reload the page and try again.' } } }
  }
}

const converted = ({ type }: FieldRules, text: string) => type === 'boolean' ? text === 'true' : type === 'integer' ? Number(text) : text
