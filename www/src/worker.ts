import { createGate, type Gate, type Settings } from "edgegate";
import { d1Users } from "edgegate/d1";

interface Env extends Settings {
  DB: D1Database;
  /** `on` if the database has read replication. */
  D1_REPLICAS?: string;
}

let gate: Gate | undefined;

export default {
  async fetch(request, env) {
    try {
      gate ??= createGate(env, d1Users(env.DB, { replicas: env.D1_REPLICAS === "on" }));
    } catch (error) {
      return misconfigured(error);
    }
    return gate.fetch(request, { address: request.headers.get("cf-connecting-ip") ?? undefined });
  },
} satisfies ExportedHandler<Env>;

/** The log says which setting is wrong, and how to mend it. */
function misconfigured(error: unknown): Response {
  const said = error instanceof Error ? error.message : String(error);
  console.error(JSON.stringify({ source: "edgegate", level: "error", reason: "internal", status: 500, error: said }));
  return Response.json({ detail: "Internal Server Error" }, { status: 500, headers: { "cache-control": "no-store" } });
}
