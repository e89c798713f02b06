-- Expand only: the tasks service of before runs on this schema. What a list is sorted by must be a column: under row-level
-- security an index on an expression serves only what is leakproof.

-- Text as it is compared: no case, no accents, one form of each character. The letters named do not come apart by themselves.
CREATE FUNCTION tasks.folded(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = '' AS $$
  SELECT pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.translate(
    normalize(pg_catalog.lower(pg_catalog.regexp_replace(normalize(given, NFKD), '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g')), NFKC),
    'łøđħıς', 'lodhiσ'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe') $$;

ALTER TABLE tasks.tasks
  ADD COLUMN priority_rank smallint NOT NULL GENERATED ALWAYS AS (coalesce(array_position('{low,medium,high,urgent}'::text[], priority), 0)) STORED,
  -- A day stands where it begins in UTC. What is not due comes last, whichever way it is sorted.
  ADD COLUMN due_ascending timestamptz(3) NOT NULL GENERATED ALWAYS AS (coalesce(due_at, due_date::timestamp AT TIME ZONE 'UTC', 'infinity')) STORED,
  ADD COLUMN due_descending timestamptz(3) NOT NULL GENERATED ALWAYS AS (coalesce(due_at, due_date::timestamp AT TIME ZONE 'UTC', '-infinity')) STORED,
  ADD COLUMN title_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(tasks.folded(title), 200)) STORED;

CREATE INDEX tasks_by_position ON tasks.tasks (user_id, completed, position, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_due ON tasks.tasks (user_id, completed, due_ascending, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_due_descending ON tasks.tasks (user_id, completed, due_descending, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_priority ON tasks.tasks (user_id, completed, priority_rank, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_updated ON tasks.tasks (user_id, completed, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_title ON tasks.tasks (user_id, completed, title_key, id) WHERE deleted_at IS NULL;
-- tasks_by_state_and_created serves both states, one after the other.
DROP INDEX tasks.tasks_by_created;
CREATE INDEX tasks_in_trash ON tasks.tasks (user_id, deleted_at DESC, id DESC) WHERE deleted_at IS NOT NULL;

REVOKE EXECUTE ON FUNCTION tasks.folded(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tasks.folded(text) TO tasks_service;
