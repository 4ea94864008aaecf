// The same routes, table and cost as edgegate's Worker, with Hono, jose and bcryptjs as their guides show.

import bcrypt from "bcryptjs";
import { Hono } from "hono";
import { jwtVerify, SignJWT } from "jose";

const app = new Hono();

app.post("/login", async (c) => {
  const form = await c.req.parseBody();
  const user = await c.env.DB.prepare("SELECT id, password FROM users WHERE email = ?1 COLLATE NOCASE")
    .bind(form.username)
    .first();
  if (!user || !(await bcrypt.compare(form.password, user.password))) {
    return c.json({ detail: "Invalid Credentials" }, 403);
  }
  const access_token = await new SignJWT({ user_id: user.id })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setExpirationTime("30m")
    .sign(key(c.env));
  return c.json({ access_token, token_type: "bearer" });
});

app.get("/me", async (c) => {
  const claims = await claimsOf(c);
  const user =
    claims &&
    (await c.env.DB.prepare("SELECT id, email, created_at FROM users WHERE id = ?1").bind(claims.user_id).first());
  return user ? c.json(user) : unauthorized(c);
});

app.get("/token", async (c) => {
  const claims = await claimsOf(c);
  return claims ? c.json({ user_id: claims.user_id }) : unauthorized(c);
});

export default app;

let encoded;
const key = (env) => (encoded ??= new TextEncoder().encode(env.SECRET_KEY));

async function claimsOf(c) {
  const [scheme, token] = (c.req.header("authorization") ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer" || !token) return null;
  try {
    return (await jwtVerify(token, key(c.env), { algorithms: ["HS256"] })).payload;
  } catch {
    return null;
  }
}

const unauthorized = (c) =>
  c.json({ detail: "Could not validate credentials" }, 401, { "www-authenticate": "Bearer" });
