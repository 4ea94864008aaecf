-- For PASSWORD_RECOVERY and EMAIL_VERIFICATION: the tokens of mails, hashed. `email` is the address to which one was sent, and `account`
-- that in lower case. `user_id` has the type that `id` has in `users`. A token outlives its user, so that an account that is deleted and
-- created again gets no second mail at once.
CREATE TABLE mail_tokens AS SELECT id AS user_id FROM users WITH NO DATA;

ALTER TABLE mail_tokens
  ALTER COLUMN user_id SET NOT NULL,
  ADD COLUMN account TEXT NOT NULL,
  ADD COLUMN kind TEXT NOT NULL,
  ADD COLUMN created_at BIGINT NOT NULL,
  ADD COLUMN hash TEXT NOT NULL UNIQUE,
  ADD COLUMN email TEXT NOT NULL,
  ADD COLUMN expires_at BIGINT NOT NULL,
  ADD PRIMARY KEY (account, kind, created_at);
CREATE INDEX mail_tokens_expires_at ON mail_tokens (expires_at);

-- The addresses of the users who are there already count as verified.
ALTER TABLE users ADD COLUMN IF NOT EXISTS email_verified boolean NOT NULL DEFAULT true;
