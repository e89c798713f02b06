REVOKE DELETE ON auth.users FROM auth_service;
DROP INDEX auth.outbox_user_id;
ALTER TABLE auth.outbox DROP COLUMN user_id;
