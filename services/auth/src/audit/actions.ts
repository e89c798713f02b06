/** What is audited (SEC-87). A new kind of event gets its name here. */
export const auditActions = [
  'account.created', 'account.exported', 'account.deleted', 'account.disabled', 'account.enabled', 'account.role_changed', 'account.changed',
  'session.started', 'session.refused', 'session.stepped_up', 'session.ended', 'session.token_reused',
  'password.reset_requested', 'password.reset', 'password.changed',
  'email.verified', 'email.change_requested', 'email.changed', 'email.change_reverted',
  'users.read', 'audit.read',
  'key.created', 'key.activated', 'key.withdrawn', 'key.resealed',
] as const
export type AuditAction = typeof auditActions[number]
