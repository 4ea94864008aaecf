// Middleware for Express, and for servers that call `(request, response, next)` as Express does.

import type { User } from "../wasm/edgegate.js";
import type { Gate } from "./gate.js";
import { urlOf, valueOf, type NodeRequest } from "./head.js";
import type { WebBody, WebHeaders, WebRequest, WebResponse } from "./web.js";

/** What the middleware needs of a request. Those of Express 4, Express 5 and Node have it. */
export interface ExpressRequest extends NodeRequest {
  /** The path at which the router is mounted. */
  readonly baseUrl?: string;
  /** What a body parser has read. */
  readonly body?: unknown;
  /** The IP address of the client, by Express's setting `trust proxy`. */
  readonly ip?: string | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
  readonly readableDidRead?: boolean;
  [Symbol.asyncIterator](): AsyncIterator<unknown, unknown, undefined>;
}

/** What the middleware needs of a response. */
export interface ExpressResponse {
  statusCode: number;
  readonly writableEnded: boolean;
  setHeader(name: string, value: string | string[]): unknown;
  end(body?: string | Uint8Array): unknown;
  on(event: "close", listener: () => void): unknown;
  once(event: "close" | "drain", listener: () => void): this;
  write(chunk: Uint8Array): boolean;
  readonly destroyed: boolean;
  destroy(error?: unknown): unknown;
}

/** A middleware. */
export type ExpressHandler = (request: ExpressRequest, response: ExpressResponse, next: (error?: unknown) => void) => void;

/** Options of {@link gate}. */
export interface GateOptions {
  /** The path below which the routes are, after that of the router. Default: none. */
  prefix?: string;
}

/**
 * Answers the routes of a gate, such as `POST /login` and `GET /me`, and lets other requests through. Mounted at a path, as by
 * `app.use("/auth", gate(own))`, the routes are below it.
 *
 * It may stand before or behind a body parser. Behind one, the body is what the parser has made of it: the parser answers a body that
 * it cannot read, and its limits count.
 *
 * @example
 * ```ts
 * import express from "express";
 * import { createGate } from "edgegate";
 * import { sqliteUsers } from "edgegate/sqlite";
 * import { gate, requireUser } from "edgegate/express";
 *
 * const own = createGate(process.env, sqliteUsers(database));
 * const app = express();
 * app.use(gate(own));
 * app.get("/orders", requireUser(own), (request, response) => {
 *   response.json({ orders: [], of: userOf(request).email });
 * });
 * ```
 */
export function gate(own: Gate, { prefix = "" }: GateOptions = {}): ExpressHandler {
  return (request, response, next) => {
    const answer = async () => {
      const answered = await own.fetch(webRequest(request, response), {
        prefix: `${request.baseUrl ?? ""}${prefix}`,
        address: request.ip ?? request.socket?.remoteAddress,
        fallThrough: true,
      });
      if (answered) await send(answered, response);
      else next();
    };
    answer().catch(next);
  };
}

/**
 * Lets only requests with a valid token through, and sets `request.user`, which {@link userOf} returns with its type. Any other request
 * is answered as `GET /me` answers it.
 */
export function requireUser(own: Gate): ExpressHandler {
  return (request, response, next) => {
    const answer = async () => {
      const required = await own.requireUser(request);
      if (required.response) return send(required.response, response);
      (request as { user?: User }).user = required.user;
      next();
    };
    answer().catch(next);
  };
}

/**
 * Returns the user that {@link requireUser} has set.
 *
 * @throws {TypeError} when the request has not passed {@link requireUser}.
 */
export function userOf(request: object): User {
  const { user } = request as { user?: User };
  if (user === undefined) throw new TypeError("edgegate: the request has no user: use requireUser() before");
  return user;
}

function webRequest(request: ExpressRequest, response: ExpressResponse): WebRequest {
  const { method = "GET", headers } = request;
  const read = request.readableDidRead ? parsedBody(request) : undefined;
  const get = (name: string): string | null => {
    const value = name === "content-type" && read ? read.contentType : valueOf(headers, name);
    return typeof value === "string" ? value : null;
  };
  function* entries(): Generator<[string, string]> {
    for (const name of Object.keys(headers)) {
      const value = get(name);
      // HTTP/2 has fields that are none of HTTP/1. A body that was parsed has no encoding and no digest any more.
      if (value !== null && !name.startsWith(":") && !(read && OF_BODY.includes(name))) yield [name, value];
    }
  }
  const closed = new AbortController();
  // `close` comes after every response too.
  response.on("close", () => {
    if (!response.writableEnded) closed.abort();
  });
  return { method, url: urlOf(request), headers: { get, entries } as WebHeaders, body: method === "GET" || method === "HEAD" ? null : bodyOf(read ? [read.bytes] : request), signal: closed.signal };
}

/** A stream of a body. It does not destroy the request when the rest of the body is not wanted: the response could not be sent. */
function bodyOf(chunks: AsyncIterable<unknown> | Iterable<unknown>): WebBody {
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  return {
    getReader: () => ({
      async read() {
        const { done, value } = await iterator.next();
        return { done: done ?? false, value };
      },
      cancel: async () => {},
    }),
  };
}

/** The body that a parser has read, encoded again. What no parser has parsed is empty. */
function parsedBody({ body, headers }: ExpressRequest): { bytes: Uint8Array; contentType: string | undefined } {
  const sent = valueOf(headers, "content-type");
  const contentType = typeof sent === "string" ? sent : undefined;
  const encoded = (text: string, type = contentType) => ({ bytes: new TextEncoder().encode(text), contentType: type });
  if (body instanceof Uint8Array) return { bytes: body, contentType };
  if (typeof body === "string") return encoded(body);
  if (typeof body !== "object" || body === null) return encoded("");
  if (!/^\s*(application\/x-www-form-urlencoded|multipart\/form-data)/i.test(contentType ?? "")) return encoded(JSON.stringify(body));
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) {
    for (const text of Array.isArray(value) ? value : [value]) if (typeof text === "string") form.append(name, text);
  }
  return encoded(form.toString(), "application/x-www-form-urlencoded");
}

/** What is true of a body as it was sent. */
const OF_BODY = ["content-encoding", "content-length", "digest", "content-digest", "repr-digest", "content-md5"];

async function send(answered: WebResponse, response: ExpressResponse): Promise<void> {
  const { status, headers, body } = answered as Response;
  response.statusCode = status;
  for (const [name, value] of headers) if (name !== "set-cookie") response.setHeader(name, value);
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) response.setHeader("set-cookie", cookies);
  if (body) await sendBody(body.getReader(), response);
  else response.end();
}

/** A body that is there as a whole has a length. Another one is sent as it arrives, and not faster than the client takes it. */
async function sendBody(reader: ReadableStreamDefaultReader<Uint8Array>, response: ExpressResponse): Promise<void> {
  try {
    const first = await reader.read();
    if (first.done) return void response.end();
    const second = reader.read();
    const soon = new Promise<boolean>((resolve) => setImmediate(() => resolve(false)));
    if (await Promise.race([second.then(({ done }) => done, () => false), soon])) return void response.end(first.value);
    await written(first.value, response);
    for (let chunk = await second; !chunk.done; chunk = await reader.read()) {
      if (!(await written(chunk.value, response))) return void reader.cancel().catch(() => {});
    }
    response.end();
  } catch (error) {
    // The head is on its way.
    response.destroy(error);
  }
}

/** Whether the client is still there. */
async function written(chunk: Uint8Array, response: ExpressResponse): Promise<boolean> {
  if (!response.write(chunk) && !response.destroyed) {
    await new Promise<void>((resolve) => void response.once("drain", resolve).once("close", resolve));
  }
  return !response.destroyed;
}
