// With a library that declares them, the platform's own types fit.

import { createGate } from "edgegate";
import { memoryUsers } from "edgegate/memory";

const gate = createGate({}, memoryUsers());

export default {
  fetch: async (request: Request): Promise<Response> => {
    const current = await gate.currentUser(request);
    return current.outcome === "accepted" ? gate.fetch(request) : gate.fetch(new Request(request.url, { headers: request.headers }));
  },
  headers: (request: Request) => gate.currentUser(request.headers),
};
