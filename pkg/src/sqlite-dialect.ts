// SQLite's dialect and tables, for every driver of SQLite.

import { quoted, type Dialect, type SqlOptions } from "./sql.js";

export const SQLITE: Dialect = {
  // Within double quotes, SQLite takes a missing column for a text.
  quote: "`",
  // Drivers treat `?1` differently: some take it for a named parameter.
  parameter: () => "?",
  least: "MIN",
  greatest: "MAX",
  sameEmail: (column) => `${column} = :email COLLATE NOCASE`,
  id: (column) => column,
  createdAt: (column) => column,
  typed: (_table, _column, parameter) => parameter,
  lockUser: "",
  lockDeleted: "",
  skipLocked: "",
  both: (first, second) => [first, second],
};

/** Options of {@link sqliteSchema}. */
export interface SqliteSchemaOptions extends Pick<SqlOptions, "users" | "sessions" | "attempts" | "mailTokens" | "audit"> {
  /** The type of the users' ids: integers that the database counts, or random texts of 32 hexadecimal digits. Default: `integer`. */
  ids?: "integer" | "text";
}

/** SQL that creates the tables of a store. */
export interface Schema {
  /** Creates the table of users and its index, unless the table exists. */
  users: string;
  /** Adds the column `token_version` to a table of users that has none: for `REVOCATION=on`. */
  tokenVersion: string;
  /** Adds the column `is_active` to a table of users that has none. All users are active then. */
  isActive: string;
  /** Adds the column `email_verified` to a table of users that has none, for `EMAIL_VERIFICATION`. All addresses are verified then. */
  emailVerified: string;
  /** Creates the table of sessions and its index, unless the table exists: for `REFRESH_TOKEN_EXPIRE_MINUTES`. */
  sessions: string;
  /** Creates the table of failed logins and known clients, unless it exists: for `LOCKOUT=on`. */
  attempts: string;
  /** Creates the table of the tokens of mails, unless it exists: for `PASSWORD_RECOVERY` and `EMAIL_VERIFICATION`. */
  mailTokens: string;
  /** Creates the table of security events, unless it exists: for `AUDIT=on`. Nothing deletes its rows. */
  audit: string;
}

/**
 * SQL that creates the tables in SQLite: for `edgegate/sqlite`, `edgegate/libsql` and `edgegate/d1`.
 *
 * @throws {TypeError} when a name is no SQL identifier.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { sqliteSchema, sqliteUsers } from "edgegate/sqlite";
 *
 * const database = new DatabaseSync("users.db");
 * const { users, sessions } = sqliteSchema();
 * database.exec(users + sessions);
 * ```
 */
export function sqliteSchema(options: SqliteSchemaOptions = {}): Schema {
  const { users = "users", sessions = "sessions", attempts = "login_attempts", mailTokens = "mail_tokens", audit = "audit", ids = "integer" } = options;
  const name = (text: string): string => quoted(SQLITE.quote, text);
  // AUTOINCREMENT: the id of a deleted user is never reused, so that an old token cannot belong to a new user.
  const id = ids === "text" ? "TEXT PRIMARY KEY NOT NULL DEFAULT (lower(hex(randomblob(16))))" : "INTEGER PRIMARY KEY AUTOINCREMENT";
  const version = "token_version INTEGER NOT NULL DEFAULT 0";
  const active = "is_active INTEGER NOT NULL DEFAULT 1";
  const verified = "email_verified INTEGER NOT NULL DEFAULT 1";
  return {
    users: `CREATE TABLE IF NOT EXISTS ${name(users)} (
  id ${id},
  email TEXT NOT NULL,
  password TEXT NOT NULL,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  ${version},
  ${active},
  ${verified}
);
CREATE UNIQUE INDEX IF NOT EXISTS ${name(`${users}_email`)} ON ${name(users)} (email COLLATE NOCASE);
`,
    tokenVersion: `ALTER TABLE ${name(users)} ADD COLUMN ${version};\n`,
    isActive: `ALTER TABLE ${name(users)} ADD COLUMN ${active};\n`,
    emailVerified: `ALTER TABLE ${name(users)} ADD COLUMN ${verified};\n`,
    sessions: `CREATE TABLE IF NOT EXISTS ${name(sessions)} (
  id TEXT PRIMARY KEY NOT NULL,
  user_id NOT NULL REFERENCES ${name(users)} (id) ON DELETE CASCADE,
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
CREATE INDEX IF NOT EXISTS ${name(`${sessions}_user_id`)} ON ${name(sessions)} (user_id);
`,
    mailTokens: `CREATE TABLE IF NOT EXISTS ${name(mailTokens)} (
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  user_id NOT NULL,
  email TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (account, kind, created_at)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ${name(`${mailTokens}_expires_at`)} ON ${name(mailTokens)} (expires_at);
`,
    attempts: `CREATE TABLE IF NOT EXISTS ${name(attempts)} (
  account TEXT NOT NULL,
  client TEXT NOT NULL,
  failures INTEGER NOT NULL,
  failed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (account, client)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ${name(`${attempts}_expires_at`)} ON ${name(attempts)} (expires_at);
`,
    audit: `CREATE TABLE IF NOT EXISTS ${name(audit)} (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  user_id TEXT,
  account TEXT,
  client TEXT,
  reason TEXT
);
CREATE INDEX IF NOT EXISTS ${name(`${audit}_at`)} ON ${name(audit)} (at);
`,
  };
}
