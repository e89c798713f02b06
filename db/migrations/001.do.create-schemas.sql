-- Two schemas, one service each. The roles come from db/bootstrap.ts, before the first migration.
CREATE SCHEMA auth;
CREATE SCHEMA tasks;

GRANT USAGE ON SCHEMA auth TO auth_service, daymark_probe;
GRANT USAGE ON SCHEMA tasks TO tasks_service, daymark_probe;
