// Frameworks in front of another backend, in a process of its own: it trusts the certificate, which Node reads at start.

import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createGate } from "edgegate";
import { gate as forExpress } from "edgegate/express";
import { gate as forHono } from "edgegate/hono";
import { memoryUsers } from "edgegate/memory";
import express from "express";
import { Hono } from "hono";

/** What the test sends. */
export interface Behind {
  settings: Record<string, string>;
  form: string;
  /** Only reads the stream of this path, by Express. */
  stream?: string;
}

/** What came back by each framework: the statuses of a right and a wrong login and of `/me`, and the user's address. */
export type Logins = Record<"express" | "express behind a parser" | "hono" | "hono behind a reader", [number, number, number, string]>;

export interface Answered {
  logins: Logins;
  /** The reasons in the log. */
  reasons: string[];
  /** When parts of the stream arrived, in milliseconds, and how it ended. */
  streamed: { times: number[]; ended: string };
}

type Ask = (path: string, init: RequestInit) => Promise<Response>;

process.on("message", async ({ settings, form, stream }: Behind) => {
  const reasons: string[] = [];
  const gate = createGate(settings, memoryUsers(), { log: ({ reason }) => void reasons.push(reason) });
  const use = async (ask: Ask): Promise<Logins["hono"]> => {
    const login = (body: string) => ask("/login", { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) } });
    const right = await login(form);
    const { access_token } = (await right.json()) as { access_token: string };
    const me = await ask("/me", { headers: { authorization: `Bearer ${access_token}` } });
    return [right.status, (await login(`${form}x`)).status, me.status, ((await me.json()) as { email: string }).email];
  };
  const served = async <T = Logins["hono"]>(listener: RequestListener, ask: (ask: Ask) => Promise<T> = use as never) => {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return ask((path, init) => fetch(`${origin}${path}`, init)).finally(() => server.close());
  };
  const app = () => express().use(forExpress(gate));
  const hono = new Hono().use(forHono(() => gate));
  const reading = new Hono().use(async (c, next) => (c.req.method === "POST" ? await c.req.parseBody() : {}, next())).use(forHono(() => gate));
  if (stream !== undefined) {
    const streamed = await served(app() as unknown as RequestListener, (ask) => times(ask, stream));
    return void process.send?.({ logins: {} as Logins, reasons, streamed } satisfies Answered);
  }
  const logins = {
    express: await served(app() as unknown as RequestListener),
    "express behind a parser": await served(express().use(express.urlencoded({ extended: false })).use(forExpress(gate)) as unknown as RequestListener),
    hono: await use(async (path, init) => hono.request(path, init)),
    "hono behind a reader": await use(async (path, init) => reading.request(path, init)),
  };
  // The comparisons come after the answers.
  await new Promise((resolve) => setTimeout(resolve, 500));
  process.send?.({ logins, reasons, streamed: { times: [], ended: "" } } satisfies Answered);
});

async function times(ask: Ask, path: string): Promise<Answered["streamed"]> {
  const response = await ask(path, {});
  const times: number[] = [];
  try {
    for await (const _ of response.body ?? []) times.push(performance.now());
    return { times, ended: "whole" };
  } catch {
    return { times, ended: "broken" };
  }
}
