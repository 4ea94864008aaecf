-- AUTOINCREMENT: the id of a deleted user is never given again, so that no old token becomes somebody else's.
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL,
  password TEXT NOT NULL,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

-- One account per address, whatever its letter case.
CREATE UNIQUE INDEX users_email ON users (email COLLATE NOCASE);
