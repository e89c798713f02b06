-- What a device is known by, beside its own token: another one with each password and each account, so that whoever got a
-- token under an earlier one is a stranger again. Read and replaced together with the hash, it needs no clock.
ALTER TABLE auth.users ADD COLUMN device_epoch uuid NOT NULL DEFAULT gen_random_uuid();

-- Erasing an account follows the foreign keys in one statement. Of a large one this takes the bulk away first, some rows in
-- each statement, so that none runs into its limit of time; each begins behind the last row of the one before, or it would
-- read the dead rows again. The tenant's lock comes before the rows, as with every writer. Whoever may call it may delete
-- the user as well, and all this with it.
CREATE FUNCTION auth.erase_some (tenant uuid, after_change bigint, after_task uuid, most integer, OUT last_change bigint, OUT last_task uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM tasks.accounts WHERE user_id = tenant FOR UPDATE;
  SELECT max(seq) INTO last_change
  FROM (SELECT seq FROM tasks.changes WHERE user_id = tenant AND seq > after_change ORDER BY seq LIMIT most) next;
  DELETE FROM tasks.changes WHERE user_id = tenant AND seq > after_change AND seq <= last_change;
  SELECT id INTO last_task
  FROM (SELECT id FROM tasks.tasks WHERE user_id = tenant AND id > after_task ORDER BY id LIMIT most) next ORDER BY id DESC LIMIT 1;
  DELETE FROM tasks.tasks WHERE user_id = tenant AND id > after_task AND id <= last_task;
END $$;
REVOKE EXECUTE ON FUNCTION auth.erase_some (uuid, bigint, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.erase_some (uuid, bigint, uuid, integer) TO auth_service;
