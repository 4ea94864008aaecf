// Fetches a range of Have I Been Pwned's passwords. The core searches it.

import { readBody } from "./body.js";
import { fetchFrom } from "./fetch.js";

/** Time limit for the response, in milliseconds: a sign-up waits for it. */
const TIMEOUT = 2000;

export async function fetchRange(url: string, atMost: number): Promise<Uint8Array> {
  // All ranges have the same length then, also for those who see the encrypted response.
  const response = await fetchFrom("the service of PWNED_PASSWORDS", url, { accept: "text/plain", "add-padding": "true" }, TIMEOUT);
  return (await readBody(response, { atMost })) ?? new Uint8Array();
}
