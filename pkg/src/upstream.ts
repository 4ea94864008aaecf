// Requests to the backend of `UPSTREAM`: those of the core, and those that are handed on.

import type { HandOn, Turn, UpstreamRequest } from "../wasm/edgegate.js";
import { ClosedError, readBody, type BegunBody } from "./body.js";
import type { Handle } from "./instance.js";
import type { Step } from "./turn.js";
import type { WebHeaders, WebReader, WebRequest } from "./web.js";

/** How long the whole answer to the core's own requests may take. */
const ASKED_MILLISECONDS = 10_000;

/** How long the head of the answer to a request that is handed on may take, where the client does not determine it by its upload. */
const HANDED_ON_MILLISECONDS = 100_000;

/** The backend has not answered. The message has nothing of the request, whose body may be a password. */
export class UpstreamError extends Error {
  override name = "UpstreamError";
  constructor(
    message: string,
    readonly isTimeout = false,
  ) {
    super(`edgegate: the backend of UPSTREAM ${message}`);
  }
}

/** For whom the core asks. */
export interface AskedFor {
  /** The IP address of the client. */
  address?: string | undefined;
  /** The value of `Via` of the client's request. */
  via?: string | undefined;
}

/** Sends a request of the core, and answers with what comes back. A failure is reported. */
export async function askUpstream(turn: Handle<Turn>, { method, url, contentType, authorization, body, atMost }: UpstreamRequest, { address, via }: AskedFor, report: (error: unknown) => void): Promise<Step> {
  try {
    const headers = new Headers({ accept: "application/json", via: nextVia(via, url) });
    if (contentType !== undefined) headers.set("content-type", contentType);
    if (authorization !== undefined) headers.set("authorization", authorization);
    if (isAddress(address)) headers.set("x-forwarded-for", address);
    const signal = AbortSignal.timeout(ASKED_MILLISECONDS);
    const response = await send(url, { method, headers, signal, redirect: "manual", ...(body === "" ? {} : { body }) });
    const answered = await readBody(response, { atMost }).catch((error: unknown) => Promise.reject(failure(error)));
    return turn.call((turn) => turn.answerUpstream(response.status, answered ?? new Uint8Array()));
  } catch (error) {
    report(error);
    return turn.call((turn) => (error instanceof UpstreamError && error.isTimeout ? turn.answerTimedOut() : turn.answerUnavailable()));
  }
}

/** A request that is handed on. */
export interface HandedOn extends Pick<HandOn, "url" | "base"> {
  /** The body, as far as it was read already. */
  body: BegunBody | undefined;
  /** The IP address of the client. */
  address: string | undefined;
  /** The path below which the routes are. */
  prefix: string | undefined;
}

/**
 * Hands a request on, and returns the answer as it is.
 *
 * @throws {UpstreamError} when there is none, or the request has been here already.
 */
export async function handOn(request: WebRequest, { url, base, body, address, prefix = "" }: HandedOn): Promise<Response> {
  const { method } = request;
  const own = new URL(request.url);
  const headers = withoutHop(copied(request.headers));
  // Some servers take `_` for `-`.
  for (const name of [...headers.keys()]) if (OF_CLIENTS.includes(name.replaceAll("_", "-"))) headers.delete(name);
  headers.set("via", nextVia(headers.get("via") ?? undefined, url));
  // The platform decodes what it knows, and the client gets what is decoded.
  headers.set("accept-encoding", "identity");
  headers.set("x-forwarded-host", own.host);
  headers.set("x-forwarded-proto", own.protocol.slice(0, -1));
  if (isAddress(address)) headers.set("x-forwarded-for", address);
  const stream = streamOf(request, body);
  const sent = stream ?? (body && body.bytes.length > 0 ? (body.bytes as Uint8Array<ArrayBuffer>) : undefined);
  const aborter = new AbortController();
  // Who uploads determines how long it takes.
  const timer = stream ? undefined : setTimeout(() => aborter.abort(new DOMException("the head of the answer is late", "TimeoutError")), HANDED_ON_MILLISECONDS);
  const signal = request.signal instanceof AbortSignal ? AbortSignal.any([request.signal, aborter.signal]) : aborter.signal;
  try {
    const init = { method, headers, redirect: "manual", signal, ...(sent ? { body: sent, duplex: "half" } : {}) } as RequestInit;
    const mount = new URL(prefix, own.origin).pathname.replace(/\/+$/, "");
    return answerOf(await send(url, init), method, (location) => here(location, base, `${own.origin}${mount}`));
  } catch (error) {
    throw request.signal?.aborted ? new ClosedError("edgegate: the client has closed the request", { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** A response of this platform that can be changed, and has what the backend has answered. */
function answerOf(response: Response, method: string, here: (location: string) => string): Response {
  const { status, statusText, body } = response;
  const headers = withoutHop(response.headers);
  const isEmpty = method === "HEAD" || WITHOUT_BODY.includes(status);
  // Of a body that the platform has decoded this is not true any more.
  const isDecoded = !isEmpty && isDecodedHere(headers.get("content-encoding") ?? "");
  if (isDecoded) headers.delete("content-encoding");
  const length = response.headers.get("content-length");
  // Of an answer that has no body it says how long that of another request would be (RFC 9110 8.6).
  if (length !== null && (method === "HEAD" || status === 304)) headers.set("content-length", length);
  const location = headers.get("location");
  if (location !== null) headers.set("location", here(location));
  try {
    return new Response(isEmpty ? null : body, { status, statusText, headers });
  } catch {
    throw new UpstreamError(`has answered the status ${status}`);
  }
}

/** Redirects within the other backend, such as those for a slash, stay at this one. */
function here(location: string, base: string, own: string): string {
  const at = location.replace(/^http:/i, "https:");
  return at.startsWith(base) && /^([/?#]|$)/.test(at.slice(base.length)) ? own + at.slice(base.length) : location;
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw failure(error);
  }
}

/** Errors of the platform may name the URL. */
function failure(error: unknown): UpstreamError {
  const { name, cause } = error as { name?: unknown; cause?: { code?: unknown; name?: unknown } };
  const isLate = [name, cause?.name].includes("TimeoutError") || /^UND_ERR_\w+_TIMEOUT$/.test(String(cause?.code));
  if (isLate) return new UpstreamError("has not answered in time", true);
  const code = /^\w+$/.exec(String(cause?.code ?? name))?.[0] ?? "unknown";
  return new UpstreamError(`cannot be reached (${code})`);
}

/**
 * The value of `Via` of the next request (RFC 9110 7.6.3). The name is that of the way to one backend: another gate may be behind this one.
 *
 * @throws {UpstreamError} when the request has gone that way already.
 */
function nextVia(via: string | undefined, url: string): string {
  const own = `1.1 edgegate-for-${new URL(url).host}`;
  const hops = via?.split(",").map((hop) => hop.trim()) ?? [];
  if (hops.includes(own)) throw new UpstreamError("is this one: the request has been here already");
  return [...hops, own].join(", ");
}

/** The address of a client is what the platform says, and a header field of the next request. */
function isAddress(address: string | undefined): address is string {
  return address !== undefined && /^[0-9a-f.:]{2,45}$/i.test(address);
}

/** @throws {TypeError} for header fields that cannot be listed. */
function copied(headers: WebHeaders): Headers {
  const { entries } = headers as { entries?: () => Iterable<[string, string]> };
  if (typeof entries !== "function") throw new TypeError("edgegate: SHADOW needs requests whose header fields have `entries()`");
  const copy = new Headers();
  for (const [name, value] of entries.call(headers)) copy.append(name, value);
  return copy;
}

/** What is sent as it arrives; `undefined` for a body that was read, and for none. */
function streamOf({ method, body }: WebRequest, begun: BegunBody | undefined): ReadableStream | undefined {
  if (method === "GET" || method === "HEAD" || !body) return undefined;
  if (!begun) return body instanceof ReadableStream ? body : read(body.getReader());
  return begun.reader && read(begun.reader, begun.bytes);
}

/** Bodies of adapters have a reader only. */
function read(reader: WebReader, first?: Uint8Array): ReadableStream {
  return new ReadableStream({
    start: (controller) => first && controller.enqueue(first),
    async pull(controller) {
      const { done, value } = await reader.read();
      done ? controller.close() : controller.enqueue(value);
    },
    cancel: () => reader.cancel(),
  });
}

/** A copy without what belongs to one connection (RFC 9110 7.6.1). */
function withoutHop(headers: Headers): Headers {
  const copy = new Headers(headers);
  for (const name of [...HOP, ...(copy.get("connection") ?? "").split(",")].map((name) => name.trim())) {
    if (/^[\w-]+$/.test(name)) copy.delete(name);
  }
  return copy;
}

const HOP = ["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length", "expect"];

/** What a proxy says of its client, and a client could say of itself. */
const OF_CLIENTS = [
  ...["forwarded", "x-forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-proto"],
  ...["x-forwarded-scheme", "x-forwarded-server", "x-forwarded-ssl", "x-original-forwarded-for", "x-original-host", "x-original-url"],
  ...["x-rewrite-url", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip", "cf-connecting-ipv6"],
  ...["fastly-client-ip", "fly-client-ip", "x-azure-clientip", "x-vercel-forwarded-for", "x-envoy-external-address"],
];

/** workerd decodes these two alone, and others what they know all of. */
function isDecodedHere(encoding: string): boolean {
  const isWorkerd = globalThis.navigator?.userAgent === "Cloudflare-Workers";
  return isWorkerd ? /^(gzip|br)$/.test(encoding) : /^(x-gzip|gzip|deflate|br)(\s*,\s*(x-gzip|gzip|deflate|br))*$/i.test(encoding);
}

/** Such an answer has no body (RFC 9110 15). */
const WITHOUT_BODY = [204, 205, 304];
