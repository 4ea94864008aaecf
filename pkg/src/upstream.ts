// Requests to the backend of `UPSTREAM`: those of the core, and those that are handed on.

import type { HandOn, Turn, UpstreamRequest } from "../wasm/edgegate.js";
import { readBody } from "./body.js";
import type { Handle } from "./instance.js";
import type { Step } from "./turn.js";
import type { WebBody, WebHeaders, WebRequest } from "./web.js";

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
  /** The body, if it was read already. */
  body: Uint8Array<ArrayBuffer> | undefined;
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
  for (const name of OF_CLIENTS) headers.delete(name);
  headers.set("via", nextVia(headers.get("via") ?? undefined, url));
  // The platform decodes what it knows, and the client gets what is decoded.
  headers.set("accept-encoding", "identity");
  headers.set("x-forwarded-host", own.host);
  headers.set("x-forwarded-proto", own.protocol.slice(0, -1));
  if (isAddress(address)) headers.set("x-forwarded-for", address);
  const stream = body || method === "GET" || method === "HEAD" || !request.body ? undefined : streamOf(request.body);
  const sent = body && body.length > 0 ? body : stream;
  const aborter = new AbortController();
  const timer = stream ? undefined : setTimeout(() => aborter.abort(new DOMException("the head of the answer is late", "TimeoutError")), HANDED_ON_MILLISECONDS);
  request.signal?.addEventListener("abort", () => aborter.abort(new DOMException("the client has closed the request", "AbortError")));
  try {
    const init = { method, headers, redirect: "manual", signal: aborter.signal, ...(sent ? { body: sent, duplex: "half" } : {}) } as RequestInit;
    return answerOf(await send(url, init), method, (location) => here(location, base, `${own.origin}${prefix.replace(/\/+$/, "")}`));
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
  const isDecoded = !isEmpty && DECODED.test(headers.get("content-encoding") ?? "identity");
  if (isDecoded) headers.delete("content-encoding");
  const length = response.headers.get("content-length");
  if (isEmpty && length !== null) headers.set("content-length", length);
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
  if ([name, cause?.name].includes("TimeoutError")) return new UpstreamError("has not answered in time", true);
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

/** Bodies of adapters have a reader only. */
function streamOf(body: WebBody): ReadableStream {
  if (body instanceof ReadableStream) return body;
  const reader = body.getReader();
  return new ReadableStream({
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
  ...["forwarded", "x-forwarded-for", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server", "x-real-ip", "x-client-ip", "x-cluster-client-ip"],
  ...["true-client-ip", "cf-connecting-ip", "cf-connecting-ipv6", "fastly-client-ip"],
];

/** The encodings that platforms decode. */
const DECODED = /^(identity|x-gzip|gzip|deflate|br)(\s*,|$)/i;

/** Such an answer has no body (RFC 9110 15). */
const WITHOUT_BODY = [204, 205, 304];
