/** What an action says of a form it did not carry out: what was typed (no password), and what is wrong with it. */
export interface FormAnswer {
  values: Record<string, string>
  /** One sentence for each field that needs another look. */
  errors: Record<string, string>
  /** What is wrong with the whole. */
  problem?: string
}

/** True for the names of fields whose values never go back to the page. */
export const isSecretField = (name: string) => name.includes('password')
