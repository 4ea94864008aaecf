// User store in Cloudflare D1.

import type { UserId, UserRow } from "../wasm/edgegate.js";
import type { Columns, UserStore } from "./store.js";

/** The part of `D1Database` that is used, so that the package does not depend on the types of Workers. */
export interface Database extends Queryable {
  withSession(constraint: "first-unconstrained"): Queryable;
  batch(statements: Statement[]): Promise<unknown>;
}

interface Queryable {
  prepare(sql: string): Statement;
}

interface Statement {
  bind(...values: unknown[]): Statement;
  first<Row>(): Promise<Row | null>;
}

/** Options of {@link d1Users}. */
export interface D1Options {
  /**
   * Reads the user of a token from the nearest replica, and from the primary if the replica does not have the user, who
   * may be new. For databases with read replication. Without it, every read goes to the primary, which is faster where
   * the primary is near. Default: false.
   */
  replicas?: boolean;
}

/**
 * A user store in a D1 table `users(id, email, password, created_at)`. The project's migrations create it, and the columns and
 * tables that some settings need.
 *
 * Every query goes to the primary, unless `replicas` is set.
 *
 * @example
 * ```ts
 * import { createGate } from "edgegate";
 * import { d1Users } from "edgegate/d1";
 *
 * const gate = createGate(env, d1Users(env.DB));
 * const response = await gate.fetch(request);
 * ```
 */
export function d1Users(database: Database, { replicas = false }: D1Options = {}): UserStore {
  const primary = (sql: string, ...values: unknown[]) => database.prepare(sql).bind(...values);
  const byId = (from: Queryable, id: UserId, columns: Columns) =>
    from.prepare(select(columns, BY_ID)).bind(key(id)).first<UserRow>();

  return {
    userByEmail: (email, columns) => primary(select(columns, BY_EMAIL), email).first(),
    async userById(id, columns) {
      // A replica may not have the last revocation yet.
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
 * Ids are bound as text, which SQLite converts to an integer in an INTEGER column. A number would be bound as a double,
 * which a TEXT column stores as "7.0".
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

// MAX, because two logouts in one second may arrive in any order.
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
