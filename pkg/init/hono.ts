import { Hono } from "hono";
import { createGate } from "edgegate";
import { d1Users } from "edgegate/d1";
import { gate, requireUser } from "edgegate/hono";
import login, { type Env } from "./login";

const app = new Hono<{ Bindings: Env }>();

const users = gate<{ Bindings: Env }>((c) => createGate(c.env, d1Users(c.env.DB)));

// Your routes. Without `requireUser()` a route is for everyone.
app.get("/orders", users, requireUser(), (c) => c.json({ orders: [], of: c.var.user.email }));

// All others are the login's, such as POST /login and GET /me. Hono's types have less than those of Workers.
app.all("*", ({ req, env, executionCtx }) =>
  login.fetch(req.raw as Request<unknown, IncomingRequestCfProperties>, env, executionCtx as ExecutionContext),
);

export default app;
