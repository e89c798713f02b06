-- What verifiers of access tokens must know at once. Positions come from one counter row, updated last in the revoking
-- transaction and locked until it commits, so that they are handed out in the order of the commits. (A sequence is not:
-- a reader can see 8 before 7 has committed, and lose 7.)
CREATE TABLE auth.revocation_feed (
  is_only boolean PRIMARY KEY DEFAULT true CONSTRAINT revocation_feed_has_one_row CHECK (is_only),
  -- Changed by every restore of the database: what a reader learnt before is then void.
  epoch uuid NOT NULL DEFAULT gen_random_uuid(),
  position bigint NOT NULL DEFAULT 0
);
INSERT INTO auth.revocation_feed DEFAULT VALUES;

CREATE TABLE auth.revocations (
  position bigint PRIMARY KEY,
  kind text NOT NULL CONSTRAINT revocations_kind_known CHECK (kind IN ('session', 'user', 'user_enabled', 'key')),
  subject text NOT NULL,
  revoked_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX revocations_revoked_at ON auth.revocations (revoked_at);

ALTER TABLE auth.sessions
  DROP CONSTRAINT sessions_ended_reason_known,
  ADD CONSTRAINT sessions_ended_reason_known CHECK (ended_reason IN ('logged_out', 'token_reused', 'ended_by_owner'));

GRANT SELECT ON auth.revocation_feed TO auth_service;
GRANT UPDATE (position) ON auth.revocation_feed TO auth_service;
GRANT SELECT, INSERT, DELETE ON auth.revocations TO auth_service;
