-- For PASSWORD_RECOVERY and EMAIL_VERIFICATION: the token of the last mail of each kind to a user, hashed. `email` is the address to which
-- it was sent. `user_id` has the type that `id` has in `users`.
CREATE TABLE mail_tokens AS SELECT id AS user_id FROM users WITH NO DATA;

ALTER TABLE mail_tokens
  ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  ADD COLUMN kind TEXT NOT NULL,
  ADD COLUMN hash TEXT NOT NULL UNIQUE,
  ADD COLUMN email TEXT NOT NULL,
  ADD COLUMN created_at BIGINT NOT NULL,
  ADD COLUMN expires_at BIGINT NOT NULL,
  ADD PRIMARY KEY (user_id, kind);

-- The addresses of the users who are there already count as verified.
ALTER TABLE users ADD COLUMN IF NOT EXISTS email_verified boolean NOT NULL DEFAULT true;
