-- Writes wait for the end of it; reading goes on.
LOCK TABLE tasks.tasks IN SHARE ROW EXCLUSIVE MODE;

CREATE OR REPLACE FUNCTION tasks.words_of(given text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN string_to_array(btrim(regexp_replace(
    CASE WHEN octet_length(given) = char_length(given) THEN lower(given) ELSE tasks.folded(given) END, '[^[:alnum:]]+', ' ', 'g')), ' ')::varchar(60)[]::text[];

DROP FUNCTION tasks.words_apart(text);
DROP FUNCTION tasks.folded_digits(text);

WITH task AS MATERIALIZED (
  SELECT t.user_id, t.id, tasks.words_of(t.title || ' ' || t.description) AS words FROM tasks.tasks t
  WHERE t.deleted_at IS NULL AND t.title || ' ' || t.description ~ '[\u00ad\u0483-\u1fff\u200c-\u200f\u202a-\u202e\u2060-\U0010ffff]'
), gone AS (
  DELETE FROM tasks.task_terms x USING task WHERE x.user_id = task.user_id AND x.task_id = task.id AND x.term <> ALL (task.words)
)
INSERT INTO tasks.task_terms (user_id, task_id, term) SELECT task.user_id, task.id, unnest(task.words) FROM task ON CONFLICT DO NOTHING;
