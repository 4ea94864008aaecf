import type { UserRow, UserStore } from "edgegate";
import { memoryUsers as completeStore } from "edgegate/memory";

/** Users in memory, with the methods that every store has and no others. */
export function memoryUsers(rows: UserRow[] = []): UserStore {
  const { userByEmail, userById, insertUser } = completeStore(rows);
  return { userByEmail, userById, insertUser };
}

export const SECRET_KEY = "a secret of the tests, 32 bytes or more";

/** With sessions, versions of tokens and the lockout, at the least cost of the settings. */
export const COMPLETE = {
  SECRET_KEY,
  BCRYPT_COST: "10",
  RATE_LIMIT: "off",
  LOCKOUT: "on",
  REVOCATION: "on",
  REFRESH_TOKEN_EXPIRE_MINUTES: "60",
};
