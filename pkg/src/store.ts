import type { Question, Rotation, Session, UserId, UserRow } from "../wasm/edgegate.js";

/** The fields of a question of the core. */
type Asked<Ask extends Question["ask"]> = Omit<Extract<Question, { ask: Ask }>, "ask">;

/** The users. Every method may reject; the gate then answers 503 and logs the error. */
export interface UserStore {
  /** Finds a user by e-mail address, ignoring letter case. It must see the last write. */
  userByEmail(email: string, columns: Columns): Promise<UserRow | null>;
  /** Finds a user by id. With `validAfter` it must see the last write. */
  userById(id: UserId, columns: Columns): Promise<UserRow | null>;
  /** Stores a user, or returns `null` when the address is taken, ignoring letter case. */
  insertUser(user: Asked<"insertUser">): Promise<UserRow | null>;
  /**
   * Replaces the hash of this user if it is still `old`. Called only with `REHASH=on`. If it rejects, the error is
   * logged and the login succeeds.
   */
  replaceHash?(change: Asked<"replaceHash">): Promise<void>;
  /** Sets `tokens_valid_after`, and deletes the user's sessions if `withSessions`. Needed for `REVOCATION=on`. */
  revokeTokens?(change: Asked<"revokeTokens">): Promise<void>;
  /** The sessions. Needed for `REFRESH_TOKEN_EXPIRE_MINUTES`. */
  sessions?: SessionStore;
}

/** The columns to return besides `id`, `email`, `password` and `created_at`. */
export interface Columns {
  /** `tokens_valid_after`, in seconds since 1970 or `null`; `true` only with `REVOCATION=on`. */
  validAfter: boolean;
}

/**
 * The sessions: a row for each, with the hashes of its refresh token and of the previous one. Times are in seconds
 * since 1970.
 */
export interface SessionStore {
  /** Stores a session. It may delete the user's expired sessions. */
  insert(session: Session): Promise<void>;
  /**
   * Replaces `old` by `new` in one statement and returns the id of the session's user. The session must not have
   * expired, and `old` must be its token, or must have been its token until after `graceSince` with `new` as its token
   * now. Otherwise it returns `null`. The documentation of the Rust type `Rotation` has the SQL.
   */
  rotate(rotation: Rotation): Promise<UserId | null>;
  /** Deletes the session, unless `old` was its token until after `graceSince`. */
  end(rotation: Rotation): Promise<void>;
}
