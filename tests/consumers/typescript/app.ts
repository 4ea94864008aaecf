import express from "express";
import { Hono } from "hono";
import { createGate, hashPassword, verifyToken, type Gate, type Settings, type TokenReason, type UserStore } from "edgegate";
import * as forExpress from "edgegate/express";
import * as forHono from "edgegate/hono";
import { memoryUsers } from "edgegate/memory";
import { verifyPassword } from "edgegate/password";
import { issueToken } from "edgegate/token";

interface Role {
  role: string;
}

const settings: Settings = { SECRET_KEY: "a secret of the tests, 32 bytes or more", BCRYPT_COST: 10 };
const users: UserStore = memoryUsers();
export const gate: Gate = createGate(settings, users, { log: ({ reason }) => console.log(reason), claims: (user) => ({ role: user.email }) });

export async function roleOf(token: string): Promise<string | undefined> {
  const verdict = await verifyToken<Role>(token, settings);
  // @ts-expect-error a refused verdict has no claims
  void verdict.claims;
  return verdict.outcome === "accepted" ? verdict.claims.role : undefined;
}

export function isStale(reason: TokenReason): boolean {
  // @ts-expect-error no such reason
  if (reason === "exprired") return true;
  return reason === "expired" || reason === "revoked";
}

export async function handle(request: Request): Promise<Response> {
  const answer = await gate.fetch(request, { prefix: "/auth", fallThrough: true });
  if (answer) return answer;
  const { user, response } = await gate.requireUser(request);
  if (response) return response;
  return new Response(user.email);
}

export const hono = new Hono()
  .use(forHono.gate(gate, { prefix: "/auth" }))
  .get("/orders", forHono.requireUser(), (c) => c.json({ of: c.var.user.email }));

export const app = express().use("/auth", forExpress.gate(gate));
app.get("/orders", forExpress.requireUser(gate), async (request, response) => {
  const current = await gate.currentUser(request);
  response.json({ of: forExpress.userOf(request).email, outcome: current.outcome });
});

export const passwords = { hash: hashPassword, verify: verifyPassword, issue: () => issueToken(7, settings, { expireMinutes: 5 }) };
// @ts-expect-error no such option
void issueToken(7, settings, { lifetime: 5 });
