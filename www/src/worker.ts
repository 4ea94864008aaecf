import { createGate, type Gate, type Limiter, type Settings } from "edgegate";
import { d1Users } from "edgegate/d1";
import { schemes } from "edgegate/schemes";

interface Env extends Settings {
  DB: D1Database;
  /** Counts the requests of a client. */
  CLIENT_LIMITER?: Limiter;
  /** Counts the logins with an e-mail address. */
  ACCOUNT_LIMITER?: Limiter;
  /** `on` if the database has read replication. */
  D1_REPLICAS?: string;
}

let gate: Gate | undefined;

export default {
  async fetch(request, env, ctx) {
    try {
      gate ??= createGate(env, d1Users(env.DB, { replicas: env.D1_REPLICAS === "on" }), {
        limiters: { client: env.CLIENT_LIMITER, account: env.ACCOUNT_LIMITER },
        schemes,
      });
    } catch (error) {
      return misconfigured(error);
    }
    const [address, requestId] = ["cf-connecting-ip", "cf-ray"].map((name) => request.headers.get(name) ?? undefined);
    const waitUntil = (promise: Promise<unknown>) => ctx.waitUntil(promise);
    return secured(await gate.fetch(request, { address, requestId, waitUntil }));
  },
} satisfies ExportedHandler<Env>;

/** Those of `public/_headers`, which Cloudflare adds to files only. */
function secured(response: Response): Response {
  response.headers.set("strict-transport-security", "max-age=31536000; includeSubDomains");
  response.headers.set("x-content-type-options", "nosniff");
  response.headers.set("referrer-policy", "no-referrer");
  return response;
}

/** The log says which setting is wrong, and how to mend it. */
function misconfigured(error: unknown): Response {
  const said = error instanceof Error ? error.message : String(error);
  console.error(JSON.stringify({ source: "edgegate", level: "error", reason: "internal", status: 500, error: said }));
  return Response.json({ detail: "Internal Server Error" }, { status: 500, headers: { "cache-control": "no-store" } });
}
