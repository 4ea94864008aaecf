// What a fresh isolate costs before any of its code counts.
export default { fetch: () => new Response("ok") };
