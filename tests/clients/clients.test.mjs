// Clients that are generated from the document of a running Worker log in there.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const { urls, python } = JSON.parse(process.env.EDGEGATE_CLIENTS);
const sources = import.meta.dirname;
// Below the packages that the programs import.
const folder = join(sources, "generated");
const PASSWORD = "correct horse battery";
let people = 0;
const freshEmail = () => `client${(people += 1)}.${process.pid}@example.org`;

async function run(file, args, options) {
  try {
    return (await promisify(execFile)(file, args, options)).stdout;
  } catch (error) {
    throw new Error(`${file} ${args.join(" ")}\n${error.stdout}\n${error.stderr}`);
  }
}

/** Generates the types of a Worker, compiles the program that uses them with all checks, and loads it. */
async function typescript(worker, program) {
  const project = join(folder, worker);
  await rm(project, { recursive: true, force: true });
  await mkdir(join(project, "generated"), { recursive: true });
  await cp(join(sources, program), join(project, program));
  const bin = (name) => join(sources, "node_modules", name);
  await run(process.execPath, [bin("openapi-typescript/bin/cli.js"), `${urls[worker]}/openapi.json`, "--output", "generated/schema.ts"], { cwd: project });
  // Without the types of packages that are installed further up.
  const options = ["--typeRoots", "generated", "--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "nodenext", "--outDir", "out"];
  await run(process.execPath, [bin("typescript/bin/tsc"), ...options, program], { cwd: project });
  return import(pathToFileURL(join(project, "out", program.replace(/ts$/, "js"))).href);
}

test("openapi-typescript and openapi-fetch", async () => {
  const { signUp, refused } = await typescript("bare", "login.ts");
  const email = freshEmail();
  const { created, me } = await signUp(urls.bare, email, PASSWORD);
  assert.equal(me.email, email);
  assert.deepEqual(me, created);
  assert.deepEqual(await refused(urls.bare, email), [403, "Invalid Credentials"]);
});

test("openapi-typescript, with refresh tokens", async () => {
  const { sessionsAfterRefresh } = await typescript("all", "sessions.ts");
  const email = freshEmail();
  const headers = { "content-type": "application/json" };
  const { status } = await fetch(`${urls.all}/users`, { method: "POST", headers, body: JSON.stringify({ email, password: PASSWORD }) });
  assert.equal(status, 201);
  assert.equal(await sessionsAfterRefresh(urls.all, email, PASSWORD), 1);
});

for (const worker of ["bare", "all"]) {
  test(`openapi-python-client, of the Worker \`${worker}\``, async () => {
    const project = join(folder, `python-${worker}`);
    await rm(project, { recursive: true, force: true });
    await mkdir(project, { recursive: true });
    const generate = ["generate", "--url", `${urls[worker]}/openapi.json`, "--meta", "none", "--output-path", "generated", "--fail-on-warning"];
    // The generator runs ruff.
    const env = { ...process.env, PATH: `${join(python, "bin")}:${process.env.PATH}`, PYTHONDONTWRITEBYTECODE: "1" };
    await run(join(python, "bin/openapi-python-client"), generate, { cwd: project, env });
    await cp(join(sources, "login.py"), join(project, "login.py"));
    const email = freshEmail();
    const printed = await run(join(python, "bin/python"), ["login.py", urls[worker], email, PASSWORD], { cwd: project, env });
    assert.equal(printed.trim(), email);
  });
}
