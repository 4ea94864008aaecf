import type { UserRow, UserStore } from "edgegate";
import { memoryUsers as completeStore } from "edgegate/memory";

/** Users in memory, with the methods that every store has and no others. */
export function memoryUsers(rows: UserRow[] = []): UserStore {
  const { userByEmail, userById, insertUser } = completeStore(rows);
  return { userByEmail, userById, insertUser };
}

export const SECRET_KEY = "a secret of the tests, 32 bytes or more";
