import type { AuditAction, AuditEvent } from '@daymark/auth/contracts'

type Sentence = (event: AuditEvent, names: { whose: string, who: string, isOwner: boolean }) => string

const ends: Record<string, string> = {
  logged_out: 'logged out',
  token_reused: 'was logged out, because a login of theirs was used twice',
  ended_by_owner: 'logged out another of their devices',
  password_changed: 'was logged out by the change of the password',
  too_many: 'was logged out where they had not been for longest',
  role_changed: 'was logged out by the change of the role',
  account_disabled: 'was logged out, as the account was disabled',
  ended_by_admin: 'was logged out by an administrator',
  email_changed: 'was logged out by the change of the address',
}

const failed = ({ outcome }: AuditEvent) => outcome === 'failure'
const blocked = ({ details }: AuditEvent) => details['is_blocked'] === true ? ', after too many failures' : ''
const byOther = (isOwner: boolean, who: string) => isOwner ? '' : `, by ${who}`

const sentences: Record<AuditAction, Sentence> = {
  'account.created': (_event, { whose }) => `${whose} signed up`,
  'account.exported': (_event, { whose }) => `${whose} downloaded all that is kept of them`,
  'account.deleted': (_event, { whose, who, isOwner }) => `${whose} was deleted${byOther(isOwner, who)}`,
  'account.disabled': (_event, { whose, who }) => `${who} disabled ${whose}`,
  'account.enabled': (_event, { whose, who }) => `${who} enabled ${whose}`,
  'account.role_changed': ({ details }, { whose, who }) => details['to'] === 'admin' ? `${who} made ${whose} an administrator` : `${who} made ${whose} an ordinary user`,
  'account.changed': (_event, { whose }) => `${whose} changed their profile`,
  'session.started': (_event, { whose }) => `${whose} logged in`,
  'session.refused': (event, { whose }) => event.user_id === null ? `A log-in with an unknown address was refused${blocked(event)}` : `A log-in as ${whose} was refused${blocked(event)}`,
  'session.stepped_up': (event, { whose }) => failed(event) ? `${whose} did not confirm the password${blocked(event)}` : `${whose} confirmed their password`,
  'session.ended': ({ details }, { whose }) => `${whose} ${ends[String(details['reason'])] ?? 'was logged out'}`,
  'session.token_reused': (_event, { whose }) => `A login of ${whose} was used twice, as by a thief, and ended`,
  'password.reset_requested': (_event, { whose, who, isOwner }) => `${isOwner ? 'Somebody' : who} asked for a reset link for ${whose}`,
  'password.reset': (_event, { whose }) => `${whose} chose a new password by a mailed link`,
  'password.changed': (event, { whose }) => failed(event) ? `${whose} tried to change the password, with a wrong one` : `${whose} changed their password`,
  'password.hash_renewed': (_event, { whose }) => `The password of ${whose} was stored anew, as today's settings ask`,
  'email.verified': (_event, { whose }) => `${whose} confirmed their address`,
  'email.change_requested': (_event, { whose }) => `${whose} asked for a new address`,
  'email.changed': (_event, { whose }) => `${whose} has a new address`,
  'email.change_reverted': (_event, { whose }) => `${whose} took their former address back`,
  'users.read': (_event, { who }) => `${who} looked at accounts`,
  'audit.read': (_event, { who }) => `${who} read the audit log`,
  'key.created': ({ details }) => `A signing key was made${details['state'] === 'active' ? ', which signs at once' : ''}`,
  'key.activated': (_event, { who, isOwner }) => `The next signing key took over${byOther(isOwner, who)}`,
  'key.withdrawn': (_event, { who }) => `${who} withdrew a signing key`,
  'key.resealed': (_event, { who }) => `${who} sealed the secrets anew`,
}

/** What happened, as one would tell it; the bare name of what a newer release records. */
export function auditSentence (event: AuditEvent): string {
  const { action, user_id: userId, user_email: userEmail, actor_id: actorId, actor_email: actorEmail } = event
  const whose = userEmail ?? 'an account that is gone'
  const who = actorId === null ? 'whoever runs this Daymark' : actorEmail ?? 'an administrator who is gone'
  const sentence = Object.hasOwn(sentences, action) ? sentences[action as AuditAction] : () => action
  const told = sentence(event, { whose, who, isOwner: actorId === userId })
  return told.replace(/^(an|whoever) /, (word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
}

const names: Record<AuditAction, string> = {
  'account.created': 'Sign-up',
  'account.exported': 'Export of an account',
  'account.deleted': 'Deletion of an account',
  'account.disabled': 'Account disabled',
  'account.enabled': 'Account enabled',
  'account.role_changed': 'Change of role',
  'account.changed': 'Change of profile',
  'session.started': 'Log-in',
  'session.refused': 'Log-in refused',
  'session.stepped_up': 'Password confirmed',
  'session.ended': 'Logged out',
  'session.token_reused': 'Login used twice',
  'password.reset_requested': 'Reset link asked for',
  'password.reset': 'Password reset',
  'password.changed': 'Password changed',
  'password.hash_renewed': 'Password stored anew',
  'email.verified': 'Address confirmed',
  'email.change_requested': 'New address asked for',
  'email.changed': 'Address changed',
  'email.change_reverted': 'Former address taken back',
  'users.read': 'Accounts looked at',
  'audit.read': 'Audit log read',
  'key.created': 'Signing key made',
  'key.activated': 'Signing key took over',
  'key.withdrawn': 'Signing key withdrawn',
  'key.resealed': 'Secrets sealed anew',
}

/** The kinds of events to choose from. */
export const auditChoices: ReadonlyArray<{ value: string, name: string }> = Object.entries(names).map(([value, name]) => ({ value, name }))
