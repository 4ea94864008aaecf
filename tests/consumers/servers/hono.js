import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { gate, requireUser } from "edgegate/hono";
import { own } from "./gate.js";

const app = new Hono();
app.use(gate(own));
app.get("/orders", requireUser(), (c) => c.json({ of: c.var.user.email }));

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env.PORT) });
