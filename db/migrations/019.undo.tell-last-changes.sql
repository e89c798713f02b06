DROP FUNCTION tasks.last_changes(uuid[]);
