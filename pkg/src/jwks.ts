// Fetches an identity provider's keys. The core decides when to fetch and how long the keys are used.

import { readBody } from "./body.js";
import { fetchFrom } from "./fetch.js";

/** Time limit for the response, in milliseconds: the verification of a token waits for it. */
const TIMEOUT = 5000;

/** The parts of the response that the core needs. */
export interface JwkSet {
  body: Uint8Array;
  cacheControl: string | undefined;
  age: string | undefined;
}

export async function fetchJwkSet(url: string, atMost: number): Promise<JwkSet> {
  const response = await fetchFrom("the identity provider", url, { accept: "application/jwk-set+json, application/json" }, TIMEOUT);
  return {
    body: (await readBody(response, { atMost })) ?? new Uint8Array(),
    cacheControl: response.headers.get("cache-control") ?? undefined,
    age: response.headers.get("age") ?? undefined,
  };
}
