// An identity provider's keys, fetched. When, and how long they count, is decided in the core.

import { readBody } from "./body.js";

/** How long the provider may take, in milliseconds: a login waits for it. */
const TIMEOUT = 5000;

/** What the core wants to know of the response. */
export interface JwkSet {
  body: Uint8Array;
  cacheControl: string | undefined;
  age: string | undefined;
}

/** Rejects unless the provider itself answers 200: a redirect could lead away from it. */
export async function fetchJwkSet(url: string, atMost: number): Promise<JwkSet> {
  const headers = { accept: "application/jwk-set+json, application/json" };
  const response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT) });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`edgegate: the identity provider answered ${response.status}`);
  }
  return {
    body: await readBody(response, atMost),
    cacheControl: response.headers.get("cache-control") ?? undefined,
    age: response.headers.get("age") ?? undefined,
  };
}
