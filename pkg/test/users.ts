import type { UserRow, UserStore } from "edgegate";

/** Users in memory, with the rules of a store. */
export function memoryUsers(rows: UserRow[] = []): UserStore {
  const byEmail = (email: string) => rows.find((row) => row.email.toLowerCase() === email.toLowerCase()) ?? null;
  return {
    userByEmail: async (email) => byEmail(email),
    userById: async (id) => rows.find((row) => row.id === id) ?? null,
    async insertUser(user) {
      if (byEmail(user.email)) return null;
      const row = { id: rows.length + 1, created_at: "2021-08-29T00:00:00Z", token_version: 0, ...user };
      rows.push(row);
      return row;
    },
  };
}

export const SECRET_KEY = "a secret of the tests, 32 bytes or more";
