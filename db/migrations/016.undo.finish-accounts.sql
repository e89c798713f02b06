DROP FUNCTION auth.erase_some (uuid, bigint, uuid, integer);
ALTER TABLE auth.users DROP COLUMN devices_known_from;
