/** What an action says of a form it did not carry out: what was typed (no password), and what is wrong with it. */
export interface FormAnswer {
  values: Record<string, string>
  /** One sentence for each field that needs another look. */
  errors: Record<string, string>
  /** What is wrong with the whole. */
  problem?: string
  /** Nobody is signed in, which is why the form was refused. */
  isSignedOut?: true
}

/** The same, of an undo: with the page that tells what stands in the way. */
export interface UndoAnswer extends FormAnswer { history?: string }

/** The same, of the page behind a mailed link, which may lead nowhere any more. */
export interface LinkAnswer extends FormAnswer { isDead?: true }

/** True for the names of fields whose values never go back to the page. */
export const isSecretField = (name: string) => name.includes('password')

/** What was typed into a form and may go back to the page; what comes more than once under a name, such as what was ticked, as one. */
export function keptValues (form: FormData): FormAnswer['values'] {
  const kept = (name: string) => {
    const texts = form.getAll(name).filter((value) => typeof value === 'string')
    return texts.length === 0 || isSecretField(name) ? [] : [[name, texts.length === 1 ? texts[0] ?? '' : texts.filter(Boolean).join(' ')]]
  }
  return Object.fromEntries([...new Set(form.keys())].flatMap(kept)) as FormAnswer['values']
}
