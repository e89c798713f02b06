REVOKE DELETE ON auth.sessions FROM auth_service;
UPDATE auth.sessions SET ended_reason = 'ended_by_owner' WHERE ended_reason = 'too_many';
ALTER TABLE auth.sessions
  DROP CONSTRAINT sessions_ended_reason_known,
  ADD CONSTRAINT sessions_ended_reason_known CHECK (ended_reason IN ('logged_out', 'token_reused', 'ended_by_owner', 'password_changed'));
DROP INDEX auth.sessions_absolute_expires_at;
DROP TABLE auth.audit_batches, auth.audit_pending, auth.audit_origins, auth.audit_events;
