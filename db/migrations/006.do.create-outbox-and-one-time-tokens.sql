-- Links that were mailed: only the hash is kept, and using one deletes it, so that it works once (SEC-17).
CREATE TABLE auth.one_time_tokens (
  token_hash bytea PRIMARY KEY CONSTRAINT one_time_tokens_hash_is_sha256 CHECK (octet_length(token_hash) = 32),
  user_id uuid NOT NULL CONSTRAINT one_time_tokens_user REFERENCES auth.users (id) ON DELETE CASCADE,
  purpose text NOT NULL CONSTRAINT one_time_tokens_purpose_known CHECK (purpose IN ('verify_email', 'reset_password')),
  -- The address it was sent to: it proves that one, and no other the account may have by then.
  email_key text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX one_time_tokens_user_id ON auth.one_time_tokens (user_id, purpose);

-- Mail to be sent, written in the transaction that owes it and deleted once sent. Sealed, because it holds live links.
CREATE TABLE auth.outbox (
  id uuid PRIMARY KEY,
  sealed_message text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz(3) NOT NULL DEFAULT now(),
  last_error text CONSTRAINT outbox_last_error_length CHECK (char_length(last_error) <= 500),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX outbox_next_attempt_at ON auth.outbox (next_attempt_at);

-- What is counted against a limit, in windows of time; shared by every instance, and atomic.
CREATE TABLE auth.limits (
  bucket text PRIMARY KEY CONSTRAINT limits_bucket_length CHECK (char_length(bucket) <= 400),
  used integer NOT NULL,
  window_ends_at timestamptz(3) NOT NULL
);
CREATE INDEX limits_window_ends_at ON auth.limits (window_ends_at);

ALTER TABLE auth.sessions
  DROP CONSTRAINT sessions_ended_reason_known,
  ADD CONSTRAINT sessions_ended_reason_known CHECK (ended_reason IN ('logged_out', 'token_reused', 'ended_by_owner', 'password_changed'));

GRANT SELECT, INSERT, DELETE ON auth.one_time_tokens TO auth_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON auth.outbox, auth.limits TO auth_service;
