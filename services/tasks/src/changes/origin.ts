import type { AccessTokenClaims } from '@daymark/kit/access-tokens'
import type { Author } from './write-statements.ts'

/** The request a write comes from. */
export interface Origin { id: string, user: AccessTokenClaims, headers: { 'if-match'?: string | undefined } }

/** Who writes, in the words of the change log. */
export const authorOf = ({ id, user: { sub } }: Origin): Author => ({ user_id: sub, actor_id: sub, request_id: id })
