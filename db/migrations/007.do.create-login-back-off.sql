-- Consecutive failures to log in, by account, and by account and known device. An attempt is counted before its password
-- is checked and taken back when it was right, so that parallel attempts cannot outrun the count (SEC-32).
CREATE TABLE auth.login_back_offs (
  bucket text PRIMARY KEY CONSTRAINT login_back_offs_bucket_length CHECK (char_length(bucket) <= 400),
  failures integer NOT NULL,
  blocked_until timestamptz(3) NOT NULL
);
CREATE INDEX login_back_offs_blocked_until ON auth.login_back_offs (blocked_until);

GRANT SELECT, INSERT, UPDATE, DELETE ON auth.login_back_offs TO auth_service;
