import type { Passwords } from './password-hasher.ts'

/**
 * Does something for whoever has the password: `act` is given the hash that it was checked against, and carries out nothing
 * (it gives null) unless that still is theirs. Where another log-in has replaced the hash by a new one of the same password,
 * it is checked and done again; where the password was changed, nothing is done.
 * @returns null for a wrong password, and for what `act` does not carry out
 */
export async function withVerifiedPassword<U extends { password_hash: string }, T> (
  passwords: Passwords, find: () => Promise<U | null>, password: string, act: (user: U) => Promise<T | null>,
): Promise<T | null> {
  for (let verified: string | undefined; ;) {
    const user = await find()
    if (user && user.password_hash === verified) return null
    const isRight = await passwords.verify(user?.password_hash, password) // also for nobody: the work is the same (SEC-10)
    if (!user || !isRight) return null
    const done = await act(user)
    if (done) return done
    verified = user.password_hash
  }
}
