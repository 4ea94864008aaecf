-- For AUDIT=on: what has happened to accounts. `account` and `client` are keyed hashes. Nothing deletes these rows.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  user_id TEXT,
  account TEXT,
  client TEXT,
  reason TEXT
);

CREATE INDEX audit_at ON audit (at);
