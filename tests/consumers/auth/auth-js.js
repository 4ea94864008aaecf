// Auth.js with a Credentials provider: the gate checks the password.

import { Auth } from "@auth/core";
import Credentials from "@auth/core/providers/credentials";

export const authWith = (gate) => (request) =>
  Auth(request, {
    basePath: "/auth",
    secret: "a secret of the tests, 32 bytes or more",
    trustHost: true,
    logger: { error() {}, warn() {}, debug() {} },
    providers: [
      Credentials({
        credentials: { username: {}, password: {} },
        async authorize({ username, password }) {
          const login = await gate.login({ username, password });
          if (login.outcome === "refused") return null;
          const { user } = await gate.currentUser(`Bearer ${login.access_token}`);
          return { id: String(user.id), email: user.email };
        },
      }),
    ],
  });
