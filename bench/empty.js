// A Worker without code: the cost of the isolate itself.
export default { fetch: () => new Response("ok") };
