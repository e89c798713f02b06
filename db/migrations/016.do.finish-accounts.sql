-- From when on devices are known to an account: those it met under an earlier password are strangers again.
ALTER TABLE auth.users ADD COLUMN devices_known_from timestamptz(3);

-- Erasing an account follows the foreign keys in one statement. Of a large one this takes the bulk away first, some rows in
-- each statement, so that none runs into its limit of time. The tenant's lock comes before the rows, as with every writer.
-- Whoever may call it may delete the user as well, and all this with it.
CREATE FUNCTION auth.erase_some (tenant uuid, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changes integer;
  tasks integer;
BEGIN
  PERFORM FROM tasks.accounts WHERE user_id = tenant FOR UPDATE;
  DELETE FROM tasks.changes WHERE user_id = tenant AND seq IN (SELECT seq FROM tasks.changes WHERE user_id = tenant LIMIT most);
  GET DIAGNOSTICS changes = ROW_COUNT;
  DELETE FROM tasks.tasks WHERE user_id = tenant AND id IN (SELECT id FROM tasks.tasks WHERE user_id = tenant LIMIT most);
  GET DIAGNOSTICS tasks = ROW_COUNT;
  RETURN changes + tasks;
END $$;
REVOKE EXECUTE ON FUNCTION auth.erase_some (uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.erase_some (uuid, integer) TO auth_service;
