// A route that needs only a token, with edgegate. The counterpart is /token in ../hono.

import { verifyToken } from "edgegate";

export default {
  async fetch(request, env) {
    const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
    const verdict = scheme.toLowerCase() === "bearer" && token ? await verifyToken(token, env) : undefined;
    if (verdict?.outcome === "accepted") return Response.json({ user_id: verdict.claims.user_id });
    return Response.json(
      { detail: "Could not validate credentials" },
      { status: 401, headers: { "www-authenticate": "Bearer" } },
    );
  },
};
