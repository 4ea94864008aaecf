import { createGate, type Gate, type Settings } from "edgegate";
import { d1Users } from "edgegate/d1";

interface Env extends Settings {
  DB: D1Database;
  /** `on` if the database has read replication. */
  D1_REPLICAS?: string;
}

let gate: Gate | undefined;

export default {
  fetch(request, env) {
    gate ??= createGate(env, d1Users(env.DB, { replicas: env.D1_REPLICAS === "on" }));
    return gate.fetch(request, { address: request.headers.get("cf-connecting-ip") ?? undefined });
  },
} satisfies ExportedHandler<Env>;
