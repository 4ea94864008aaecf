// Users in Cloudflare D1.

import type { UserId, UserRow } from "../wasm/edgegate.js";
import type { Columns, UserStore } from "./store.js";

/** As much of `D1Database` as is used, so that the package needs no types of the platform. */
export interface Database extends Asks {
  withSession(constraint: "first-unconstrained"): Asks;
  batch(statements: Statement[]): Promise<unknown>;
}

interface Asks {
  prepare(sql: string): Statement;
}

interface Statement {
  bind(...values: unknown[]): Statement;
  first<Row>(): Promise<Row | null>;
}

/** How the database is used. */
export interface D1Options {
  /**
   * Looks the user of a token up in the nearest replica, and on the primary before it is said to be gone, for it may have been
   * created a moment ago. For databases with read replication; a request without it asks the primary, and is faster where
   * that is near.
   */
  replicas?: boolean;
}

/**
 * Users in a D1 table `users(id, email, password, created_at)`; the project's migrations make it, and what else a setting wants.
 *
 * Everything asks the primary, unless replicas are wanted.
 */
export function d1Users(database: Database, { replicas = false }: D1Options = {}): UserStore {
  const primary = (sql: string, ...values: unknown[]) => database.prepare(sql).bind(...values);
  const byId = (asks: Asks, id: UserId, columns: Columns) => asks.prepare(select(columns, BY_ID)).bind(key(id)).first<UserRow>();

  return {
    userByEmail: (email, columns) => primary(select(columns, BY_EMAIL), email).first(),
    async userById(id, columns) {
      // Whether a token was revoked is a question of the last write.
      const near = replicas && !columns.validAfter;
      return (near && (await byId(database.withSession("first-unconstrained"), id, columns))) || byId(database, id, columns);
    },
    insertUser: ({ email, password }) => primary(INSERT, email, password).first(),
    replaceHash: async ({ id, old, new: replacement }) => void (await primary(REPLACE, key(id), old, replacement).first()),
    async revokeTokens({ id, validAfter, withSessions }) {
      const sessions = withSessions ? [primary(END_SESSIONS, key(id))] : [];
      await database.batch([primary(REVOKE, key(id), validAfter), ...sessions]);
    },
    sessions: {
      async insert({ family, userId, current, expiresAt, now }) {
        const session = primary(INSERT_SESSION, family, key(userId), current, now, expiresAt);
        await database.batch([primary(END_EXPIRED, key(userId), now), session]);
      },
      async rotate({ family, old, new: next, expiresAt, now, graceSince }) {
        const row = await primary(ROTATE, family, old, next, expiresAt, now, graceSince).first<{ user_id: UserId }>();
        return row && row.user_id;
      },
      end: async ({ family, old, graceSince }) => void (await primary(END, family, old, graceSince).first()),
    },
  };
}

/**
 * Ids are bound as text. In a column of integers SQLite compares them as integers; a number would be bound as a double, which a
 * column of texts holds as "7.0".
 */
const key = (id: UserId): string => String(id);

const select = ({ validAfter }: Columns, where: string) =>
  `SELECT id, email, password, created_at${validAfter ? ", tokens_valid_after" : ""} FROM users WHERE ${where}`;

const BY_EMAIL = "email = ?1 COLLATE NOCASE";
const BY_ID = "id = ?1";
const REPLACE = "UPDATE users SET password = ?3 WHERE id = ?1 AND password = ?2";
const INSERT =
  "INSERT INTO users (email, password) VALUES (?1, ?2) ON CONFLICT DO NOTHING " +
  "RETURNING id, email, password, created_at";

// Two logouts in one second, in whatever order they arrive, must not bring anything back.
const REVOKE = "UPDATE users SET tokens_valid_after = MAX(?2, COALESCE(tokens_valid_after, 0)) WHERE id = ?1";

const INSERT_SESSION =
  "INSERT INTO refresh_tokens (family, user_id, current, rotated_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
const ROTATE =
  "UPDATE refresh_tokens SET previous = ?2, current = ?3, expires_at = ?4, " +
  "rotated_at = CASE WHEN current = ?2 THEN ?5 ELSE rotated_at END " +
  "WHERE family = ?1 AND expires_at > ?5 " +
  "AND (current = ?2 OR (previous = ?2 AND current = ?3 AND rotated_at > ?6)) RETURNING user_id";
const END = "DELETE FROM refresh_tokens WHERE family = ?1 AND NOT (COALESCE(previous, '') = ?2 AND rotated_at > ?3)";
const END_SESSIONS = "DELETE FROM refresh_tokens WHERE user_id = ?1";
const END_EXPIRED = "DELETE FROM refresh_tokens WHERE user_id = ?1 AND expires_at <= ?2";
