DROP INDEX tasks.tasks_in_trash;
CREATE INDEX tasks_by_created ON tasks.tasks (user_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
ALTER TABLE tasks.tasks
  DROP COLUMN title_key,
  DROP COLUMN due_descending,
  DROP COLUMN due_ascending,
  DROP COLUMN priority_rank;
DROP INDEX tasks.tasks_by_updated, tasks.tasks_by_position;
DROP FUNCTION tasks.folded(text);
