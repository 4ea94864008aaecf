// The block is the code of a Worker: it is compiled here, and runs on workerd.

import { createGate, type Settings } from "edgegate";
import { postgresSchema, postgresUsers } from "edgegate/postgres";
import { Client } from "pg";
import { postgresServer } from "../../pkg/test/postgres.ts";
import { assertGuarded, block, logIn } from "../../tests/documents/support/run.mts";
import { onWorkerd } from "../../tests/documents/support/workerd.mts";
// BLOCK *import*

export function compiled(env: Settings & { HYPERDRIVE: { connectionString: string } }) {
  // BLOCK
  return gate;
}

const server = await postgresServer();
const client = new Client({ connectionString: server.url });
await client.connect();
await client.query(Object.values(postgresSchema()).join(""));
await client.end();
const { ask, close } = await onWorkerd(
  `
  import { env } from "cloudflare:workers";
  import { createGate } from "edgegate";
  import { postgresUsers } from "edgegate/postgres";
  ${block(blocks, 0, "ts").code}
  const answer = (request) => gate.fetch(request);`,
  { hyperdrive: [{ binding: "HYPERDRIVE", id: "0".repeat(32), localConnectionString: server.url }] },
);
const token = await logIn(ask);
// Several requests at once: each has a connection of its own.
const me = await (await ask("/me", { headers: { authorization: `Bearer ${token}` } })).json();
await Promise.all([1, 2, 3].map(() => assertGuarded(ask, "/me", token, me)));
await close();
await server.stop();
