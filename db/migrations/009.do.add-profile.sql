ALTER TABLE auth.users
  -- An IANA name, as the service's runtime spells it; null for that of the device.
  ADD COLUMN time_zone text CONSTRAINT users_time_zone_length CHECK (char_length(time_zone) BETWEEN 1 AND 64),
  ADD COLUMN version integer NOT NULL DEFAULT 1 CONSTRAINT users_version_positive CHECK (version >= 1);

-- What an owner sees of their account is changed by many statements (the profile, the address, its confirmation, the
-- role): the versions are counted in one place, which none of them can forget.
CREATE FUNCTION auth.count_version () RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION auth.count_version () FROM PUBLIC;

CREATE TRIGGER users_version BEFORE UPDATE ON auth.users FOR EACH ROW
  WHEN ((OLD.email, OLD.display_name, OLD.role, OLD.email_verified_at IS NULL, OLD.time_zone)
    IS DISTINCT FROM (NEW.email, NEW.display_name, NEW.role, NEW.email_verified_at IS NULL, NEW.time_zone))
  EXECUTE FUNCTION auth.count_version ();
