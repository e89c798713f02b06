UPDATE auth.sessions SET ended_reason = 'ended_by_owner' WHERE ended_reason = 'email_changed';
ALTER TABLE auth.sessions
  DROP CONSTRAINT sessions_ended_reason_known,
  ADD CONSTRAINT sessions_ended_reason_known CHECK (ended_reason IN (
    'logged_out', 'token_reused', 'ended_by_owner', 'password_changed', 'too_many', 'role_changed', 'account_disabled', 'ended_by_admin'));
DROP TRIGGER users_email_key_not_reserved ON auth.users;
DROP FUNCTION auth.refuse_reserved_address ();
DROP INDEX auth.one_time_tokens_reserved;
DELETE FROM auth.one_time_tokens WHERE purpose IN ('change_email', 'revert_email');
ALTER TABLE auth.one_time_tokens
  DROP COLUMN email,
  DROP COLUMN session_id,
  DROP CONSTRAINT one_time_tokens_purpose_known,
  ADD CONSTRAINT one_time_tokens_purpose_known CHECK (purpose IN ('verify_email', 'reset_password'));
