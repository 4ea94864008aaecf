// Fetches a range of Have I Been Pwned's passwords. The core searches it.

import { readBody } from "./body.js";
import { fetchFrom } from "./fetch.js";

/** Time limit for the response, in milliseconds: a sign-up waits for it. */
const TIMEOUT = 2000;

const SERVICE = "the service of PWNED_PASSWORDS";

/** Rejects with an error that does not name the URL. */
export async function fetchRange(url: string, atMost: number): Promise<Uint8Array> {
  try {
    // All ranges have the same length then, also for those who see the encrypted response.
    const response = await fetchFrom(SERVICE, url, { accept: "text/plain", "add-padding": "true" }, TIMEOUT);
    return (await readBody(response, { atMost })) ?? new Uint8Array();
  } catch (error) {
    const { name, message } = error as Error;
    // An error of the platform may name the URL, which has a part of the hash.
    throw new Error(message.startsWith(`edgegate: ${SERVICE}`) ? message : `edgegate: ${SERVICE} has not answered (${name})`);
  }
}
