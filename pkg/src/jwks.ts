// Fetches an identity provider's keys. The core decides when to fetch and how long the keys are used.

import { readBody } from "./body.js";

/** Time limit for the response, in milliseconds: the verification of a token waits for it. */
const TIMEOUT = 5000;

/** The parts of the response that the core needs. */
export interface JwkSet {
  body: Uint8Array;
  cacheControl: string | undefined;
  age: string | undefined;
}

/** Rejects unless the URL itself answers 200. Redirects are refused, because they may lead to another host. */
export async function fetchJwkSet(url: string, atMost: number): Promise<JwkSet> {
  const headers = { accept: "application/jwk-set+json, application/json" };
  const response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT) });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`edgegate: the identity provider answered ${response.status}`);
  }
  return {
    body: (await readBody(response, { atMost })) ?? new Uint8Array(),
    cacheControl: response.headers.get("cache-control") ?? undefined,
    age: response.headers.get("age") ?? undefined,
  };
}
