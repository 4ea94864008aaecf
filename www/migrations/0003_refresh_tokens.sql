-- For REFRESH_TOKEN_EXPIRE_MINUTES: one row for each session, with the hashes of its refresh token and of the previous
-- one.
CREATE TABLE refresh_tokens (
  family TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  current TEXT NOT NULL,
  previous TEXT,
  rotated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX refresh_tokens_user_id ON refresh_tokens (user_id);
