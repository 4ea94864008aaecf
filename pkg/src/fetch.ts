// Fetches what a service publishes.

/**
 * Rejects unless the URL itself answers 200 in time. Redirects are refused, because they may lead to another host.
 *
 * @param who Names the service, for the error.
 */
export async function fetchFrom(who: string, url: string, headers: Record<string, string>, milliseconds: number): Promise<Response> {
  const response = await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(milliseconds) });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`edgegate: ${who} answered ${response.status}`);
  }
  return response;
}
