CREATE TABLE auth.signing_keys (
  id text PRIMARY KEY,
  public_jwk jsonb NOT NULL,
  sealed_private_key text NOT NULL,
  state text NOT NULL CONSTRAINT signing_keys_state_known CHECK (state IN ('next', 'active', 'retired')),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
-- However many instances start at once, one key signs (SEC-64).
CREATE UNIQUE INDEX signing_keys_one_active ON auth.signing_keys (state) WHERE state = 'active';

GRANT SELECT, INSERT, UPDATE ON auth.signing_keys TO auth_service;
