UPDATE auth.sessions SET ended_reason = 'ended_by_owner' WHERE ended_reason IN ('role_changed', 'account_disabled', 'ended_by_admin');
ALTER TABLE auth.sessions
  DROP CONSTRAINT sessions_ended_reason_known,
  ADD CONSTRAINT sessions_ended_reason_known CHECK (ended_reason IN ('logged_out', 'token_reused', 'ended_by_owner', 'password_changed', 'too_many'));
DROP INDEX auth.audit_events_failures;
DROP INDEX auth.audit_events_actor_id;
DROP INDEX auth.users_disabled;
DROP INDEX auth.users_admins;
DROP INDEX auth.users_words;
CREATE OR REPLACE TRIGGER users_version BEFORE UPDATE ON auth.users FOR EACH ROW
  WHEN ((OLD.email, OLD.display_name, OLD.role, OLD.email_verified_at IS NULL, OLD.time_zone)
    IS DISTINCT FROM (NEW.email, NEW.display_name, NEW.role, NEW.email_verified_at IS NULL, NEW.time_zone))
  EXECUTE FUNCTION auth.count_version ();
