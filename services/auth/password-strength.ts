import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
import { dictionary as english, translations } from '@zxcvbn-ts/language-en'

/**
 * How a new password is judged: by the auth service, which decides, and by the web app while one is being typed. It takes
 * a large dictionary and up to a tenth of a second, so that both do it in a worker.
 */

/** Whose password it is to be, as far as that is known. */
export interface PasswordOwner { email?: string | undefined, display_name?: string | null | undefined }

export type WeakPasswordCode = 'too_weak' | 'common_password' | 'contains_own_data'

export interface Verdict {
  /** 0 to 4, as zxcvbn counts; 3 is needed. */
  score: number
  /** Why it is refused; null where it will do. */
  code: WeakPasswordCode | null
  /** What would make it better, in whole sentences; empty where it will do. */
  advice: string
}

/** What is longer is judged by this much of it: the time it takes grows faster than the length. */
const judgedLength = 40
const shortestPassword = 8
const neededScore = 3

const zxcvbn = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  translations,
  l33tMaxSubstitutions: 20, // at 100 the worst 40 characters take five times as long and score the same
})

const commonPasswords = new Set(common['passwords-common'].map(String))

/** Judges a new password by how many guesses it would take somebody who knows its owner (SEC-1, SEC-3, SEC-5). */
export function judgePassword (password: string, owner: PasswordOwner): Verdict {
  const folded = folding(password)
  if (commonPasswords.has(folded)) {
    return { score: 0, code: 'common_password', advice: 'This is one of the passwords that are tried first. Choose another: four random words make a good one.' }
  }
  const data = ownData(owner)
  const { score, sequence, feedback } = zxcvbn.check(head(password.normalize('NFKC')), data.flatMap(partsOf))
  const isOwnData = data.map(joined).some((datum) => datum.length >= shortestPassword && datum === joined(folded))
  if (score >= neededScore && !isOwnData) return { score, code: null, advice: '' }
  if (isOwnData || sequence.some(({ dictionaryName }) => dictionaryName === 'userInputs')) {
    return { score: Math.min(score, neededScore - 1), code: 'contains_own_data', advice: 'Your name, your address and the name of this app are tried first. Choose words that have nothing to do with you.' }
  }
  return { score, code: 'too_weak', advice: [feedback.warning, feedback.suggestions[0] ?? translations.suggestions.anotherWord].filter(Boolean).join(' ') }
}

const folding = (text: string) => text.normalize('NFKC').toLowerCase()
const head = (text: string) => Array.from(text).slice(0, judgedLength).join('')
const joined = (text: string) => text.replaceAll(/[^\p{L}\p{N}]/gu, '')

function ownData ({ email = '', display_name: name }: PasswordOwner): string[] {
  const [local = '', domain = ''] = email.split(/@(?=[^@]*$)/)
  return ['daymark', email, local, domain, name ?? ''].map(folding)
}

/** What somebody who knows a datum would try: it, its words in a row, and each of them. */
const partsOf = (datum: string) => [datum, joined(datum), ...datum.split(/[^\p{L}\p{N}]+/u)].map(head).filter((part) => part !== '')
