// The parts of the Fetch API that the public types use. The names `Request` and `Headers` would need the DOM library, `@types/node` or
// `@cloudflare/workers-types`, and those of one are not those of another.

/** The headers of a request. Every `Headers` is one. */
export interface WebHeaders {
  get(name: string): string | null;
}

/** A request. Every `Request` is one: of the platform, of `undici`, of Next or of Workers. */
export interface WebRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: WebHeaders;
  readonly body: WebBody | null;
  readonly signal?: WebSignal;
}

/** A `ReadableStream` of bytes. */
export interface WebBody {
  getReader(): WebReader;
}

/** A reader of a `ReadableStream`. */
export interface WebReader {
  read(): Promise<{ done: boolean; value?: unknown }>;
  cancel(): Promise<void>;
}

/** An `AbortSignal`. */
export interface WebSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Keeps the request alive until the promise settles, as `ctx.waitUntil` of Workers does. */
export type WaitUntil = (promise: Promise<unknown>) => unknown;

/** What a `Response` has where its type is not declared. */
export interface PlainResponse {
  readonly status: number;
  readonly headers: WebHeaders;
  json(): Promise<unknown>;
  text(): Promise<string>;
}

/** The `Response` of the platform, if a library declares it. */
export type WebResponse = typeof globalThis extends { Response: { prototype: infer Declared } } ? Declared : PlainResponse;
