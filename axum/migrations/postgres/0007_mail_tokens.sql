-- For PASSWORD_RECOVERY=on: the token of the last mail to a user, hashed. `email` is the address to which it was sent. `user_id` has the
-- type that `id` has in `users`.
CREATE TABLE mail_tokens AS SELECT id AS user_id FROM users WITH NO DATA;

ALTER TABLE mail_tokens
  ADD PRIMARY KEY (user_id),
  ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  ADD COLUMN hash TEXT NOT NULL UNIQUE,
  ADD COLUMN email TEXT NOT NULL,
  ADD COLUMN created_at BIGINT NOT NULL,
  ADD COLUMN expires_at BIGINT NOT NULL;
