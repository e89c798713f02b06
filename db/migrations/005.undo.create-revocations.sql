UPDATE auth.sessions SET ended_reason = 'logged_out' WHERE ended_reason = 'ended_by_owner';
ALTER TABLE auth.sessions
  DROP CONSTRAINT sessions_ended_reason_known,
  ADD CONSTRAINT sessions_ended_reason_known CHECK (ended_reason IN ('logged_out', 'token_reused'));
DROP TABLE auth.revocations;
DROP TABLE auth.revocation_feed;
