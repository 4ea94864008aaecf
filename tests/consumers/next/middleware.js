// Guards the paths below /guarded: a token is verified before the route is reached.

import { verifyToken } from "edgegate/token";

export const config = { matcher: "/guarded/:path*" };

export async function middleware(request) {
  const token = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
  const verdict = await verifyToken(token, { SECRET_KEY: process.env.SECRET_KEY });
  if (verdict.outcome === "refused") return Response.json({ detail: "Could not validate credentials" }, { status: 401 });
}
