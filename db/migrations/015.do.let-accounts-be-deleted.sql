-- Mail that is owed to users goes with their account; the one that says so belongs to nobody.
ALTER TABLE auth.outbox ADD COLUMN user_id uuid CONSTRAINT outbox_user REFERENCES auth.users (id) ON DELETE CASCADE;
CREATE INDEX outbox_user_id ON auth.outbox (user_id);

-- Everything in both schemas follows by its foreign keys.
GRANT DELETE ON auth.users TO auth_service;
