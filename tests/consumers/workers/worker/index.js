import { env } from "cloudflare:workers";
import { createGate } from "edgegate";
import { memoryUsers } from "edgegate/memory";

// Settings are checked here, when the Worker starts. A real one has its users in D1: `d1Users(env.DB)`.
const gate = createGate(env, memoryUsers());

export default {
  async fetch(request) {
    const answer = await gate.fetch(request, { fallThrough: true });
    if (answer) return answer;
    const { user, response } = await gate.requireUser(request);
    return response ?? Response.json({ of: user.email });
  },
};
