-- For REFRESH_TOKEN_EXPIRE_MINUTES: one row for each session, with the hashes of its refresh token and of the previous one.
-- `sealed` is the current token, encrypted with the previous one. `user_id` has the type that `id` has in `users`.
CREATE TABLE sessions AS SELECT id AS user_id FROM users WITH NO DATA;

ALTER TABLE sessions
  ALTER COLUMN user_id SET NOT NULL,
  ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  ADD COLUMN id TEXT PRIMARY KEY,
  ADD COLUMN current TEXT NOT NULL,
  ADD COLUMN previous TEXT,
  ADD COLUMN sealed TEXT,
  ADD COLUMN created_at BIGINT NOT NULL,
  ADD COLUMN rotated_at BIGINT NOT NULL,
  ADD COLUMN expires_at BIGINT NOT NULL,
  ADD COLUMN ends_at BIGINT NOT NULL,
  ADD COLUMN user_agent TEXT,
  ADD COLUMN address TEXT;

CREATE INDEX sessions_user_id ON sessions (user_id);
