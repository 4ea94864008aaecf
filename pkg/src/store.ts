import type { Question, Rotation, Session, UserId, UserRow } from "../wasm/edgegate.js";

/** What the core wants a store to do, as the core states it. */
type Asked<Ask extends Question["ask"]> = Omit<Extract<Question, { ask: Ask }>, "ask">;

/** Where the users are. Every method may reject; the gate then answers 503, and the log says why. */
export interface UserStore {
  /** The user with this address in any letter case. It must see the last write. */
  userByEmail(email: string, columns: Columns): Promise<UserRow | null>;
  /** The user with this id. With `validAfter`, it must see the last write. */
  userById(id: UserId, columns: Columns): Promise<UserRow | null>;
  /** Stores the user, or answers `null` when the address is taken in any letter case. */
  insertUser(user: Asked<"insertUser">): Promise<UserRow | null>;
  /**
   * Replaces the hash of this user if it is still `old`. Only asked for with the setting `REHASH=on`; what goes wrong is logged
   * and does not keep the user out.
   */
  replaceHash?(change: Asked<"replaceHash">): Promise<void>;
  /** Sets `tokens_valid_after`, and deletes the user's sessions if asked to. For the setting `REVOCATION=on`. */
  revokeTokens?(change: Asked<"revokeTokens">): Promise<void>;
  /** Where sessions are. For the setting `REFRESH_TOKEN_EXPIRE_MINUTES`. */
  sessions?: SessionStore;
}

/** What is wanted beside the four columns that every table has. */
export interface Columns {
  /** `tokens_valid_after`, which must then be a number or `null`; only with the setting `REVOCATION=on`. */
  validAfter: boolean;
}

/** Where sessions are: for each a row with hashes of its refresh token and of the one before. Times are in seconds since 1970. */
export interface SessionStore {
  /** Stores a session. What the user has left of expired ones may go. */
  insert(session: Session): Promise<void>;
  /**
   * Puts `new` in the place of `old`, in one statement, and answers whose session it is: if it has not expired, and `old` is its
   * token, or was it until after `graceSince` and `new` is it now. Else `null`.
   */
  rotate(rotation: Rotation): Promise<UserId | null>;
  /** Deletes the session, unless `old` was its token until after `graceSince`. */
  end(rotation: Rotation): Promise<void>;
}
