UPDATE auth.sessions SET ended_reason = 'ended_by_owner' WHERE ended_reason = 'password_changed';
ALTER TABLE auth.sessions
  DROP CONSTRAINT sessions_ended_reason_known,
  ADD CONSTRAINT sessions_ended_reason_known CHECK (ended_reason IN ('logged_out', 'token_reused', 'ended_by_owner'));
DROP TABLE auth.limits;
DROP TABLE auth.outbox;
DROP TABLE auth.one_time_tokens;
