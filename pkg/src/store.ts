import type {
  CountedLogin,
  MovedUser,
  NewMailToken,
  NewSession,
  PasswordChange,
  Question,
  Rotation,
  Session,
  SecurityEvent,
  SessionEnd,
  SucceededLogin,
  UserDeletion,
  UserId,
  UserRow,
} from "../wasm/edgegate.js";

export type { CountedLogin, MovedUser, NewMailToken, NewSession, PasswordChange, Rotation, SecurityEvent, Session, SessionEnd, SucceededLogin, UserDeletion } from "../wasm/edgegate.js";

/** The fields of a question of the core. */
type Asked<Ask extends Question["ask"]> = Omit<Extract<Question, { ask: Ask }>, "ask">;

/**
 * The users, in any database. The entries `edgegate/d1`, `sqlite`, `libsql`, `postgres` and `memory` have stores; `edgegate/store-test` checks
 * one of your own. It only executes: all rules are in the core.
 *
 * Every method may reject, and must when the database fails: `null` would mean that there is no such user. The gate then answers 503 and
 * logs the error, so an error must not contain a hash or a token. The gate waits 10 seconds for a method; then it answers in the same way,
 * and ignores what the method returns later. Requests run side by side, so each method must be one statement or one
 * transaction. Letter case is ignored for `A` to `Z` at least.
 *
 * @example
 * ```ts
 * import type { UserStore } from "edgegate";
 *
 * const FROM_USERS = "SELECT id, email, password, created_at FROM users WHERE";
 * const users: UserStore = {
 *   userByEmail: async (email) => (await database.first(`${FROM_USERS} lower(email) = lower(?)`, email)) ?? null,
 *   userById: async (id) => (await database.first(`${FROM_USERS} id = ?`, id)) ?? null,
 *   insertUser: async () => null,
 * };
 * ```
 */
export interface UserStore {
  /** Finds a user by e-mail address, ignoring letter case. It must see the last write. */
  userByEmail(email: string, columns: Columns): Promise<UserRow | null>;
  /** Finds a user by id. With `tokenVersion` it must see the last write. */
  userById(id: UserId, columns: Columns): Promise<UserRow | null>;
  /**
   * Stores a user, or returns `null` when the address is taken, ignoring letter case. If `isUnverified` is set, the column `email_verified` is
   * `FALSE`; it is set only with `EMAIL_VERIFICATION`.
   */
  insertUser(user: NewUser): Promise<UserRow | null>;
  /**
   * Stores a user who comes from another backend, with this `id`, unless a user has the id or the address, ignoring letter case. Without
   * `createdAt` the database sets it. Returns whether it did. Needed for `TRICKLE=on`.
   */
  moveUser?(user: MovedUser): Promise<boolean>;
  /**
   * Replaces the hash of this user if it is still `old`. Called only with `REHASH=on` or `SHADOW=on`. If it rejects, the error is
   * logged and the login succeeds.
   */
  replaceHash?(change: Asked<"replaceHash">): Promise<void>;
  /**
   * Stores a new password if the user still has the hash `old` and, if it is there, the `tokenVersion`. Then it also adds 1 to
   * `token_version` if `tokenVersion` is there, and with `withSessions` deletes the user's sessions in the same transaction. Returns whether
   * it did. With `withMailTokens` it deletes the user's tokens of mails as well, and with `mailToken` it changes nothing unless the user has
   * the token with this hash, as {@link MailTokenStore.user} finds it. A user without a password has the `old` one `""`. Needed for
   * `PASSWORD_CHANGE=on` and `PASSWORD_RECOVERY=on`.
   */
  changePassword?(change: PasswordChange): Promise<boolean>;
  /**
   * Deletes the user, and with `withSessions` the user's sessions in the same transaction, if the user still has this `password` hash and,
   * if it is there, this `tokenVersion`. Returns whether it did. Needed for `ACCOUNT_DELETION=on`.
   */
  deleteUser?(deletion: UserDeletion): Promise<boolean>;
  /**
   * Adds 1 to the user's `token_version`, and with `withSessions` deletes the user's sessions in the same transaction. Needed
   * for `REVOCATION=on`.
   */
  revokeTokens?(change: Asked<"revokeTokens">): Promise<void>;
  /** The tokens of mails. Needed for `PASSWORD_RECOVERY` and `EMAIL_VERIFICATION`. */
  mailTokens?: MailTokenStore;
  /** The sessions. Needed for `REFRESH_TOKEN_EXPIRE_MINUTES`. */
  sessions?: SessionStore;
  /** Inserts a row into the table `audit`. Needed for `AUDIT=on`. If it rejects, the error is logged and the answer is the same. */
  recordEvent?(event: SecurityEvent): Promise<void>;
  /** What is stored about logins. Needed for `LOCKOUT=on`. */
  attempts?: AttemptStore;
}

/**
 * The tokens of mails: the table `mail_tokens`. Times are in seconds since 1970. The documentation of the Rust types
 * `NewMailToken` and `PasswordChange` has the SQL.
 */
export interface MailTokenStore {
  /**
   * Stores the token of the user with this address, ignoring letter case, unless one of the same kind was stored for this address, of
   * whatever user, after `notSince`. One statement. Earlier tokens stay valid: nobody else can end the link of a mail by requesting
   * another one. Returns the address as it is stored, or `null` if it has stored nothing.
   */
  store(token: NewMailToken): Promise<string | null>;
  /**
   * Finds the user for whom the token of the kind `password-recovery` with this `hash` is, with `token_version` if `withTokenVersion` is set: if the token has not expired,
   * and the user still has the address that the user had when it was stored.
   */
  user(of: Asked<"userByMailToken">): Promise<UserRow | null>;
  /**
   * Sets the column `email_verified` of the user for whom the token with this `hash` is, under the conditions of {@link MailTokenStore.user},
   * and deletes the token in the same transaction. Returns whether it did.
   */
  verifyEmail(of: Asked<"verifyEmail">): Promise<boolean>;
}

/** A user to store. */
export type NewUser = Omit<Asked<"insertUser">, "isUnverified"> & Partial<Pick<Asked<"insertUser">, "isUnverified">>;

/** The columns to return besides `id`, `email`, `password` and `created_at`. */
export interface Columns {
  /** `token_version`, an integer; `true` only with `REVOCATION=on`. */
  tokenVersion: boolean;
}

/**
 * The sessions: a row for each, with the hashes of its refresh token and of the previous one. Times are in seconds
 * since 1970. The documentation of the Rust types `NewSession`, `Rotation` and `SessionEnd` has the SQL.
 */
export interface SessionStore {
  /**
   * Stores a session if the user still has this `password` hash and, unless it is `undefined`, this `tokenVersion`, in one
   * statement. Returns whether it did. It may delete the user's expired sessions.
   */
  insert(session: NewSession): Promise<boolean>;
  /**
   * Replaces `old` by `new` in one statement, or repeats the answer to the same use. Returns the session's user, the column
   * `sealed` and, `withTokenVersion`, the user's `token_version`; `null` when `old` is not accepted.
   */
  rotate(rotation: Rotation): Promise<RotatedRow | null>;
  /**
   * Deletes the session, unless `old` was its token until after `graceSince`; without `isVerified` only if `old` was its token before. If it had not expired and `raiseTokenVersion` is
   * set, it adds 1 to the user's `token_version` in the same transaction. Returns whether it had expired; `null` without one.
   */
  end(end: SessionEnd): Promise<{ expired: boolean | number } | null>;
  /**
   * Deletes the session of this name, if it is of this user and `knownAs` is the hash of its token or of the one before, where these
   * are not `undefined`. Returns whether it did.
   */
  delete(session: Asked<"deleteSession">): Promise<boolean>;
  /** The live sessions of the user, the last used first. */
  list(of: Asked<"sessions">): Promise<Session[]>;
}

/** What {@link SessionStore.rotate} returns. */
export interface RotatedRow {
  user_id: UserId;
  sealed: string;
  token_version?: number;
  /** As in the row of a user. Default: `true`. */
  is_active?: boolean | number | string | null;
}

/**
 * The failures of logins and the clients that are known: the table `login_attempts`. `account` and `client` are keyed hashes. The
 * documentation of the Rust types `Question::UserAtLogin`, `CountedLogin` and `SucceededLogin` has the SQL.
 */
export interface AttemptStore {
  /**
   * Finds a user by e-mail address, as {@link UserStore.userByEmail} does, and the row of this account that has not expired: that of
   * `client` if there is one, otherwise that of the client `""`. One statement, which is the same whether there is such a user or not.
   */
  find(login: Asked<"userAtLogin">): Promise<UserAtLogin>;
  /**
   * Counts a login in the row of `client`, before its password is checked, and returns the failures of the row with this one. One statement:
   * of many at once, each gets another number. It may delete expired rows of other accounts.
   */
  count(login: CountedLogin): Promise<number>;
  /**
   * Unless `client` is empty, creates its row or sets its failures to 0, and deletes all other clients of the account but `""` and the four
   * whose rows expire last. Unless `isKnown`, subtracts 1 from the failures of the client `""`. One transaction.
   */
  succeeded(login: SucceededLogin): Promise<void>;
}

/** What {@link AttemptStore.find} returns. */
export interface UserAtLogin {
  /** The user, with `token_version` if `withTokenVersion` is set. */
  user: UserRow | null;
  attempts: AttemptRow | null;
}

/** A row of `login_attempts`. */
export interface AttemptRow {
  client: string;
  failures: number;
  /** In seconds since 1970. */
  failed_at: number;
  /** In seconds since 1970. */
  expires_at: number;
}
