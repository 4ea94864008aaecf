import { test } from "node:test";
import { useServer } from "../shared/http.mjs";
import { freePort, serving } from "../shared/run.mjs";

const SERVERS = {
  "Hono on Node": ["hono.js"],
  "Express 5": ["express.js"],
  "Express 4": ["express4.js"],
  "Express behind body parsers, below a path": ["parsed.js", { prefix: "/auth" }],
  "node:http": ["http.js"],
  "CommonJS": ["commonjs.cjs"],
};

for (const [name, [file, options]] of Object.entries(SERVERS)) {
  test(name, async () => {
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    const env = { PORT: String(port), SECRET_KEY: "a secret of the tests, 32 bytes or more", BCRYPT_COST: "10" };
    await serving(process.execPath, ["--no-warnings", file], base, () => useServer(base, options), { cwd: import.meta.dirname, env });
  });
}
