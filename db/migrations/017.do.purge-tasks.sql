-- Expand only. What is deleted for good leaves one more entry in the log, and nothing of its contents.
ALTER TABLE tasks.changes
  DROP CONSTRAINT changes_action_known,
  ADD CONSTRAINT changes_action_known CHECK (action IN ('created', 'updated', 'completed', 'reopened', 'deleted', 'restored', 'purged'));

-- The one way rows of tasks.tasks go: of the tenant in scope, and out of the trash alone. With them go the contents of their
-- log, which the service itself may only add to, and of the answers kept for retries. Runs as the owner, so it says the scope
-- itself. Gives the ids of what is gone.
CREATE FUNCTION tasks.purge_trashed(ids uuid[]) RETURNS uuid[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  tenant CONSTANT uuid := current_setting('app.user_id')::uuid;
  purged uuid[];
BEGIN
  WITH gone AS (
    DELETE FROM tasks.tasks t WHERE t.user_id = tenant AND t.id = ANY (ids) AND t.deleted_at IS NOT NULL RETURNING t.id
  ) SELECT coalesce(array_agg(gone.id), '{}') INTO purged FROM gone;
  UPDATE tasks.changes c SET before = '{}', after = '{}'
  WHERE c.user_id = tenant AND c.object_id = ANY (purged);
  UPDATE tasks.idempotency_keys k SET answer = jsonb_set(jsonb_set(k.answer, '{body,title}', '""', false), '{body,description}', '""', false)
  WHERE k.user_id = tenant AND k.answer #>> '{body,id}' = ANY (purged::text[]);
  RETURN purged;
END $$;
REVOKE EXECUTE ON FUNCTION tasks.purge_trashed(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tasks.purge_trashed(uuid[]) TO tasks_service;
