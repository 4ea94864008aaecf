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
      // All requests come from one client, which the rate limit would block.
      rateLimit: { enabled: false },
      telemetry: { enabled: false },
      // The measure of a fresh isolate has no database to check.
      advanced: { database: { validateSchema: env.VALIDATE_SCHEMA !== "no" } },
    });
    return auth.handler(request);
  },
};
