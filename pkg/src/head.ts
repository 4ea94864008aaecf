// Reads the head of a request: that of the platform, or of a framework.

import { isText, text } from "./argument.js";
import type { WebHeaders, WebRequest } from "./web.js";

/** The header fields of Node's requests, and of frameworks upon them. */
export interface NodeHeaders {
  readonly [name: string]: string | readonly string[] | undefined;
}

/** A request of Node, Express, Fastify or Koa. */
export interface NodeRequest {
  readonly method?: string | undefined;
  /** The path and the query; `originalUrl` is that before a router has removed its own path. */
  readonly url?: string | undefined;
  readonly originalUrl?: string | undefined;
  readonly headers: NodeHeaders;
  /** `http` or `https`. Default: whether the socket is encrypted. */
  readonly protocol?: string | undefined;
  readonly socket?: object | undefined;
}

/** A request of Hono. */
export interface HonoRequest {
  readonly raw: WebRequest;
}

/** A context of Hono. */
export interface HonoContext {
  readonly req: HonoRequest;
}

/** What decides whether a cookie authenticates a request: method, URL, and the values of `Cookie`, `Origin` and `Sec-Fetch-Site`. */
export type CookieHead = [string, string, string | undefined, string | undefined, string | undefined];

/** Method, URL, and the values of `Content-Type` and `Authorization`. */
export function headOf({ method, url, headers }: WebRequest): [string, string, string | undefined, string | undefined] {
  return [text("method", method), text("url", url), field(headers, "content-type"), field(headers, "authorization")];
}

/** The values of `Cookie`, `Origin` and `Sec-Fetch-Site`. */
export function cookieFields(headers: WebHeaders): [string | undefined, string | undefined, string | undefined] {
  return [field(headers, "cookie"), field(headers, "origin"), field(headers, "sec-fetch-site")];
}

/** The values of `Access-Control-Request-Method` and `Access-Control-Request-Headers`. */
export function preflightFields(headers: WebHeaders): [string | undefined, string | undefined] {
  return [field(headers, "access-control-request-method"), field(headers, "access-control-request-headers")];
}

/** The value of `Authorization`. A value of another type has none. */
export function authorizationOf(from: unknown): string | undefined {
  if (isText(from)) return from;
  try {
    const value = valueOf(headersOf(from), "authorization");
    return isText(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `undefined` for what is no request: headers alone do not tell the method and the origin. */
export function cookieHeadOf(from: unknown): CookieHead | undefined {
  try {
    const request = requestOf(from) as Partial<WebRequest> & NodeRequest;
    const { method, headers } = request;
    if (!isText(method)) return undefined;
    const [cookie, origin, fetchSite] = ["cookie", "origin", "sec-fetch-site"].map((name) => {
      const value = valueOf(headers, name);
      return isText(value) ? value : undefined;
    });
    const url = urlOf(request);
    return isText(url) ? [method, url, cookie, origin, fetchSite] : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The absolute URL of a request. Behind a proxy, `protocol` is right if the framework trusts the proxy. Node accepts any text as `Host`,
 * and `*` as the path of `OPTIONS`.
 */
export function urlOf({ url = "/", originalUrl = url, headers, protocol, socket }: NodeRequest): string {
  if (!originalUrl.startsWith("/") && URL.canParse(originalUrl)) return originalUrl;
  const scheme = protocol ?? (socket && "encrypted" in socket && socket.encrypted ? "https" : "http");
  // HTTP/2 has no `Host`.
  const host = valueOf(headers, "host") ?? valueOf(headers, ":authority");
  const isHost = isText(host) && /^[^/?#\\@]+$/.test(host) && URL.canParse(`${scheme}://${host}`);
  return `${scheme}://${isHost ? host : "localhost"}${originalUrl.startsWith("/") ? "" : "/"}${originalUrl}`;
}

/** The value of a header field. Node joins all but `Set-Cookie` itself. */
export function valueOf(headers: unknown, name: string): unknown {
  const { get } = headers as WebHeaders;
  const value: unknown = typeof get === "function" ? (headers as WebHeaders).get(name) : (headers as NodeHeaders)[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? undefined);
}

/** Not by `instanceof`: a request may be of another realm, or of a library. */
function headersOf(from: unknown): unknown {
  const request = requestOf(from);
  return (request as { headers?: unknown }).headers ?? request;
}

/** A context of Hono has the request in `req`, and that has the platform's in `raw`. */
function requestOf(from: unknown): unknown {
  const { headers, req, raw } = from as { headers?: unknown; req?: unknown; raw?: unknown };
  if (headers !== undefined) return from;
  if (req !== undefined) return requestOf(req);
  return raw === undefined ? from : raw;
}

function field(headers: WebHeaders, name: string): string | undefined {
  const value = headers.get(name) ?? undefined;
  return value === undefined ? undefined : text(name, value);
}
