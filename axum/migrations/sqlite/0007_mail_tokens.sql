-- For PASSWORD_RECOVERY=on: the token of the last mail to a user, hashed. `email` is the address to which it was sent. `user_id` has no
-- type: it is the id as `users` has it.
CREATE TABLE mail_tokens (
  user_id NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  hash TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
