-- A user who is not active cannot log in, and the tokens of the user are refused.
ALTER TABLE users ADD COLUMN IF NOT EXISTS is_active boolean NOT NULL DEFAULT true;
