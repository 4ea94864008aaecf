import type { UserRow } from "../wasm/edgegate.js";

/** Where the users are. Every method may reject; the gate then answers 503, and the log says why. */
export interface UserStore {
  /** The user with this address in any letter case. It must see the last write. */
  userByEmail(email: string): Promise<UserRow | null>;
  /** The user with this id. */
  userById(id: number): Promise<UserRow | null>;
  /** Stores the user, or answers `null` when the address is taken in any letter case. */
  insertUser(user: { email: string; password: string }): Promise<UserRow | null>;
  /**
   * Replaces the hash of this user if it is still `old`. Only asked for with the setting `REHASH=on`; what goes wrong is logged
   * and does not keep the user out.
   */
  replaceHash?(change: { id: number; old: string; new: string }): Promise<void>;
}
