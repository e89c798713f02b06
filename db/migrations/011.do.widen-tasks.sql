-- Expand only: the tasks service of before runs on this schema, and what it leaves out has a default.

-- A place in the manual order: a fractional index whose whole part is the negated time, so that what is new stands first
-- and is placed without looking at the others. Its digits are compared as bytes.
CREATE FUNCTION tasks.newest_position(instant timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = ''
  RETURN 'm' || pg_catalog.lpad((9999999999999 - pg_catalog.floor(extract(epoch FROM instant) * 1000))::bigint::text, 13, '0');

ALTER TABLE tasks.lists
  ADD COLUMN colour text NOT NULL DEFAULT 'grey' CONSTRAINT lists_colour_known CHECK (colour IN ('grey', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'pink')),
  ADD COLUMN position text COLLATE "C" CONSTRAINT lists_position_length CHECK (char_length(position) BETWEEN 1 AND 300),
  ADD COLUMN archived boolean NOT NULL DEFAULT false CONSTRAINT lists_inbox_stays_open CHECK (NOT (is_inbox AND archived)),
  ADD COLUMN deleted_at timestamptz(3) CONSTRAINT lists_inbox_stays CHECK (NOT is_inbox OR deleted_at IS NULL);
UPDATE tasks.lists SET position = tasks.newest_position(created_at);
ALTER TABLE tasks.lists ALTER COLUMN position SET NOT NULL, ALTER COLUMN position SET DEFAULT tasks.newest_position(clock_timestamp());

CREATE TABLE tasks.labels (
  user_id uuid NOT NULL CONSTRAINT labels_account REFERENCES tasks.accounts (user_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL CONSTRAINT labels_name_length CHECK (char_length(name) BETWEEN 1 AND 60),
  -- Unique in any spelling of case and width.
  name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(normalize(name, NFKC))) STORED,
  colour text NOT NULL DEFAULT 'grey' CONSTRAINT labels_colour_known CHECK (colour IN ('grey', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'pink')),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
  updated_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
  deleted_at timestamptz(3),
  PRIMARY KEY (user_id, id)
);
CREATE UNIQUE INDEX labels_name_unique ON tasks.labels (user_id, name_key) WHERE deleted_at IS NULL;

ALTER TABLE tasks.tasks
  ADD COLUMN parent_id uuid CONSTRAINT tasks_parent_is_another CHECK (parent_id <> id),
  ADD COLUMN priority text NOT NULL DEFAULT 'none' CONSTRAINT tasks_priority_known CHECK (priority IN ('none', 'low', 'medium', 'high', 'urgent')),
  ADD COLUMN due_date date,
  ADD COLUMN due_at timestamptz(3),
  ADD COLUMN time_zone text CONSTRAINT tasks_time_zone_length CHECK (char_length(time_zone) BETWEEN 1 AND 60),
  ADD COLUMN start_date date,
  ADD COLUMN position text COLLATE "C" CONSTRAINT tasks_position_length CHECK (char_length(position) BETWEEN 1 AND 300),
  ADD COLUMN label_ids uuid[] NOT NULL DEFAULT '{}',
  ADD CONSTRAINT tasks_due_once CHECK (due_date IS NULL OR due_at IS NULL),
  ADD CONSTRAINT tasks_due_at_has_zone CHECK ((due_at IS NULL) = (time_zone IS NULL)),
  ADD CONSTRAINT tasks_parent FOREIGN KEY (user_id, parent_id) REFERENCES tasks.tasks (user_id, id) ON DELETE SET NULL (parent_id);
UPDATE tasks.tasks SET position = tasks.newest_position(created_at);
ALTER TABLE tasks.tasks ALTER COLUMN position SET NOT NULL, ALTER COLUMN position SET DEFAULT tasks.newest_position(clock_timestamp());
CREATE INDEX tasks_parent_id ON tasks.tasks (user_id, parent_id);

-- Which tasks have a label: what tasks.label_ids says, the other way round.
CREATE TABLE tasks.task_labels (
  user_id uuid NOT NULL,
  label_id uuid NOT NULL,
  task_id uuid NOT NULL,
  PRIMARY KEY (user_id, label_id, task_id),
  CONSTRAINT task_labels_account FOREIGN KEY (user_id) REFERENCES tasks.accounts (user_id) ON DELETE CASCADE,
  CONSTRAINT task_labels_label FOREIGN KEY (user_id, label_id) REFERENCES tasks.labels (user_id, id) ON DELETE CASCADE,
  CONSTRAINT task_labels_task FOREIGN KEY (user_id, task_id) REFERENCES tasks.tasks (user_id, id) ON DELETE CASCADE
);
CREATE INDEX task_labels_task_id ON tasks.task_labels (user_id, task_id);

CREATE FUNCTION tasks.keep_task_labels() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM tasks.task_labels l WHERE l.user_id = NEW.user_id AND l.task_id = NEW.id AND l.label_id <> ALL (NEW.label_ids);
  END IF;
  INSERT INTO tasks.task_labels (user_id, label_id, task_id) SELECT NEW.user_id, label_id, NEW.id FROM pg_catalog.unnest(NEW.label_ids) label_id
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_task_labels_of_new AFTER INSERT ON tasks.tasks FOR EACH ROW WHEN (NEW.label_ids <> '{}') EXECUTE FUNCTION tasks.keep_task_labels();
CREATE TRIGGER keep_task_labels AFTER UPDATE OF label_ids ON tasks.tasks FOR EACH ROW WHEN (OLD.label_ids <> NEW.label_ids) EXECUTE FUNCTION tasks.keep_task_labels();

-- Changes made together are one group, numbered like its first; null for one that stands alone. A change that takes
-- another back says which.
ALTER TABLE tasks.changes
  ADD COLUMN group_seq bigint,
  ADD COLUMN undoes bigint,
  DROP CONSTRAINT changes_object_type_known,
  ADD CONSTRAINT changes_object_type_known CHECK (object_type IN ('task', 'list', 'label'));
-- What the log tells of the beginning of each object, so that replayed from zero it still gives the state exactly.
UPDATE tasks.changes c SET after = c.after || jsonb_build_object('priority', t.priority, 'label_ids', t.label_ids, 'position', t.position)
FROM tasks.tasks t WHERE c.action = 'created' AND c.object_type = 'task' AND t.user_id = c.user_id AND t.id = c.object_id;
UPDATE tasks.changes c SET after = c.after || jsonb_build_object('colour', l.colour, 'position', l.position, 'archived', l.archived)
FROM tasks.lists l WHERE c.action = 'created' AND c.object_type = 'list' AND l.user_id = c.user_id AND l.id = c.object_id;
CREATE INDEX changes_by_group ON tasks.changes (user_id, group_seq) WHERE group_seq IS NOT NULL;
CREATE INDEX changes_by_undone ON tasks.changes (user_id, undoes) WHERE undoes IS NOT NULL;

-- The answers of writes that carried an Idempotency-Key, kept in the transaction of the write, for a day.
CREATE TABLE tasks.idempotency_keys (
  user_id uuid NOT NULL CONSTRAINT idempotency_keys_account REFERENCES tasks.accounts (user_id) ON DELETE CASCADE,
  key text COLLATE "C" NOT NULL CONSTRAINT idempotency_keys_key_length CHECK (char_length(key) BETWEEN 1 AND 255),
  operation text COLLATE "C" NOT NULL,
  request_digest bytea NOT NULL CONSTRAINT idempotency_keys_digest_is_sha256 CHECK (octet_length(request_digest) = 32),
  answer jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
  PRIMARY KEY (user_id, key, operation)
);
CREATE INDEX idempotency_keys_by_age ON tasks.idempotency_keys (user_id, created_at);

ALTER TABLE tasks.labels ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tasks.task_labels ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tasks.idempotency_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tasks.labels TO tasks_service USING (user_id = current_setting('app.user_id')::uuid) WITH CHECK (user_id = current_setting('app.user_id')::uuid);
CREATE POLICY tenant ON tasks.task_labels TO tasks_service USING (user_id = current_setting('app.user_id')::uuid) WITH CHECK (user_id = current_setting('app.user_id')::uuid);
CREATE POLICY tenant ON tasks.idempotency_keys TO tasks_service USING (user_id = current_setting('app.user_id')::uuid) WITH CHECK (user_id = current_setting('app.user_id')::uuid);
CREATE POLICY owner ON tasks.labels TO daymark_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON tasks.task_labels TO daymark_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON tasks.idempotency_keys TO daymark_owner USING (true) WITH CHECK (true);

GRANT UPDATE ON tasks.lists TO tasks_service;
GRANT SELECT, INSERT, UPDATE ON tasks.labels TO tasks_service;
GRANT SELECT, INSERT, DELETE ON tasks.task_labels TO tasks_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON tasks.idempotency_keys TO tasks_service;
REVOKE EXECUTE ON FUNCTION tasks.newest_position(timestamptz), tasks.keep_task_labels() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tasks.newest_position(timestamptz) TO tasks_service;
