// User store in Cloudflare D1.

import type { Session, UserId, UserRow } from "../wasm/edgegate.js";
import type { Columns, RotatedRow, UserStore } from "./store.js";

/** The part of `D1Database` that is used, so that the package does not depend on the types of Workers. */
export interface Database extends Queryable {
  withSession(constraint: "first-unconstrained"): Queryable;
  batch<Row>(statements: Statement[]): Promise<{ results: Row[] }[]>;
}

interface Queryable {
  prepare(sql: string): Statement;
}

interface Statement {
  bind(...values: unknown[]): Statement;
  first<Row>(): Promise<Row | null>;
  all<Row>(): Promise<{ results: Row[] }>;
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
      const near = replicas && !columns.tokenVersion;
      return (near && (await byId(database.withSession("first-unconstrained"), id, columns))) || byId(database, id, columns);
    },
    insertUser: ({ email, password }) => primary(INSERT, email, password).first(),
    replaceHash: async ({ id, old, new: replacement }) => void (await primary(REPLACE, key(id), old, replacement).first()),
    async revokeTokens({ id, withSessions }) {
      const sessions = withSessions ? [primary(END_SESSIONS, key(id))] : [];
      await database.batch([primary(RAISE, key(id)), ...sessions]);
    },
    sessions: {
      async insert({ id, userId, password, tokenVersion, current, now, expiresAt, endsAt, userAgent, address }) {
        const values = [id, key(userId), password, current, now, expiresAt, endsAt, userAgent ?? null, address ?? null];
        const session =
          tokenVersion === undefined ? primary(INSERT_SESSION_OF_ANY, ...values) : primary(INSERT_SESSION_OF_VERSION, ...values, tokenVersion);
        const [, inserted] = await database.batch([primary(END_EXPIRED, key(userId), now), session]);
        return inserted?.results.length === 1;
      },
      rotate: ({ id, old, new: next, sealed, now, expiresAt, graceSince, withTokenVersion }) =>
        primary(withTokenVersion ? ROTATE_WITH_VERSION : ROTATE, id, old, next, sealed, now, expiresAt, graceSince).first<RotatedRow>(),
      async end({ id, old, now, graceSince, isVerified, raiseTokenVersion }) {
        const values = [id, old, graceSince, now, isVerified ? 1 : 0];
        const raise = raiseTokenVersion ? [primary(RAISE_OF_SESSION, ...values)] : [];
        const results = await database.batch<{ expired: number }>([...raise, primary(END, ...values)]);
        return results.at(-1)?.results[0] ?? null;
      },
      delete: async ({ id, userId, knownAs }) =>
        (await primary(DELETE_SESSION, id, userId === undefined ? null : key(userId), knownAs ?? null).first()) !== null,
      list: async ({ userId, now }) => (await primary(LIST, key(userId), now).all<Session>()).results,
    },
  };
}

/**
 * Ids are bound as text, which SQLite converts to an integer in an INTEGER column. A number would be bound as a double,
 * which a TEXT column stores as "7.0".
 */
const key = (id: UserId): string => String(id);

const select = ({ tokenVersion }: Columns, where: string) =>
  `SELECT id, email, password, created_at${tokenVersion ? ", token_version" : ""} FROM users WHERE ${where}`;

const BY_EMAIL = "email = ?1 COLLATE NOCASE";
const BY_ID = "id = ?1";
const REPLACE = "UPDATE users SET password = ?3 WHERE id = ?1 AND password = ?2";
const INSERT =
  "INSERT INTO users (email, password) VALUES (?1, ?2) ON CONFLICT DO NOTHING " +
  "RETURNING id, email, password, created_at";

const RAISE = "UPDATE users SET token_version = token_version + 1 WHERE id = ?1";

// The id is taken from `users`, so that it has the type that it has there: `sessions.user_id` has none.
const OF_USER = "user_id = (SELECT id FROM users WHERE id = ?1)";
const INSERT_SESSION =
  "INSERT INTO sessions (id, user_id, current, created_at, rotated_at, expires_at, ends_at, user_agent, address) " +
  "SELECT ?1, users.id, ?4, ?5, ?5, ?6, ?7, ?8, ?9 FROM users WHERE users.id = ?2 AND password = ?3";
const INSERT_SESSION_OF_ANY = `${INSERT_SESSION} RETURNING id`;
const INSERT_SESSION_OF_VERSION = `${INSERT_SESSION} AND token_version = ?10 RETURNING id`;

const ROTATED = "current = ?2 OR (previous = ?2 AND rotated_at > ?7)";
const ROTATE =
  "UPDATE sessions SET previous = ?2, " +
  "current = CASE WHEN current = ?2 THEN ?3 ELSE current END, " +
  "sealed = CASE WHEN current = ?2 THEN ?4 ELSE sealed END, " +
  "rotated_at = CASE WHEN current = ?2 THEN ?5 ELSE rotated_at END, " +
  "expires_at = CASE WHEN current = ?2 THEN MIN(?6, ends_at) ELSE expires_at END " +
  `WHERE id = ?1 AND expires_at > ?5 AND (${ROTATED}) AND EXISTS (SELECT 1 FROM users WHERE users.id = sessions.user_id) ` +
  "RETURNING user_id, sealed";
const ROTATE_WITH_VERSION = `${ROTATE}, (SELECT token_version FROM users WHERE users.id = sessions.user_id) AS token_version`;

const ENDS = "(?5 = 1 OR previous = ?2) AND NOT (COALESCE(previous, '') = ?2 AND rotated_at > ?3)";
const RAISE_OF_SESSION =
  "UPDATE users SET token_version = token_version + 1 WHERE id = " +
  `(SELECT user_id FROM sessions WHERE id = ?1 AND expires_at > ?4 AND ${ENDS})`;
const END = `DELETE FROM sessions WHERE id = ?1 AND ${ENDS} RETURNING expires_at <= ?4 AS expired`;
const DELETE_SESSION =
  "DELETE FROM sessions WHERE id = ?1 AND (?2 IS NULL OR user_id = (SELECT id FROM users WHERE id = ?2)) " +
  "AND (?3 IS NULL OR ?3 IN (current, previous)) RETURNING id";
const END_SESSIONS = `DELETE FROM sessions WHERE ${OF_USER}`;
const END_EXPIRED = `DELETE FROM sessions WHERE ${OF_USER} AND expires_at <= ?2`;
const LIST =
  "SELECT id, created_at, rotated_at AS last_used_at, expires_at, user_agent, address FROM sessions " +
  `WHERE ${OF_USER} AND expires_at > ?2 ORDER BY rotated_at DESC, id LIMIT 100`;
