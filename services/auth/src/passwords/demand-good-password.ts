import type { Deps } from '../../deps.ts'
import type { PasswordOwner } from '../../password-strength.ts'
import { passwordRefused } from '../../problems.ts'

/**
 * Lets only a password pass that is hard to guess for somebody who knows its owner, and that is in no known breach. It comes
 * before anything is hashed, and outside any transaction: it may wait for another host.
 * @throws {Problem} passwordRefused, saying what would be better; passwordCheckBusy; breachCheckAway
 */
export async function demandGoodPassword ({ judge, breaches }: Deps, password: string, owner: PasswordOwner): Promise<void> {
  const { code, advice } = await judge.judge(password, owner)
  if (code) throw passwordRefused({ errors: [{ pointer: '/password', code, detail: `password is too easy to guess. ${advice}` }] })
  if (await breaches.has(password)) throw passwordRefused({ errors: [{ pointer: '/password', code: 'breached', detail: 'password has appeared in a known breach, and such passwords are tried first. Choose another, and change it wherever else you use it.' }] })
}
