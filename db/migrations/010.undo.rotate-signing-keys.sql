REVOKE DELETE ON auth.signing_keys FROM auth_service;
DROP INDEX auth.signing_keys_one_next;
ALTER TABLE auth.signing_keys DROP COLUMN state_since;
