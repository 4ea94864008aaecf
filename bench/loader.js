// A Worker that starts another one in a fresh isolate of the same process: the start of a process would take much
// longer than the measured time. `GET /` prepares the modules; any other request goes to a new isolate.

let modules;

export default {
  async fetch(request, env) {
    modules ??= prepare(env);
    if (new URL(request.url).pathname === "/") return new Response("ok");
    const isolate = env.LOADER.get("subject", () => ({
      mainModule: "start.js",
      modules,
      compatibilityDate: "2026-11-01",
      compatibilityFlags: env.NODEJS ? ["nodejs_compat"] : [],
      globalOutbound: null,
    }));
    return isolate.getEntrypoint().fetch(request);
  },
};

/** Each module is a binding of the same name. */
function prepare({ LOADER, NODEJS, ...files }) {
  const modules = { "start.js": START };
  for (const [name, file] of Object.entries(files)) modules[name] = typeof file === "string" ? { js: file } : { wasm: file };
  return modules;
}

/** The measured first responses do not query the database, but the Workers expect the binding. */
const START = `
  import worker from "./worker.js";
  const result = { success: true, results: [], meta: { changes: 0, last_row_id: 0 } };
  const statement = { bind: () => statement, first: async () => null, all: async () => result, run: async () => result };
  const DB = { prepare: () => statement, withSession: () => DB, batch: async () => [], exec: async () => ({}) };
  const env = { SECRET_KEY: "a secret of the tests, 32 bytes or more", DB, VALIDATE_SCHEMA: "no" };
  export default { fetch: (request, _, context) => worker.fetch(request, env, context) };
`;
