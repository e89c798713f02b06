import type { Deps } from '../../deps.ts'
import type { PasswordOwner } from '../../password-strength.ts'
import { passwordRefused } from '../../problems.ts'

/**
 * Lets only a password pass that is as long as is asked for here, hard to guess for somebody who knows its owner, and in no
 * known breach. It comes before anything is hashed, and outside any transaction: it may wait for another host.
 * @throws {Problem} passwordRefused, saying what would be better; passwordCheckBusy; breachCheckAway
 */
export async function demandGoodPassword ({ config, judge, breaches }: Deps, password: string, owner: PasswordOwner): Promise<void> {
  const least = config.PASSWORD_MIN_LENGTH
  if (Array.from(password).length < least) throw passwordRefused({ errors: [{ pointer: '/password', code: 'shorter_than_allowed', detail: `password must have at least ${least} characters` }] })
  const { code, advice } = await judge.judge(password, owner)
  if (code) throw passwordRefused({ errors: [{ pointer: '/password', code, detail: `password is too easy to guess. ${advice}` }] })
  if (await breaches.has(password)) throw passwordRefused({ errors: [{ pointer: '/password', code: 'breached', detail: 'password has appeared in a known breach, and such passwords are tried first. Choose another, and change it wherever else you use it.' }] })
}
