import { createGate, type Gate, type Settings } from "edgegate";
import { d1Users } from "edgegate/d1";

interface Env extends Settings {
  DB: D1Database;
}

let gate: Gate | undefined;

export default {
  fetch(request, env) {
    gate ??= createGate(env, d1Users(env.DB));
    return gate.fetch(request);
  },
} satisfies ExportedHandler<Env>;
