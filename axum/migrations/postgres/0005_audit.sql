-- For AUDIT=on: what has happened to accounts. `account` and `client` are keyed hashes. Nothing deletes these rows.
CREATE TABLE audit (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  user_id TEXT,
  account TEXT,
  client TEXT,
  reason TEXT
);

CREATE INDEX audit_at ON audit (at);
