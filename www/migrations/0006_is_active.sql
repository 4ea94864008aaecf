-- A user who is not active cannot log in, and the tokens of the user are refused.
ALTER TABLE users ADD COLUMN is_active INTEGER NOT NULL DEFAULT 1;
