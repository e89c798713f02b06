-- Every tenant table begins its primary key with user_id, and so do its foreign keys: a row of one tenant cannot
-- point at another's even by mistake. tasks.accounts alone references auth.users; the rest follows it.
CREATE TABLE tasks.accounts (
  user_id uuid PRIMARY KEY CONSTRAINT accounts_user REFERENCES auth.users (id) ON DELETE CASCADE,
  -- The number of the tenant's last change. Locking this row is how writers of one tenant queue.
  seq bigint NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE tasks.lists (
  user_id uuid NOT NULL CONSTRAINT lists_account REFERENCES tasks.accounts (user_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL CONSTRAINT lists_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
  is_inbox boolean NOT NULL DEFAULT false,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
  updated_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
  PRIMARY KEY (user_id, id)
);
CREATE UNIQUE INDEX lists_one_inbox ON tasks.lists (user_id) WHERE is_inbox;

CREATE TABLE tasks.tasks (
  user_id uuid NOT NULL CONSTRAINT tasks_account REFERENCES tasks.accounts (user_id) ON DELETE CASCADE,
  id uuid NOT NULL,
  list_id uuid,
  title text NOT NULL CONSTRAINT tasks_title_length CHECK (char_length(title) BETWEEN 1 AND 200),
  description text NOT NULL DEFAULT '' CONSTRAINT tasks_description_length CHECK (char_length(description) <= 20000),
  completed boolean NOT NULL GENERATED ALWAYS AS (completed_at IS NOT NULL) STORED,
  completed_at timestamptz(3),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
  updated_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
  deleted_at timestamptz(3),
  PRIMARY KEY (user_id, id),
  CONSTRAINT tasks_list FOREIGN KEY (user_id, list_id) REFERENCES tasks.lists (user_id, id) ON DELETE SET NULL (list_id)
);
CREATE INDEX tasks_list_id ON tasks.tasks (user_id, list_id);
CREATE INDEX tasks_by_created ON tasks.tasks (user_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX tasks_by_state_and_created ON tasks.tasks (user_id, completed, created_at DESC, id DESC) WHERE deleted_at IS NULL;

-- The change log: every mutation of a tenant's data appends one row in the same transaction, numbered without gaps
-- per tenant. before and after hold the changed fields alone; replayed from zero they give the current state.
CREATE TABLE tasks.changes (
  user_id uuid NOT NULL CONSTRAINT changes_account REFERENCES tasks.accounts (user_id) ON DELETE CASCADE,
  seq bigint NOT NULL,
  object_type text NOT NULL CONSTRAINT changes_object_type_known CHECK (object_type IN ('task', 'list')),
  object_id uuid NOT NULL,
  action text NOT NULL CONSTRAINT changes_action_known CHECK (action IN ('created', 'updated', 'completed', 'reopened', 'deleted', 'restored')),
  before jsonb NOT NULL,
  after jsonb NOT NULL,
  actor_id uuid NOT NULL,
  request_id text NOT NULL,
  changed_at timestamptz(3) NOT NULL DEFAULT statement_timestamp(),
  PRIMARY KEY (user_id, seq)
);
CREATE INDEX changes_by_object ON tasks.changes (user_id, object_id, seq);

-- No scope is an error, never all rows and never silently none: no nullif, no missing_ok (SEC-82). FORCE holds for
-- the owner too, whose own policy lets migrations, constraint validation and backups see every row.
ALTER TABLE tasks.accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tasks.lists ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tasks.tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tasks.changes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tasks.accounts TO tasks_service USING (user_id = current_setting('app.user_id')::uuid) WITH CHECK (user_id = current_setting('app.user_id')::uuid);
CREATE POLICY tenant ON tasks.lists TO tasks_service USING (user_id = current_setting('app.user_id')::uuid) WITH CHECK (user_id = current_setting('app.user_id')::uuid);
CREATE POLICY tenant ON tasks.tasks TO tasks_service USING (user_id = current_setting('app.user_id')::uuid) WITH CHECK (user_id = current_setting('app.user_id')::uuid);
CREATE POLICY tenant ON tasks.changes TO tasks_service USING (user_id = current_setting('app.user_id')::uuid) WITH CHECK (user_id = current_setting('app.user_id')::uuid);

CREATE POLICY owner ON tasks.accounts TO daymark_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON tasks.lists TO daymark_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON tasks.tasks TO daymark_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON tasks.changes TO daymark_owner USING (true) WITH CHECK (true);

GRANT SELECT, INSERT ON tasks.accounts TO tasks_service;
GRANT UPDATE (seq) ON tasks.accounts TO tasks_service;
GRANT SELECT, INSERT ON tasks.lists TO tasks_service;
GRANT SELECT, INSERT, UPDATE ON tasks.tasks TO tasks_service;
GRANT SELECT, INSERT ON tasks.changes TO tasks_service;
