/** What one field must keep to: plain data, so that the browser can judge by the very rules of the contract. */
export interface FieldRules {
  isRequired: boolean
  type: 'text' | 'email' | 'boolean' | 'integer' | 'uuid'
  minLength?: number
  maxLength?: number
  minimum?: number
  pattern?: string
}

/** Named like the codes that the services give in `errors[].code`. */
export type FieldFault = 'required' | 'too_short' | 'too_long' | 'not_email' | 'not_allowed' | 'wrong_type' | 'taken' | 'unknown_time_zone'

export type FieldMessages = Partial<Record<FieldFault, string>>

/** Everything a form needs in order to check itself and to say what is wrong. */
export type FormGuide = Record<string, { rules: FieldRules, messages: FieldMessages }>

// The one that the services' validator uses for `format: email`.
const emailAddress = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The length that limits are about: code points, not UTF-16 units. */
export const lengthOf = (text: string): number => Array.from(text).length

/** What is wrong with a field's text, or null. An empty field that may be left out is right. */
export function fieldFault (rules: FieldRules, text: string): FieldFault | null {
  if (text === '') return rules.isRequired && rules.minLength !== 0 ? 'required' : null
  const length = lengthOf(text)
  if (rules.minLength !== undefined && length < rules.minLength) return 'too_short'
  if (rules.maxLength !== undefined && length > rules.maxLength) return 'too_long'
  if (rules.type === 'email' && !emailAddress.test(text)) return 'not_email'
  if (rules.type === 'uuid' && !uuid.test(text)) return 'wrong_type'
  if (rules.type === 'boolean' && text !== 'true' && text !== 'false') return 'wrong_type'
  if (rules.type === 'integer' && !(/^-?\d{1,15}$/.test(text) && Number(text) >= (rules.minimum ?? -Infinity))) return 'wrong_type'
  if (rules.pattern !== undefined && !new RegExp(rules.pattern, 'u').test(text)) return 'not_allowed'
  return null
}

const usual: Record<FieldFault, string> = {
  required: 'This is needed.',
  too_short: 'Use at least {limit} characters; this has {count}.',
  too_long: 'Keep this to {limit} characters; it has {count}.',
  not_email: 'Write an e-mail address, such as ada@example.com.',
  not_allowed: 'This has characters that cannot be used here.',
  wrong_type: 'This is not what belongs here.',
  taken: 'This is taken already.',
  unknown_time_zone: 'There is no such time zone.',
}

/** The sentence for a fault: the form's own words where it has some. */
export function faultMessage ({ rules, messages }: FormGuide[string], fault: FieldFault, text: string): string {
  const limit = fault === 'too_short' ? rules.minLength : rules.maxLength
  return (messages[fault] ?? usual[fault]).replace('{limit}', (limit ?? 0).toLocaleString('en')).replace('{count}', lengthOf(text).toLocaleString('en'))
}

/** The sentence for a field's text, or null where nothing is wrong. */
export function fieldMessage (guide: FormGuide[string] | undefined, text: string): string | null {
  const fault = guide ? fieldFault(guide.rules, text) : null
  return guide && fault ? faultMessage(guide, fault, text) : null
}
