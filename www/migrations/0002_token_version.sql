-- For REVOCATION=on: tokens of another version are refused.
ALTER TABLE users ADD COLUMN token_version INTEGER NOT NULL DEFAULT 0;
