import { Hono } from "hono";
import { createGate } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { gate, requireUser } from "edgegate/hono";

// A real Worker has its users in D1: `createGate(c.env, d1Users(c.env.DB))`.
const users = memoryUsers();

const app = new Hono();
app.use(gate((c) => createGate(c.env, users)));
app.get("/orders", requireUser(), (c) => c.json({ of: c.var.user.email }));

export default app;
