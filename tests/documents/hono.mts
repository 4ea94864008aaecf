// The block is the code of a Worker: it is compiled here, and runs on workerd.

import type { Database } from "edgegate/d1";
import { createGate, type Settings } from "edgegate";
import { d1Users } from "edgegate/d1";
import { Hono } from "hono";
import { assertGuarded, block, logIn } from "../../tests/documents/support/run.mts";
import { onWorkerd } from "../../tests/documents/support/workerd.mts";
// BLOCK *import*

type Env = Settings & { DB: Database };

export function compiled(app: Hono<{ Bindings: Env }>): void {
  // BLOCK
}

const { ask, close } = await onWorkerd(`
  import { createGate } from "edgegate";
  import { d1Users } from "edgegate/d1";
  import { Hono } from "hono";
  const app = new Hono();
  ${block(blocks, 0, "ts").code}
  const answer = (request, env, context) => app.fetch(request, env, context);`);
const token = await logIn(ask);
await assertGuarded(ask, "/orders", token, { of: "ada@example.com" });
await close();
