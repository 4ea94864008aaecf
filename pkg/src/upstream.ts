// Requests to the backend of `UPSTREAM`: those of the core, and those that are handed on.

import type { Turn, UpstreamRequest } from "../wasm/edgegate.js";
import { readBody } from "./body.js";
import type { Handle } from "./instance.js";
import type { Step } from "./turn.js";
import type { WebRequest } from "./web.js";

/** How long the whole answer to the core's own requests may take. */
const ASKED_MILLISECONDS = 10_000;

/** How long the head of the answer to a request that is handed on may take. */
const HANDED_ON_MILLISECONDS = 30_000;

/** The name of this gate in `Via` (RFC 9110 7.6.3). */
const VIA = "1.1 edgegate";

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

/** Sends a request of the core, and answers with what comes back. A failure is reported. */
export async function askUpstream(
  turn: Handle<Turn>,
  { method, url, contentType, authorization, body, atMost }: UpstreamRequest,
  address: string | undefined,
  report: (error: unknown) => void,
): Promise<Step> {
  const headers = new Headers({ accept: "application/json", via: VIA });
  for (const [name, value] of [["content-type", contentType], ["authorization", authorization], ["x-forwarded-for", address]] as const) {
    if (value !== undefined) headers.set(name, value);
  }
  try {
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
export interface HandedOn {
  /** Where to. */
  url: string;
  /** The body, if it was read already. */
  body: Uint8Array<ArrayBuffer> | undefined;
  /** The IP address of the client. */
  address: string | undefined;
}

/**
 * Hands a request on, and returns the answer as it is.
 *
 * @throws {UpstreamError} when there is none, or the request has been here already.
 */
export async function handOn(request: WebRequest, { url, body, address }: HandedOn): Promise<Response> {
  const { method } = request;
  const headers = withoutHop(request.headers as Headers);
  const [via, own] = [headers.get("via"), new URL(request.url)];
  if (via?.split(",").some((hop) => hop.trim() === VIA)) throw new UpstreamError("is this one: the request has been here already");
  headers.set("via", via ? `${via}, ${VIA}` : VIA);
  // The platform decodes what it knows, and the client gets what is decoded.
  headers.set("accept-encoding", "identity");
  headers.set("x-forwarded-host", own.host);
  headers.set("x-forwarded-proto", own.protocol.slice(0, -1));
  // That of the client counts here, not what the client says.
  if (address === undefined) headers.delete("x-forwarded-for");
  else headers.set("x-forwarded-for", address);
  const sent = body ?? (method === "GET" || method === "HEAD" ? undefined : (request.body as ReadableStream | null));
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(new DOMException("the head of the answer is late", "TimeoutError")), HANDED_ON_MILLISECONDS);
  try {
    const init = { method, headers, redirect: "manual", signal: aborter.signal, ...(sent ? { body: sent, duplex: "half" } : {}) } as RequestInit;
    const response = await send(url, init);
    const answered = withoutHop(response.headers);
    for (const name of DECODED) answered.delete(name);
    return new Response(WITHOUT_BODY.includes(response.status) ? null : response.body, { status: response.status, statusText: response.statusText, headers: answered });
  } finally {
    clearTimeout(timer);
  }
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

/** A copy without what belongs to one connection (RFC 9110 7.6.1). */
function withoutHop(headers: Headers): Headers {
  const copy = new Headers(headers);
  for (const name of [...HOP, ...(copy.get("connection") ?? "").split(",")].map((name) => name.trim())) {
    if (/^[\w-]+$/.test(name)) copy.delete(name);
  }
  return copy;
}

const HOP = ["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length", "expect"];

/** What is no longer true of a body that the platform has decoded. */
const DECODED = ["content-encoding", "content-length"];

/** Such an answer has no body (RFC 9110 15). */
const WITHOUT_BODY = [101, 204, 205, 304];
