// Middleware for Hono.

import type { User } from "../wasm/edgegate.js";
import type { Context, Env, MiddlewareHandler } from "hono";
import type { Gate } from "./gate.js";
import type { WebRequest } from "./web.js";

/** Options of {@link gate}. */
export interface GateOptions<E extends Env = Env> {
  /** The path below which the routes are: with `/auth`, the login is at `/auth/login`. Default: none. */
  prefix?: string;
  /**
   * The IP address of the client, for the list of sessions. Hono's `getConnInfo(c).remote.address` is it, unless a proxy is in between.
   * Default: none.
   */
  address?: (c: Context<E>) => string | undefined;
}

/** What {@link gate} sets. */
export interface GateVariables {
  gate: Gate;
}

/** What {@link requireUser} sets. */
export interface UserVariables {
  user: User;
}

/**
 * Answers the routes of a gate, such as `POST /login` and `GET /me`, and lets other requests through.
 *
 * @param of The gate, or a function that creates it. On Workers the settings are in `c.env`: the function is called once for each `env`.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { createGate } from "edgegate";
 * import { d1Users } from "edgegate/d1";
 * import { gate, requireUser } from "edgegate/hono";
 *
 * const app = new Hono<{ Bindings: Env }>();
 * app.use(gate((c) => createGate(c.env, d1Users(c.env.DB))));
 * app.get("/orders", requireUser(), (c) => c.json({ orders: [], of: c.var.user.email }));
 * ```
 */
export function gate<E extends Env>(
  of: Gate | ((c: Context<E>) => Gate),
  { prefix, address }: GateOptions<E> = {},
): MiddlewareHandler<E & { Variables: GateVariables }> {
  const gateOf = typeof of === "function" ? oncePerEnv(of) : () => of;
  return async (context, next) => {
    const c = context as unknown as Context<E>;
    const gate = gateOf(c);
    context.set("gate", gate);
    const response = await gate.fetch(await unread(c), { prefix, address: address?.(c), fallThrough: true });
    if (response) return response as Response;
    await next();
    return undefined;
  };
}

/**
 * Lets only requests with a valid token through, and sets `c.var.user`. Any other request is answered as `GET /me` answers it.
 *
 * @param of The gate. Default: that of {@link gate}, which must be used before.
 */
export function requireUser(of?: Gate): MiddlewareHandler<{ Variables: UserVariables }> {
  return async (c, next) => {
    const gate = of ?? (c.get("gate" as never) as Gate | undefined);
    if (!gate) throw new TypeError("edgegate: requireUser() needs a gate: use gate() before it, or give it one");
    const { user, response } = await gate.requireUser(c.req.raw);
    if (response) return response as Response;
    c.set("user", user);
    await next();
    return undefined;
  };
}

function oncePerEnv<E extends Env>(create: (c: Context<E>) => Gate): (c: Context<E>) => Gate {
  const created = new WeakMap<object, Gate>();
  return (c) => {
    // Only Workers has an `env` for each deployment. Elsewhere Hono creates one for each request, or none.
    const env: unknown = c.env;
    const key = isBindings(env) ? env : create;
    let gate = created.get(key);
    if (!gate) created.set(key, (gate = create(c)));
    return gate;
  };
}

/** Node's server gives each request an `env` of its own, with `incoming` and `outgoing`. */
function isBindings(env: unknown): env is object {
  return typeof env === "object" && env !== null && !("incoming" in env);
}

/** Another middleware may have read the body, which Hono then keeps. */
async function unread(c: Context): Promise<WebRequest> {
  const { raw } = c.req;
  if (!raw.bodyUsed) return raw;
  const { body } = new Response(await c.req.arrayBuffer());
  return { method: raw.method, url: raw.url, headers: raw.headers, signal: raw.signal, body };
}
