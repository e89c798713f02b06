-- For whom to wake: the numbers of the last changes of many tenants at once, and nothing else of theirs. The one look that is
-- taken outside of a scope, so it runs as the owner.
CREATE FUNCTION tasks.last_changes(user_ids uuid[]) RETURNS TABLE (user_id uuid, seq bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT a.user_id, a.seq FROM tasks.accounts a WHERE a.user_id = ANY (user_ids)
$$;
REVOKE EXECUTE ON FUNCTION tasks.last_changes(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tasks.last_changes(uuid[]) TO tasks_service;
