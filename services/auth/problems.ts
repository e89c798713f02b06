import { defineProblem } from '@daymark/kit/problem'

/** Every failure of the auth service beside those of the kit. */
export const emailTaken = defineProblem('email-taken', 409, 'There is already an account with this e-mail address')
export const wrongCredentials = defineProblem('wrong-credentials', 401, 'The e-mail address and the password do not match')
export const wrongPassword = defineProblem('wrong-password', 403, 'That is not your current password')
export const linkUsed = defineProblem('link-used', 410, 'This link has expired or was used already; ask for a new one')
export const sessionEnded = defineProblem('session-ended', 401, 'The session is over; log in again')
export const sessionRenewed = defineProblem('session-renewed', 401, 'The password was confirmed since, which gave the session another refresh token')
export const stepUpNeeded = defineProblem('step-up-needed', 403, 'This needs your password once more: your last log-in is too long ago')
export const passwordCheckBusy = defineProblem('password-check-busy', 503, 'Too many people are logging in at once; try again in a moment')
export const staleVersion = defineProblem('stale-version', 412, 'The account has changed since you read it')
export const unknownTimeZone = defineProblem('unknown-time-zone', 422, 'There is no such time zone')
export const adminsOnly = defineProblem('admins-only', 403, 'Only an administrator may do this')
export const sealingKeyUnknown = defineProblem('sealing-key-unknown', 503, 'A key this instance has not been given is needed; try again shortly')
export const sessionNotFound = defineProblem('session-not-found', 404, 'There is no such session')
export const epochChanged = defineProblem('epoch-changed', 410, 'The database was restored: start again from the beginning')
export const notAService = defineProblem('not-a-service', 401, 'The service token is not valid')
