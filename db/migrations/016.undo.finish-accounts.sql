DROP FUNCTION auth.erase_some (uuid, bigint, uuid, integer);
ALTER TABLE auth.users DROP COLUMN device_epoch;
