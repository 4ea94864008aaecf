-- For LOCKOUT=on: failed logins of an account, and the clients that have logged in. `account` and `client` are keyed hashes; a row
-- with an empty `client` is for all clients that are not known. Rows that have expired are deleted by later failures.
CREATE TABLE login_attempts (
  account TEXT NOT NULL,
  client TEXT NOT NULL,
  failures INTEGER NOT NULL,
  failed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (account, client)
) WITHOUT ROWID;

CREATE INDEX login_attempts_expires_at ON login_attempts (expires_at);
