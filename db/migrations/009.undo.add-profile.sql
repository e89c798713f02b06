DROP TRIGGER users_version ON auth.users;
DROP FUNCTION auth.count_version ();
ALTER TABLE auth.users DROP COLUMN version, DROP COLUMN time_zone;
