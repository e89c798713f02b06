DROP FUNCTION tasks.purge_trashed(uuid[]);
-- The release before knows no purge; the numbers stay without gaps.
UPDATE tasks.changes SET action = 'deleted' WHERE action = 'purged';
ALTER TABLE tasks.changes
  DROP CONSTRAINT changes_action_known,
  ADD CONSTRAINT changes_action_known CHECK (action IN ('created', 'updated', 'completed', 'reopened', 'deleted', 'restored'));
