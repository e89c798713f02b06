-- Expand only: the tasks service of before runs on this schema, and its writes keep the terms as well.

-- The words of a text as they are compared: runs of letters and digits, of which the first 60 characters count. Without a
-- search_path of its own, and of one expression, it is inlined; what is ASCII needs no more folding than its case.
CREATE FUNCTION tasks.words_of(given text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN string_to_array(btrim(regexp_replace(
    CASE WHEN octet_length(given) = char_length(given) THEN lower(given) ELSE tasks.folded(given) END, '[^[:alnum:]]+', ' ', 'g')), ' ')::varchar(60)[]::text[];

-- Which words a task has, unless it is in the trash. Plain rows and bytes: a GIN index would need operators that are not
-- leakproof, and under row-level security goes unused.
CREATE TABLE tasks.task_terms (
  user_id uuid NOT NULL,
  task_id uuid NOT NULL,
  term text COLLATE "C" NOT NULL,
  PRIMARY KEY (user_id, task_id, term)
);
INSERT INTO tasks.task_terms (user_id, task_id, term)
SELECT DISTINCT user_id, id, unnest(tasks.words_of(title || ' ' || description)) FROM tasks.tasks WHERE deleted_at IS NULL;
CREATE INDEX task_terms_by_term ON tasks.task_terms (user_id, term, task_id);
ALTER TABLE tasks.task_terms
  ADD CONSTRAINT task_terms_task FOREIGN KEY (user_id, task_id) REFERENCES tasks.tasks (user_id, id) ON DELETE CASCADE;

CREATE FUNCTION tasks.keep_task_terms() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  words text[] := CASE WHEN NEW.deleted_at IS NULL THEN tasks.words_of(NEW.title || ' ' || NEW.description) ELSE '{}' END;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM tasks.task_terms t WHERE t.user_id = NEW.user_id AND t.task_id = NEW.id AND t.term NOT IN (SELECT pg_catalog.unnest(words));
  END IF;
  INSERT INTO tasks.task_terms (user_id, task_id, term) SELECT NEW.user_id, NEW.id, word FROM pg_catalog.unnest(words) word
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_task_terms_of_new AFTER INSERT ON tasks.tasks FOR EACH ROW WHEN (NEW.deleted_at IS NULL) EXECUTE FUNCTION tasks.keep_task_terms();
CREATE TRIGGER keep_task_terms AFTER UPDATE OF title, description, deleted_at ON tasks.tasks FOR EACH ROW
  WHEN ((OLD.title, OLD.description, OLD.deleted_at IS NULL) IS DISTINCT FROM (NEW.title, NEW.description, NEW.deleted_at IS NULL))
  EXECUTE FUNCTION tasks.keep_task_terms();

ALTER TABLE tasks.task_terms ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tasks.task_terms TO tasks_service USING (user_id = current_setting('app.user_id')::uuid) WITH CHECK (user_id = current_setting('app.user_id')::uuid);
CREATE POLICY owner ON tasks.task_terms TO daymark_owner USING (true) WITH CHECK (true);

REVOKE EXECUTE ON FUNCTION tasks.words_of(text), tasks.keep_task_terms() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tasks.words_of(text) TO tasks_service;
GRANT SELECT, INSERT, DELETE ON tasks.task_terms TO tasks_service;
