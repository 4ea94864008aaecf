// Fetches a range of Have I Been Pwned's passwords. The core searches it.

import { readBody } from "./body.js";
import { fetchFrom } from "./fetch.js";

/** Time limit for the response, in milliseconds: a sign-up waits for it. */
const TIMEOUT = 2000;

const SERVICE = "the service of PWNED_PASSWORDS";

/** What else answers 200, such as a page of a proxy, would let each password pass without a word. */
function isRange(range: Uint8Array): boolean {
  return /^[0-9A-F]{35}:\d/i.test(String.fromCharCode(...range.subarray(0, 37)));
}

/** Rejects with an error that does not name the URL. */
export async function fetchRange(url: string, atMost: number): Promise<Uint8Array> {
  try {
    // All ranges have the same length then, also for those who see the encrypted response.
    const response = await fetchFrom(SERVICE, url, { accept: "text/plain", "add-padding": "true" }, TIMEOUT);
    const range = await readBody(response, { atMost });
    if (!range || range.length > atMost || !isRange(range)) throw new Error(`edgegate: ${SERVICE} has not answered with a range`);
    return range;
  } catch (error) {
    const { name, message } = error as Error;
    // An error of the platform may name the URL, which has a part of the hash.
    throw new Error(message.startsWith(`edgegate: ${SERVICE}`) ? message : `edgegate: ${SERVICE} has not answered (${name})`);
  }
}
