ALTER TABLE auth.one_time_tokens
  DROP CONSTRAINT one_time_tokens_purpose_known,
  ADD CONSTRAINT one_time_tokens_purpose_known CHECK (purpose IN ('verify_email', 'reset_password', 'change_email', 'revert_email')),
  -- The address as it is written, where using the link makes it the account's.
  ADD COLUMN email text CONSTRAINT one_time_tokens_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
  -- The session that asked for it, which may be over by now.
  ADD COLUMN session_id uuid;

-- A way back is a reservation: while it is open nobody else gets the address.
CREATE INDEX one_time_tokens_reserved ON auth.one_time_tokens (email_key) WHERE purpose = 'revert_email';

-- After the row is written, so that whoever waited for the address to become free (the unique constraint makes them)
-- finds the reservation that was made in the same transaction.
CREATE FUNCTION auth.refuse_reserved_address () RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF EXISTS (
    SELECT FROM auth.one_time_tokens
    WHERE purpose = 'revert_email' AND email_key = NEW.email_key AND user_id <> NEW.id AND expires_at > now()
  ) THEN
    RAISE unique_violation USING MESSAGE = 'the address is reserved', CONSTRAINT = 'users_email_key_not_reserved';
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION auth.refuse_reserved_address () FROM PUBLIC;

CREATE TRIGGER users_email_key_not_reserved AFTER INSERT OR UPDATE OF email_key ON auth.users FOR EACH ROW
  EXECUTE FUNCTION auth.refuse_reserved_address ();

ALTER TABLE auth.sessions
  DROP CONSTRAINT sessions_ended_reason_known,
  ADD CONSTRAINT sessions_ended_reason_known CHECK (ended_reason IN (
    'logged_out', 'token_reused', 'ended_by_owner', 'password_changed', 'too_many', 'role_changed', 'account_disabled', 'ended_by_admin', 'email_changed'));
