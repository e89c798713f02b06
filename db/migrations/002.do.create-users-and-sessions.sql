-- auth.* is looked up by address, session or key id and is no tenant data: least privilege guards it, not RLS.
CREATE TABLE auth.users (
  id uuid PRIMARY KEY,
  email text NOT NULL CONSTRAINT users_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
  -- The one canonical spelling (NFKC, lower case, IDNA): two parallel sign-ups give one account (SEC-13).
  email_key text NOT NULL CONSTRAINT users_email_key_unique UNIQUE,
  display_name text CONSTRAINT users_display_name_length CHECK (char_length(display_name) BETWEEN 1 AND 100),
  password_hash text NOT NULL,
  role text NOT NULL DEFAULT 'user' CONSTRAINT users_role_known CHECK (role IN ('user', 'admin')),
  status text NOT NULL DEFAULT 'active' CONSTRAINT users_status_known CHECK (status IN ('active', 'disabled')),
  email_verified_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE auth.sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL CONSTRAINT sessions_user REFERENCES auth.users (id) ON DELETE CASCADE,
  -- Refresh tokens are an HMAC of (session, generation) under this key, which is sealed by a key-encryption key:
  -- the table alone holds no usable token (SEC-40), and a lost answer can be given again to the byte (SEC-41).
  sealed_token_key text NOT NULL,
  generation integer NOT NULL DEFAULT 1 CONSTRAINT sessions_generation_positive CHECK (generation >= 1),
  confirmed_at timestamptz(3),
  address inet,
  user_agent text CONSTRAINT sessions_user_agent_length CHECK (char_length(user_agent) <= 500),
  authenticated_at timestamptz(3) NOT NULL DEFAULT now(),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  last_seen_at timestamptz(3) NOT NULL DEFAULT now(),
  idle_expires_at timestamptz(3) NOT NULL,
  absolute_expires_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  ended_reason text CONSTRAINT sessions_ended_reason_known CHECK (ended_reason IN ('logged_out', 'token_reused')),
  CONSTRAINT sessions_end_has_reason CHECK ((ended_at IS NULL) = (ended_reason IS NULL)),
  CONSTRAINT sessions_idle_within_absolute CHECK (idle_expires_at <= absolute_expires_at)
);
CREATE INDEX sessions_user_id ON auth.sessions (user_id);

GRANT SELECT, INSERT, UPDATE ON auth.users, auth.sessions TO auth_service;
