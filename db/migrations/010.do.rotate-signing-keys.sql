-- Since when a key is in its state, by the database's clock: a next key has been published, an active one has signed, a
-- retired one has not signed since then.
ALTER TABLE auth.signing_keys ADD COLUMN state_since timestamptz(3) NOT NULL DEFAULT clock_timestamp();
UPDATE auth.signing_keys SET state_since = created_at;
CREATE UNIQUE INDEX signing_keys_one_next ON auth.signing_keys (state) WHERE state = 'next';

-- A key that was retired long ago goes, and a withdrawn one at once, with its private half.
GRANT DELETE ON auth.signing_keys TO auth_service;
