-- AUTOINCREMENT: the id of a deleted user is never reused, so that an old token cannot belong to a new user.
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL,
  password TEXT NOT NULL,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

-- One account for each address, ignoring letter case.
CREATE UNIQUE INDEX users_email ON users (email COLLATE NOCASE);
