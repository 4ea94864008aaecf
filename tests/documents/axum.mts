// The program of the block, compiled with the crates that the stage `axum` has compiled, and the commands that use it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { block, commands, freePort, SECRET_KEY, succeeds } from "../../tests/documents/support/run.mts";

const ROOT = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(import.meta.dirname, "axum-"));
const port = await freePort();
const { code } = block(blocks, 0, "rust");
// The lines that rustdoc hides. A crate has the attribute for its features, and this program none.
const program = code.replace(/^# #\[cfg\(.*\n/gm, "").replace(/^# fn main\(\) \{\}\n/m, "").replace(/^# /gm, "");
assert(program.includes('"127.0.0.1:3000"'));
writeFileSync(join(folder, "main.rs"), program.replace("127.0.0.1:3000", `127.0.0.1:${port}`));

const messages = await succeeds("cargo test --quiet -p edgegate-axum -p example-axum --no-run --message-format=json", { cwd: ROOT });
const libraries = new Map<string, string>();
for (const line of messages.split("\n").filter((line) => line.startsWith('{"reason":"compiler-artifact"'))) {
  const { target, filenames, profile } = JSON.parse(line) as { target: { name: string; kind: string[] }; filenames: string[]; profile: { test: boolean } };
  const library = filenames.find((file) => file.endsWith(".rlib"));
  if (library && !profile.test) libraries.set(target.name, library);
}
const extern = ["axum", "edgegate_axum", "sqlx", "tokio"].map((name) => `--extern ${name}=${libraries.get(name) ?? assert.fail(name)}`);
const deps = join(libraries.get("axum") ?? "", "..");
await succeeds(`rustc --edition 2024 main.rs -o program -L dependency=${deps} ${extern.join(" ")}`, { cwd: folder });

const server = spawn(join(folder, "program"), { cwd: folder, stdio: "inherit", env: { ...process.env, SECRET_KEY, REGISTRATION: "open", BCRYPT_COST: "10" } });
try {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await fetch(`http://127.0.0.1:${port}/auth/me`).then(() => true, () => false)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const [signUp = "", login = "", hello = "", ...others] = commands(block(blocks, 1, "sh"));
  assert.deepEqual(others, []);
  const run = (command: string) => succeeds(command.replace("localhost:3000", `127.0.0.1:${port}`), { cwd: folder });
  assert.equal((JSON.parse(await run(signUp)) as { email: string }).email, "ada@example.com");
  const { access_token, token_type } = JSON.parse(await run(login)) as { access_token: string; token_type: string };
  assert.equal(token_type, "bearer");
  assert.equal(await run(hello.replace("ey...", access_token)), "Hello ada@example.com");
} finally {
  const ended = once(server, "exit");
  server.kill();
  await ended;
}
rmSync(folder, { recursive: true });
