// better-auth as its guide for D1 sets it up: e-mail with password, sessions in the database, its own default hash.

import { betterAuth } from "better-auth";

let auth;

export default {
  fetch(request, env) {
    auth ??= betterAuth({
      baseURL: "http://127.0.0.1",
      secret: env.SECRET_KEY,
      database: env.DB,
      emailAndPassword: { enabled: true },
      // One client sends everything here.
      rateLimit: { enabled: false },
      telemetry: { enabled: false },
      // The measure of a fresh isolate has no database to be checked.
      advanced: { database: { validateSchema: env.VALIDATE_SCHEMA !== "no" } },
    });
    return auth.handler(request);
  },
};
