-- For REVOCATION=on: tokens issued before this time, in seconds since 1970, are refused.
ALTER TABLE users ADD COLUMN tokens_valid_after INTEGER;
