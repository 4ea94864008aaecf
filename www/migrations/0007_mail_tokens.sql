-- For PASSWORD_RECOVERY and EMAIL_VERIFICATION: the token of the last mail of each kind to a user, hashed. `email` is the address to which
-- it was sent. `user_id` has no type: it is the id as `users` has it.
CREATE TABLE mail_tokens (
  user_id NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, kind)
) WITHOUT ROWID;

-- The addresses of the users who are there already count as verified.
ALTER TABLE users ADD COLUMN email_verified INTEGER NOT NULL DEFAULT 1;
