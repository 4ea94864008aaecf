// Middleware for Hono.

import type { User } from "../wasm/edgegate.js";
import type { Context, Env, MiddlewareHandler } from "hono";
import type { Gate } from "./gate.js";
import type { WaitUntil, WebRequest } from "./web.js";

/** Options of {@link gate}. */
export interface GateOptions<E extends Env = Env> {
  /** The path below which the routes are: with `/auth`, the login is at `/auth/login`. Default: none. */
  prefix?: string;
  /**
   * The IP address of the client, for the rate limit of clients and for the list of sessions. Hono's `getConnInfo(c).remote.address` is it, unless a proxy is in between.
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
 * @param of The gate, or a function that creates it. On Workers the settings are in `c.env`: the function is called once for each `env`, and
 *   elsewhere once.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { createGate } from "edgegate";
 * import { d1Users } from "edgegate/d1";
 * import { gate, requireUser } from "edgegate/hono";
 *
 * const app = new Hono<{ Bindings: Env }>();
 * app.use(gate<{ Bindings: Env }>((c) => createGate(c.env, d1Users(c.env.DB))));
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
    const response = await gate.fetch(await unread(c), {
      prefix,
      address: address?.(c),
      waitUntil: waitUntilOf(c),
      fallThrough: true,
    });
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
    const key = bindingsOf(c.env) ?? create;
    let gate = created.get(key);
    if (!gate) created.set(key, (gate = create(c)));
    return gate;
  };
}

/** What is different for each request, in the `env` that Hono's adapters for Node, Deno, Lambda and Netlify create. */
const OF_A_REQUEST = ["incoming", "remoteAddr", "event", "context"];

/** The `env` of a deployment, as Workers and tests give it. Elsewhere there is none, or one for each request. */
function bindingsOf(env: unknown): object | undefined {
  if (typeof env !== "object" || env === null) return undefined;
  // The adapter for Cloudflare Pages copies the bindings for each request.
  if ("eventContext" in env) return bindingsOf((env.eventContext as { env?: unknown }).env);
  return Object.keys(env).length === 0 || OF_A_REQUEST.some((name) => name in env) ? undefined : env;
}

/** Where there is no such context, Hono throws. */
function waitUntilOf<E extends Env>(c: Context<E>): WaitUntil | undefined {
  try {
    const { executionCtx } = c;
    return (promise) => executionCtx.waitUntil(promise);
  } catch {
    return undefined;
  }
}

/** Another middleware may have read the body, which Hono then keeps. */
async function unread({ req }: Context): Promise<WebRequest> {
  const { raw } = req;
  if (!raw.bodyUsed) return raw;
  // A form that is encoded again has another boundary, and so another type.
  const { body, headers: encoded } = req.bodyCache.formData ? new Response(await req.formData()) : new Response(await req.arrayBuffer());
  const headers = new Headers(raw.headers);
  const type = encoded.get("content-type");
  if (type) headers.set("content-type", type);
  return { method: raw.method, url: raw.url, headers, signal: raw.signal, body };
}
