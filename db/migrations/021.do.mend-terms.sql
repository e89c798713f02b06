-- The terms of tasks written before 020, which can be others now only where a text has more than Latin, Greek and Cyrillic. Run
-- again, it finds nothing left to change. In the order of a write, the tenant's row first: whoever has such tasks waits for the end
-- before writing, nobody else does, and reading goes on.
DO $$
DECLARE
  tenant uuid;
BEGIN
  FOR tenant IN
    SELECT DISTINCT t.user_id FROM tasks.tasks t
    WHERE t.deleted_at IS NULL AND t.title || ' ' || t.description ~ '[\u00ad\u0483-\u1fff\u200c-\u200f\u202a-\u202e\u2060-\U0010ffff]' ORDER BY t.user_id
  LOOP
    PERFORM FROM tasks.accounts a WHERE a.user_id = tenant FOR UPDATE;
    WITH task AS MATERIALIZED (
      SELECT t.user_id, t.id, tasks.words_of(t.title || ' ' || t.description) AS words FROM tasks.tasks t
      WHERE t.user_id = tenant AND t.deleted_at IS NULL AND t.title || ' ' || t.description ~ '[\u00ad\u0483-\u1fff\u200c-\u200f\u202a-\u202e\u2060-\U0010ffff]'
    ), gone AS (
      DELETE FROM tasks.task_terms x USING task WHERE x.user_id = task.user_id AND x.task_id = task.id AND x.term <> ALL (task.words)
    )
    INSERT INTO tasks.task_terms (user_id, task_id, term) SELECT task.user_id, task.id, unnest(task.words) FROM task ON CONFLICT DO NOTHING;
  END LOOP;
END $$;
