import type { Deps } from '../../deps.ts'
import type { PasswordOwner } from '../../password-strength.ts'
import { passwordRefused } from '../../problems.ts'

/**
 * Lets only a password pass that is hard to guess for somebody who knows its owner. It comes before anything is hashed.
 * @throws {Problem} passwordRefused, saying what would be better; passwordCheckBusy
 */
export async function demandGoodPassword ({ judge }: Deps, password: string, owner: PasswordOwner): Promise<void> {
  const { code, advice } = await judge.judge(password, owner)
  if (code) throw passwordRefused({ errors: [{ pointer: '/password', code, detail: `password is too easy to guess. ${advice}` }] })
}
