-- For LOCKOUT=on: failed logins of an account, and the clients that have logged in. `account` and `client` are keyed hashes; a row
-- with an empty `client` is for all clients that are not known. Rows that have expired are deleted by later failures.
CREATE TABLE login_attempts (
  account TEXT NOT NULL,
  client TEXT NOT NULL,
  failures BIGINT NOT NULL,
  failed_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (account, client)
);

CREATE INDEX login_attempts_expires_at ON login_attempts (expires_at);
