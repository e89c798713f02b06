-- What happened to accounts and sessions, and who did it. auth_service may add and read, and neither change nor delete.
CREATE TABLE auth.audit_events (
  id uuid PRIMARY KEY,
  occurred_at timestamptz(3) NOT NULL DEFAULT now(),
  action text NOT NULL CONSTRAINT audit_events_action_shape CHECK (action ~ '^[a-z_]{1,30}\.[a-z_]{1,40}$'),
  outcome text NOT NULL CONSTRAINT audit_events_outcome_known CHECK (outcome IN ('success', 'failure')),
  -- No foreign keys: the ids stay when the account is gone, and are pseudonyms from then on (SEC-90).
  user_id uuid,
  actor_id uuid,
  session_id uuid,
  request_id text NOT NULL,
  details jsonb NOT NULL,
  origin_digest bytea NOT NULL CONSTRAINT audit_events_origin_digest_is_sha256 CHECK (octet_length(origin_digest) = 32)
);
CREATE INDEX audit_events_user_id ON auth.audit_events (user_id, id DESC);
CREATE INDEX audit_events_action ON auth.audit_events (action, id DESC);

-- Where it came from is personal, and goes with the account. The event holds a salted digest of it, so that the chain
-- can still be verified then.
CREATE TABLE auth.audit_origins (
  event_id uuid PRIMARY KEY CONSTRAINT audit_origins_event REFERENCES auth.audit_events (id) ON DELETE CASCADE,
  user_id uuid CONSTRAINT audit_origins_user REFERENCES auth.users (id) ON DELETE CASCADE,
  address text NOT NULL,
  user_agent text CONSTRAINT audit_origins_user_agent_length CHECK (char_length(user_agent) <= 500),
  salt bytea NOT NULL
);
CREATE INDEX audit_origins_user_id ON auth.audit_origins (user_id);

-- Events that no batch holds yet. Batches are made after the commit, off the path of any request.
CREATE TABLE auth.audit_pending (
  event_id uuid PRIMARY KEY CONSTRAINT audit_pending_event REFERENCES auth.audit_events (id) ON DELETE CASCADE
);

-- Each batch's digest covers the one before it, and its MAC is made with a key the database does not hold: what is
-- altered, taken out or put in later shows.
CREATE TABLE auth.audit_batches (
  number bigint PRIMARY KEY CONSTRAINT audit_batches_number_positive CHECK (number > 0),
  event_ids uuid[] NOT NULL,
  digest bytea NOT NULL,
  mac bytea NOT NULL,
  key_id text NOT NULL,
  sealed_at timestamptz(3) NOT NULL DEFAULT now()
);

-- Sessions long over are dropped along the way (SEC-51).
CREATE INDEX sessions_absolute_expires_at ON auth.sessions (absolute_expires_at);
ALTER TABLE auth.sessions
  DROP CONSTRAINT sessions_ended_reason_known,
  ADD CONSTRAINT sessions_ended_reason_known CHECK (ended_reason IN ('logged_out', 'token_reused', 'ended_by_owner', 'password_changed', 'too_many'));

GRANT SELECT, INSERT ON auth.audit_events, auth.audit_origins, auth.audit_batches TO auth_service;
GRANT SELECT, INSERT, DELETE ON auth.audit_pending TO auth_service;
GRANT DELETE ON auth.sessions TO auth_service;
