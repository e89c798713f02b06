import type { AccessTokenClaims } from '@daymark/kit/access-tokens'
import type { Cursors } from '@daymark/kit/cursor'
import type { DatabasePool } from 'slonik'
import type { Config } from './config.ts'
import type { AuditLog } from './src/audit/audit-log.ts'
import type { Guesses } from './src/limits/guesses.ts'
import type { BreachCheck } from './src/passwords/breach-check.ts'
import type { PasswordHasher } from './src/passwords/password-hasher.ts'
import type { PasswordJudge } from './src/passwords/password-judge.ts'
import type { Outbox } from './src/mail/outbox.ts'
import type { Sealer } from './src/keys/sealer.ts'
import type { ActiveKey, SigningKeys } from './src/keys/signing-keys.ts'

/** What the use cases of this service work with. */
export interface Deps {
  config: Config
  pool: DatabasePool
  now: () => Date
  sealer: Sealer
  signingKeys: SigningKeys
  passwords: PasswordHasher
  guesses: Guesses
  judge: PasswordJudge
  breaches: BreachCheck
  outbox: Outbox
  audit: AuditLog
  cursors: Cursors
  /** Signs the claims of an access token (RFC 9068). */
  sign: (claims: Omit<AccessTokenClaims, 'kid'>, key: ActiveKey) => string
}
