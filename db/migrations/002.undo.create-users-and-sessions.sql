DROP TABLE auth.sessions;
DROP TABLE auth.users;
