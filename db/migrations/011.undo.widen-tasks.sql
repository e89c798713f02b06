REVOKE UPDATE ON tasks.lists FROM tasks_service;
DROP TABLE tasks.idempotency_keys;
DELETE FROM tasks.changes WHERE object_type = 'label';
DROP INDEX tasks.changes_by_undone, tasks.changes_by_group;
ALTER TABLE tasks.changes
  DROP CONSTRAINT changes_object_type_known,
  ADD CONSTRAINT changes_object_type_known CHECK (object_type IN ('task', 'list')),
  DROP COLUMN undoes,
  DROP COLUMN group_seq;
DROP TRIGGER keep_task_labels ON tasks.tasks;
DROP TRIGGER keep_task_labels_of_new ON tasks.tasks;
DROP FUNCTION tasks.keep_task_labels();
DROP TABLE tasks.task_labels;
DROP INDEX tasks.tasks_parent_id;
ALTER TABLE tasks.tasks
  DROP CONSTRAINT tasks_parent,
  DROP CONSTRAINT tasks_due_at_has_zone,
  DROP CONSTRAINT tasks_due_once,
  DROP COLUMN label_ids,
  DROP COLUMN position,
  DROP COLUMN start_date,
  DROP COLUMN time_zone,
  DROP COLUMN due_at,
  DROP COLUMN due_date,
  DROP COLUMN priority,
  DROP COLUMN parent_id;
DROP TABLE tasks.labels;
UPDATE tasks.tasks SET list_id = NULL WHERE list_id IN (SELECT id FROM tasks.lists WHERE deleted_at IS NOT NULL);
DELETE FROM tasks.lists WHERE deleted_at IS NOT NULL;
ALTER TABLE tasks.lists DROP COLUMN deleted_at, DROP COLUMN archived, DROP COLUMN position, DROP COLUMN colour;
DROP FUNCTION tasks.newest_position(timestamptz);
