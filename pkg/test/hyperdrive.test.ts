// The store of PostgreSQL on workerd, through a Hyperdrive binding, with a connection for each call.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { postgresSchema } from "edgegate/postgres";
import { Client } from "pg";
import { createTestHarness } from "wrangler";
import { postgresServer, type PostgresServer } from "./postgres.ts";
import { SECRET_KEY } from "./users.ts";

let server: PostgresServer;
before(async () => {
  server = await postgresServer();
  const client = new Client({ connectionString: server.url });
  await client.connect();
  await client.query(Object.values(postgresSchema()).join(""));
  await client.end();
});
after(() => server.stop());

const CONNECT = {
  postgres: `
    import postgres from "postgres";
    const connect = (env) => () => postgres(env.HYPERDRIVE.connectionString, { max: 1, fetch_types: false });`,
  pg: `
    import { Client } from "pg";
    const connect = (env) => async () => {
      const client = new Client({ connectionString: env.HYPERDRIVE.connectionString });
      await client.connect();
      return client;
    };`,
};

for (const [driver, connect] of Object.entries(CONNECT)) {
  test(`requests to a Worker do not share a connection of ${driver}`, async () => {
    const contents = `
      import { createGate } from "edgegate";
      import { postgresUsers } from "edgegate/postgres";
      ${connect}
      let gate;
      export default {
        fetch(request, env) {
          gate ??= createGate(env, postgresUsers(connect(env)));
          return gate.fetch(request);
        },
      };`;
    // Below this folder, so that the packages are found.
    const folder = mkdtempSync(join(import.meta.dirname, ".hyperdrive-"));
    writeFileSync(join(folder, "worker.js"), contents);
    const worker = createTestHarness({
      workers: [{
        config: {
          name: "hyperdrive",
          main: join(folder, "worker.js"),
          compatibility_date: "2026-11-01",
          compatibility_flags: ["nodejs_compat"],
          hyperdrive: [{ binding: "HYPERDRIVE", id: "0".repeat(32), localConnectionString: server.url }],
          vars: { SECRET_KEY, BCRYPT_COST: 10, REGISTRATION: "open", REVOCATION: "on", REFRESH_TOKEN_EXPIRE_MINUTES: 60 },
        },
      }],
    });
    try {
      await worker.listen();
      const [email, password] = [`${driver}@example.com`, "correct horse"];
      const post = (path: string, body: string, headers = {}) => worker.fetch(path, { method: "POST", body, headers });
      const created = await post("/users", JSON.stringify({ email, password }), { "content-type": "application/json" });
      assert.equal(created.status, 201, await created.clone().text());
      const logins = await Promise.all([1, 2, 3].map(async () => {
        const response = await post("/login", String(new URLSearchParams({ username: email, password })), { "content-type": "application/x-www-form-urlencoded" });
        assert.equal(response.status, 200);
        return (await response.json()) as { access_token: string };
      }));
      const authorization = `Bearer ${logins[0]?.access_token}`;
      const me = async () => (await worker.fetch("/me", { headers: { authorization } })).status;
      assert.equal(await me(), 200);
      assert.equal((await post("/logout", "", { authorization })).status, 204);
      assert.equal(await me(), 401, "a transaction has revoked the token");
    } finally {
      await worker.close();
      rmSync(folder, { recursive: true });
    }
  });
}
