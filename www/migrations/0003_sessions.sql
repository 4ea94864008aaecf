-- For REFRESH_TOKEN_EXPIRE_MINUTES: one row for each session, with the hashes of its refresh token and of the previous one.
-- `sealed` is the current token, encrypted with the previous one. `user_id` has no type: it is the id as `users` has it.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user_id NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  current TEXT NOT NULL,
  previous TEXT,
  sealed TEXT,
  created_at INTEGER NOT NULL,
  rotated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  user_agent TEXT,
  address TEXT
) WITHOUT ROWID;

CREATE INDEX sessions_user_id ON sessions (user_id);

-- Of the first version of this migration. Its refresh tokens are not accepted any more.
DROP TABLE IF EXISTS refresh_tokens;
