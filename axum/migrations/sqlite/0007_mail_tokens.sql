-- For PASSWORD_RECOVERY and EMAIL_VERIFICATION: the tokens of mails, hashed. `email` is the address to which one was sent, and `account`
-- that in lower case. `user_id` has no type: it is the id as `users` has it. A token outlives its user, so that an account that is
-- deleted and created again gets no second mail at once.
CREATE TABLE mail_tokens (
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  user_id NOT NULL,
  email TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (account, kind, created_at)
) WITHOUT ROWID;
CREATE INDEX mail_tokens_expires_at ON mail_tokens (expires_at);

-- The addresses of the users who are there already count as verified.
ALTER TABLE users ADD COLUMN email_verified INTEGER NOT NULL DEFAULT 1;
