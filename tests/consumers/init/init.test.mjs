// `npx edgegate init` of the packed package, and what it makes.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { createTestHarness } from "wrangler";
import { useServer } from "../shared/http.mjs";
import { freePort, run, serving } from "../shared/run.mjs";

const installed = join(import.meta.dirname, "node_modules");
const CLI = join(installed, "edgegate/dist/cli.js");
const WRANGLER = join(installed, "wrangler/bin/wrangler.js");
const { version } = JSON.parse(readFileSync(join(installed, "edgegate/package.json"), "utf8"));
/** The packages that the projects get. */
const group = JSON.parse(readFileSync(join(import.meta.dirname, "package.json"), "utf8"));

const folder = mkdtempSync(join(tmpdir(), "edgegate-init-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function init(args, { cwd = folder, status = 0 } = {}) {
  const ran = spawnSync(process.execPath, [CLI, "init", ...args], { cwd, encoding: "utf8" });
  assert.equal(ran.status, status, ran.stdout + ran.stderr);
  return ran;
}

const text = (...path) => readFileSync(join(folder, ...path), "utf8");
const secretOf = (path) => /^SECRET_KEY=([0-9a-f]{64})$/m.exec(text(path))?.[1];
const filesBelow = (path) => readdirSync(join(folder, path), { recursive: true }).filter((name) => statSync(join(folder, path, name)).isFile()).sort();

/** The same install for all projects. */
const share = (project) => symlinkSync(installed, join(folder, project, "node_modules"));

const isAlone = spawnSync("unshare", ["--user", "--map-root-user", "--net", "ip", "link", "set", "lo", "up"]).status === 0;

/** Runs the commands of a project in a network without any other machine, or, where that is not allowed, in that of this one. */
async function runOffline(project) {
  const asked = join(folder, `${project}.asked`);
  const args = [join(import.meta.dirname, "offline.mjs"), join(folder, project), asked];
  const output = isAlone
    ? await run("unshare", ["--user", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", process.execPath, ...args])
    : await run(process.execPath, args);
  assert.equal(existsSync(asked) ? readFileSync(asked, "utf8") : "", "", "hosts that were asked");
  return output;
}

test("a new project is installed from its manifest; then `npm run dev` and `npm test` work without a network", async () => {
  const { stdout, stderr } = init(["my-login"]);
  assert.match(stdout, /\n {2}cd my-login\n {2}npm install\n {2}npm run dev .*\n {2}npm test /);
  assert.match(text("my-login/wrangler.jsonc"), /"name": "my-login",[^]*"database_name": "my-login",/);
  assert.doesNotMatch(text("my-login/wrangler.jsonc"), /edgegate/);
  assert(filesBelow("my-login/src").every((name) => !/d1 create edgegate|"database_name": "edgegate"/.test(text("my-login/src", name))));
  assert.equal(statSync(join(folder, "my-login/.dev.vars")).mode & 0o777, 0o600);
  const secret = secretOf("my-login/.dev.vars");
  assert(secret && !`${stdout}${stderr}`.includes(secret));
  assert(filesBelow("my-login").filter((name) => text("my-login", name).includes(secret)).join() === ".dev.vars");
  assert.match(text("my-login/.gitignore"), /^\.dev\.vars\*\n!\.dev\.vars\.example$/m);
  assert.match(text("my-login/.dev.vars.example"), /^SECRET_KEY="" #/);

  // All of them are run below; those of the second block need an account.
  const [commands] = text("my-login/README.md").split("```sh\n").slice(1).map((block) => block.split("```")[0]);
  assert.deepEqual(commands.trim().split("\n").map((line) => line.split("#")[0].trim()), ["npm install", "npm run dev", "npm test", "npm run check"]);

  // The packages of this group are those that a project gets, in the versions of its lock file.
  const manifest = JSON.parse(text("my-login/package.json"));
  assert.deepEqual([manifest.dependencies, manifest.devDependencies], [{ edgegate: version }, group.devDependencies]);
  const packed = await run("npm", ["pack", join(installed, "edgegate"), "--silent", "--pack-destination", folder]);
  manifest.dependencies.edgegate = `file:../${packed}`;
  writeFileSync(join(folder, "my-login/package.json"), JSON.stringify(manifest));
  cpSync(join(import.meta.dirname, "package-lock.json"), join(folder, "my-login/package-lock.json"));
  await run("npm", ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: join(folder, "my-login") });
  assert(!existsSync(join(folder, "my-login/node_modules/hono")));

  const output = await runOffline("my-login");
  assert.match(output, /^# pass 3$/m);
  assert.match(output, /^# fail 0$/m);
  await run("npm", ["run", "check"], { cwd: join(folder, "my-login") });
});

test("--hono makes one with Hono and a guarded route", async () => {
  init(["apps/with-hono", "--hono"]);
  share("apps/with-hono");
  const { dependencies } = JSON.parse(text("apps/with-hono/package.json"));
  assert.deepEqual(dependencies, { edgegate: version, ...group.dependencies });
  assert.match(text("apps/with-hono/README.md"), /^# with-hono\n[^]*your routes in `worker\.ts`/);
  assert.notEqual(secretOf("apps/with-hono/.dev.vars"), undefined);
  await run("npm", ["run", "check"], { cwd: join(folder, "apps/with-hono") });
  const output = await run("npm", ["test"], { cwd: join(folder, "apps/with-hono") });
  assert.match(output, /^# pass 4$/m);
  // The Worker of a deploy.
  await run(process.execPath, [WRANGLER, "deploy", "--dry-run"], { cwd: join(folder, "apps/with-hono"), env: { WRANGLER_SEND_METRICS: "false" } });
});

test("each project has its own secret and its own counters", () => {
  init(["one"]);
  init(["two"]);
  assert.notEqual(secretOf("one/.dev.vars"), secretOf("two/.dev.vars"));
  const counters = (project) => [...text(project, "wrangler.jsonc").matchAll(/"namespace_id": "(\d+)"/g)].map(([, id]) => id);
  assert.equal(new Set([...counters("one"), ...counters("two")]).size, 4);
});

test("--dry-run writes nothing, and names the files", () => {
  const { stdout } = init(["dry", "--hono", "--dry-run"]);
  assert(!existsSync(join(folder, "dry")));
  init(["wet", "--hono"]);
  const named = [...stdout.matchAll(/^ {2}(\S+)$/gm)].map(([, name]) => name);
  assert.deepEqual(named.sort(), filesBelow("wet"));
});

test("a folder with git and nothing else is empty, and the present one can be it", () => {
  mkdirSync(join(folder, "here/.git"), { recursive: true });
  const { stdout } = init(["."], { cwd: join(folder, "here") });
  assert.match(stdout, /^here: /);
  assert.doesNotMatch(stdout, / cd /);
  assert.match(text("here/package.json"), /"name": "here"/);
});

/** What a person has. */
const HONO = {
  "package.json": `{
\t"name": "orders",
\t"type": "module",
\t"dependencies": {
\t\t"hono": "4.13.19"
\t}
}
`,
  "tsconfig.json": '{ "compilerOptions": { "target": "ES2023", "lib": ["ESNext"], "types": ["@cloudflare/workers-types"], "module": "ESNext", "moduleResolution": "Bundler", "strict": true, "skipLibCheck": true, "noEmit": true }, "include": ["src"] }',
  "wrangler.jsonc": `// The shop.
{
\t"name": "orders", // do not rename
\t"main": "src/index.ts",
\t"compatibility_date": "2026-11-01", // tested with it
\t/* Values
\t   for all. */
\t"vars": { // for all
\t\t"CURRENCY": "EUR", // not USD
\t}, // the end of vars
}
`,
  "src/index.ts": `import { Hono } from "hono";

interface Env {
  DB: D1Database;
  CURRENCY: string;
}

const app = new Hono<{ Bindings: Env }>();
// HERE
app.get("/", (c) => c.text(c.env.CURRENCY));

export default app;
`,
  "src/login.ts": "export const ours = 1;\n",
  ".dev.vars": "OTHER=1",
  "migrations/0001_orders.sql": "CREATE TABLE orders (id INTEGER PRIMARY KEY);\n",
  "migrations/0012_more.sql": "ALTER TABLE orders ADD COLUMN users INTEGER;\n",
};

const PLAIN = {
  "package.json": '{ "name": "plain", "type": "module" }\n',
  "wrangler.toml": `# The shop.
name = "plain"
main = "worker.js"
compatibility_date = "2026-11-01"

[vars]
CURRENCY = "EUR" # not USD
`,
  "worker.js": `// HERE
export default {
  async fetch(request, env, ctx) {
    // FIRST
    if (new URL(request.url).pathname === "/") return new Response(env.CURRENCY);
    // GUARDED
    return Response.json({ of: user.email });
  },
};
`,
};

function project(name, files) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), content);
  }
  return { cwd: join(folder, name) };
}

const snapshot = (name) => filesBelow(name).map((path) => [path, text(name, path)]);

/** An indented block of the output, as a person copies it. */
function block(stdout, start) {
  const [, after] = stdout.split(start);
  const lines = after.split("\n").slice(2);
  return lines.slice(0, lines.findIndex((line) => line !== "" && !line.startsWith("  "))).map((line) => line.slice(2)).join("\n");
}

async function serve(name) {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const options = { cwd: join(folder, name), env: { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_HIDE_BANNER: "true" } };
  await run(process.execPath, [WRANGLER, "d1", "migrations", "apply", "DB", "--local"], options);
  await serving(process.execPath, [WRANGLER, "dev", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"], base, async () => {
    await useServer(base);
    assert.equal(await (await fetch(base)).text(), "EUR");
  }, options);
}

test("--existing adds the login to a project with Hono, and keeps what is there", async () => {
  const options = project("orders", HONO);
  const before = snapshot("orders");
  const dry = init(["--existing", "--dry-run"], options).stdout;
  assert.deepEqual(snapshot("orders"), before);

  const { stdout, stderr } = init(["--existing"], options);
  assert.equal(dry.replace("It would write this:", "What was written:"), stdout);
  for (const [path, content] of before) {
    const now = text("orders", path).split("\n");
    // Each line is there as it was, but for commas behind it.
    let at = -1;
    for (const line of content.split("\n")) {
      at = now.findIndex((other, index) => index > at && (other === line || other === `${line},`));
      assert.notEqual(at, -1, `${path}: ${line}\n${now.join("\n")}`);
    }
  }
  assert.match(text("orders/wrangler.jsonc"), /\n\t"d1_databases": \[\n\t\t\{\n\t\t\t"binding": "DB",\n\t\t\t"database_name": "orders",/);
  assert.match(text("orders/wrangler.jsonc"), /"LOCKOUT": "on"/);
  assert.equal(JSON.parse(text("orders/package.json")).dependencies.edgegate, version);
  assert.equal(text("orders/.dev.vars").split("\n")[0], "OTHER=1");
  const secret = secretOf("orders/.dev.vars");
  assert(secret && !`${stdout}${stderr}`.includes(secret));
  assert.equal(text("orders/.gitignore"), ".dev.vars\n");
  const migrations = readdirSync(join(folder, "orders/migrations"));
  assert.deepEqual([migrations[0], migrations[2], migrations.at(-1)], ["0001_orders.sql", "0013_edgegate_users.sql", "0019_edgegate_mail_tokens.sql"]);
  for (const path of ["wrangler.jsonc", "package.json", ".dev.vars", ".gitignore", "src/edgegate.ts", "migrations/"]) assert.match(stdout, new RegExp(`^  ${path.replace(".", "\\.")} +\\S`, "m"));

  // What is left to be done by hand is what it prints.
  const code = block(stdout, "In src/index.ts:");
  writeFileSync(join(folder, "orders/src/index.ts"), HONO["src/index.ts"].replace("// HERE", code));
  share("orders");
  await run(process.execPath, [join(installed, "typescript/bin/tsc"), "-p", "."], options);
  await serve("orders");

  rmSync(join(folder, "orders/node_modules"));
  rmSync(join(folder, "orders/.wrangler"), { recursive: true });
  const done = snapshot("orders");
  const again = init(["--existing"], options).stdout;
  assert.deepEqual(snapshot("orders"), done);
  assert.equal(again.match(/kept: /g)?.length, 5, again);
});

test("--existing says what to paste into a wrangler.toml, and does without Hono", async () => {
  const options = project("plain", PLAIN);
  const { stdout } = init(["--existing"], options);
  assert.equal(text("plain/wrangler.toml"), PLAIN["wrangler.toml"]);
  const database = block(stdout, "To the end of wrangler.toml, whose comments this command would lose:");
  const vars = block(stdout, "Under [vars] of wrangler.toml, to slow down who guesses passwords:");
  writeFileSync(join(folder, "plain/wrangler.toml"), `${PLAIN["wrangler.toml"]}${vars}\n${database}\n`);
  const [imports, rest] = block(stdout, "In worker.js:").split("\n\n// First in fetch(request, env, ctx):\n");
  const [first, guard] = rest.split("\n\n// Where a user is needed:\n");
  writeFileSync(join(folder, "plain/worker.js"), PLAIN["worker.js"].replace("// HERE", imports).replace("// FIRST", first).replace("// GUARDED", guard));
  share("plain");
  Object.assign(process.env, { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" });
  const server = createTestHarness({ root: join(folder, "plain"), workers: [{ configPath: "wrangler.toml" }] });
  try {
    const { url } = await server.listen();
    await server.getWorker().applyD1Migrations("DB");
    await useServer(url.origin);
    assert.equal(await (await fetch(url)).text(), "EUR");
  } finally {
    await server.close();
  }
});

test("--existing takes the database that is there, or the one that is named", () => {
  const d1 = (...names) => `{ "name": "x", "main": "src/index.js", "vars": { "LOCKOUT": "on" }, "d1_databases": [${names.map((name) => `{ "binding": "${name}", "database_id": "1" }`)}] }`;
  const files = (configuration) => ({ "package.json": "{}", "wrangler.json": configuration });
  init(["--existing"], project("single", files(d1("USERS"))));
  assert.equal(text("single/wrangler.json"), d1("USERS"));
  assert.match(text("single/src/login.js"), /d1Users\(env\.USERS\)/);

  const options = project("several", files(d1("A", "B")));
  const before = snapshot("several");
  const { stderr } = init(["--existing"], { ...options, status: 2 });
  assert.match(stderr, /several D1 databases \(A, B\).*\n\nNext: `npx edgegate init --existing --binding A`/);
  assert.deepEqual(snapshot("several"), before);
  init(["--existing", "--binding", "LOGIN_DB"], options);
  const { d1_databases } = JSON.parse(text("several/wrangler.json"));
  assert.deepEqual(d1_databases.map(({ binding, migrations_dir }) => [binding, migrations_dir]), [["A", undefined], ["B", undefined], ["LOGIN_DB", "migrations-login"]]);
  assert(existsSync(join(folder, "several/migrations-login/0001_edgegate_users.sql")));
});

test("--existing changes no more of a wrangler.jsonc than it must", () => {
  const D1 = (unit, eol = "\n") => JSON.stringify([{ binding: "DB", database_name: "x", database_id: "00000000-0000-0000-0000-000000000000", migrations_dir: "migrations" }], undefined, unit).replaceAll("\n", eol + unit);
  const cases = [
    ['{ "name": "x", "main": "x.js" }', `{ "name": "x", "main": "x.js", "d1_databases": ${JSON.stringify(JSON.parse(D1("")))}, "vars": {"LOCKOUT":"on"} }`],
    [
      '{\n    "name": "x", // the name\n    "env": { "a": {} },\n    "vars": {},\n    "main": "x.js" // "{", the entry\n    // the end\n}\n',
      `{\n    "name": "x", // the name\n    "env": { "a": {} },\n    "vars": {\n        "LOCKOUT": "on"\n    },\n    "main": "x.js", // "{", the entry\n    "d1_databases": ${D1("    ")}\n    // the end\n}\n`,
    ],
    [
      '{\r\n  "name": "x",\r\n  "main": "x.js",\r\n  "vars": { // all\r\n    "A": "1", /* a */\r\n  },\r\n  "d1_databases": [], /* none */ // yet\r\n}',
      `{\r\n  "name": "x",\r\n  "main": "x.js",\r\n  "vars": { // all\r\n    "A": "1", /* a */\r\n    "LOCKOUT": "on",\r\n  },\r\n  "d1_databases": ${D1("  ", "\r\n")}, /* none */ // yet\r\n}`,
    ],
    ['{\n  "name": "x"\n  , "main": "x.js"\n  , "vars": { "A": 1\n    , "LOCKOUT": "off" }\n  }', `{\n  "name": "x"\n  , "main": "x.js"\n  , "vars": { "A": 1\n    , "LOCKOUT": "off" },\n  "d1_databases": ${D1("  ")}\n  }`],
  ];
  for (const [at, [before, after]] of cases.entries()) {
    init(["--existing"], project(`form-${at}`, { "package.json": "{}", "wrangler.jsonc": before }));
    assert.equal(text(`form-${at}`, "wrangler.jsonc"), after);
  }
});

test("--existing appends to .env where there is no .dev.vars, which would switch it off", () => {
  const options = project("env", { "package.json": "{}", "wrangler.json": '{ "main": "x.js" }', ".env": "JWT_KEYS='{}'\n", ".gitignore": "node_modules" });
  init(["--existing"], options);
  assert.match(text("env/.env"), /^JWT_KEYS='\{\}'\n#[^\n]*\nREGISTRATION=open\n$/);
  assert(!existsSync(join(folder, "env/.dev.vars")));
  assert.equal(text("env/.gitignore"), "node_modules");
});

const WORKER = { "package.json": "{}", "wrangler.jsonc": '{ "main": "x.js" }' };

test("where it cannot work, it changes nothing and names the next command", () => {
  const ADD = "npx edgegate init --existing";
  const NEW = "npx edgegate init my-login";
  const configured = (members) => ({ ...WORKER, "wrangler.jsonc": `{ "main": "x.js", ${members} }` });
  const cases = [
    ["full", { "notes.txt": "mine" }, ["."], /full is not empty, and nothing in it was changed/, NEW],
    ["npm", { "package.json": "{}" }, ["../npm"], /not empty.*`npx edgegate init --existing`/, NEW],
    ["file", { "my-login": "mine" }, ["my-login"], /is a file/, "npx edgegate init my-login-2"],
    ["below", { "my-login": "mine" }, ["my-login/x"], /cannot be written: ENOTDIR\. Nothing was left behind/, "cd ~"],
    ["names", {}, ["My Login"], /cannot have the name of this folder: use 1 to 63 small letters/, NEW],
    ["names", {}, ["edgegate"], /npm installs no package into a project of the same name/, NEW],
    ["names", {}, ["-"], /cannot have the name of this folder/, NEW],
    ["names", {}, ["shop-"], /cannot have the name of this folder/, "npx edgegate init shop"],
    ["names", {}, ["a".repeat(64)], /cannot have the name of this folder/, NEW],
    ["names", {}, [], /name of the new folder is missing/, NEW],
    ["names", {}, ["/sys/my-login"], /cannot be written: you may not write there \(E\w+\)/, "cd ~"],
    ["names", {}, ["x", "--binding", "DB"], /--binding is for --existing/, NEW],
    ["names", {}, ["--existing", "--hono"], /leave --hono out/, ADD],
    ["names", {}, ["--existing"], /no package\.json here/, NEW],
    ["node", { "package.json": "{}" }, ["--existing"], /no wrangler\.json, .*no project of Workers/, NEW],
    ["pages", { "package.json": "{}", "wrangler.toml": 'name = "x"' }, ["--existing"], /no `main`/, ADD],
    ["broken", { "package.json": "{}", "wrangler.jsonc": '{\n  "main": }' }, ["--existing"], /wrangler\.jsonc cannot be read \(line 2: ValueExpected\)/, ADD],
    ["toml", { "package.json": "{}", "wrangler.toml": 'main = "x"\nmain = "y"' }, ["--existing"], /wrangler\.toml cannot be read \(line 2\)/, ADD],
    ["list", { "package.json": "[]", "wrangler.jsonc": "{}" }, ["--existing"], /package\.json cannot be read \(it is no object\)/, ADD],
    ["binding", WORKER, ["--existing", "--binding", "a b"], /--binding must be a name of JavaScript/, `${ADD} --binding DB`],
    ["table", { ...WORKER, "migrations/0001_a.sql": 'create table if not exists "users" (id);' }, ["--existing"], /0001_a\.sql makes a table `users`/, `${ADD} --binding LOGIN_DB`],
    ["taken", { ...WORKER, "src/login.js": "1", "src/edgegate.js": "2" }, ["--existing"], /src\/login\.js and src\/edgegate\.js are there/, ADD],
    ["folder", { ...WORKER, ".dev.vars/x": "" }, ["--existing"], /\.dev\.vars cannot be read: EISDIR/, ADD],
    ["migrations", { ...WORKER, migrations: "" }, ["--existing"], /migrations is a file/, ADD],
    ["latin1", { ...WORKER, ".dev.vars": Buffer.from("A=p\xe4ss\n", "latin1") }, ["--existing"], /\.dev\.vars cannot be read: it is not UTF-8/, ADD],
    ["null", { ...WORKER, "package.json": '{ "dependencies": null }' }, ["--existing"], /package\.json .*`dependencies` is no object/, ADD],
    ["array", { ...WORKER, "package.json": '{ "dependencies": [] }' }, ["--existing"], /package\.json .*`dependencies` is no object/, ADD],
    ["twice", configured('"vars": {}, "vars": {}'), ["--existing"], /line 1: a second "vars"/, ADD],
    ["vars", configured('"vars": "x"'), ["--existing"], /`vars` is no object/, ADD],
    ["no-vars", configured('"vars": null'), ["--existing"], /`vars` is no object/, ADD],
    ["no-env", configured('"env": null'), ["--existing"], /`env` is no object/, ADD],
    ["no-list", configured('"d1_databases": {}'), ["--existing"], /`d1_databases` is no array/, ADD],
    ["number", configured('"d1_databases": [{ "binding": "DB", "migrations_dir": 5 }]'), ["--existing"], /`migrations_dir` is no path/, ADD],
    ["hostile", configured('"d1_databases": [{ "binding": "DB); evil(" }]'), ["--existing"], /`binding` is no name of JavaScript/, ADD],
    ["control", { ...WORKER, "wrangler.jsonc": '{ "main": "x\\u001b.js" }' }, ["--existing"], /`main` is no path/, ADD],
    ["above", configured('"d1_databases": [{ "binding": "DB", "migrations_dir": "../a" }]'), ["--existing"], /migrations of DB are outside/, `${ADD} --binding LOGIN_DB`],
    ["absolute", configured('"d1_databases": [{ "binding": "DB", "migrations_dir": "/a" }]'), ["--existing"], /migrations of DB are outside/, `${ADD} --binding LOGIN_DB`],
    ["configuration", { "package.json": "{}", "wrangler.json/x": "" }, ["--existing"], /wrangler\.json cannot be read: EISDIR/, ADD],
    ["nested", configured(`"x": ${"[".repeat(200)}${"]".repeat(200)}`), ["--existing"], /nested too deeply/, ADD],
    ["stack", configured(`"x": ${"[".repeat(1e5)}${"]".repeat(1e5)}`), ["--existing"], /nested too deeply/, ADD],
  ];
  for (const [name, files, args, message, next] of cases) {
    mkdirSync(join(folder, name), { recursive: true });
    const options = project(name, files);
    const before = snapshot(name);
    const { stdout, stderr } = init(args, { ...options, status: 2 });
    assert.match(stderr, message);
    assert(stderr.endsWith(`\n\nNext: \`${next}\`\n`), stderr);
    assert.equal(stdout, "");
    assert.deepEqual(snapshot(name), before, name);
  }
});

test("what cannot be written to its end is undone", () => {
  const files = { ...WORKER, ".dev.vars": "A=1\n", "src/x.js": "" };
  const options = project("undone", files);
  // It is not there for who reads it, and cannot be made.
  symlinkSync("nowhere", join(folder, "undone/src/login.js"));
  const { stderr } = init(["--existing"], { ...options, status: 2 });
  assert.match(stderr, /login\.js cannot be written: it is there already\. Nothing was left behind/);
  assert.deepEqual(readdirSync(join(folder, "undone")).sort(), [".dev.vars", "package.json", "src", "wrangler.jsonc"]);
  for (const [path, content] of Object.entries(files)) assert.equal(text("undone", path), content);
});

test("a disk that is full in the midst of a file leaves nothing behind", () => {
  const { cwd } = project("disk", { ...WORKER, "wrangler.jsonc": `{ "main": "x.js" } // ${"x".repeat(2000)}` });
  const before = snapshot("disk");
  for (const args of [["--existing"], ["new"]]) {
    // No file can be longer than that.
    const { status, stderr } = spawnSync("sh", ["-c", 'ulimit -f 1 && exec "$@"', "sh", process.execPath, CLI, "init", ...args], { cwd, encoding: "utf8" });
    assert.equal(status, 2, stderr);
    assert.match(stderr, /cannot be written: EFBIG\. Nothing was left behind/);
    assert.deepEqual(snapshot("disk"), before);
    assert.deepEqual(readdirSync(cwd).sort(), Object.keys(WORKER));
  }
});

test("files that were replaced already are restored", { skip: !isAlone }, () => {
  const { cwd } = project("busy", { ...WORKER, ".gitignore": "a\n" });
  chmodSync(join(cwd, "package.json"), 0o640);
  const before = snapshot("busy");
  // No other file can take the place of one that is mounted, and this one is written last.
  const script = 'mount --bind .gitignore .gitignore && exec "$@"';
  const { status, stderr } = spawnSync("unshare", ["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", process.execPath, CLI, "init", "--existing"], { cwd, encoding: "utf8" });
  assert.equal(status, 2, stderr);
  assert.match(stderr, /\.gitignore cannot be written: EBUSY\. Nothing was left behind/);
  assert.deepEqual(snapshot("busy"), before);
  assert.equal(statSync(join(cwd, "package.json")).mode & 0o777, 0o640);
});

test("--existing writes nothing outside of the project", () => {
  mkdirSync(join(folder, "elsewhere"));
  const options = project("links", WORKER);
  symlinkSync("../elsewhere", join(folder, "links/src"));
  for (const args of [[], ["--dry-run"]]) assert.match(init(["--existing", ...args], { ...options, status: 2 }).stderr, /src\/login\.js is outside of the project/);
  assert.deepEqual(readdirSync(join(folder, "elsewhere")), []);
  assert(!existsSync(join(folder, "links/.dev.vars")));
});

test("--existing gives no secret to git", () => {
  const git = (name, ...args) => assert.equal(spawnSync("git", args, { cwd: join(folder, name) }).status, 0);
  for (const file of [".dev.vars", ".env"]) {
    const name = `tracked${file}`;
    const options = project(name, { ...WORKER, [file]: "A=1\n" });
    git(name, "init", "-q");
    git(name, "add", "--force", file);
    const { stderr } = init(["--existing"], { ...options, status: 2 });
    assert(stderr.endsWith(`\n\nNext: \`git rm --cached ${file}\`\n`), stderr);
    assert.deepEqual(readdirSync(options.cwd).sort(), [".git", file, ...Object.keys(WORKER)].sort());
    assert.equal(text(name, file), "A=1\n");
    git(name, "rm", "-q", "--cached", file);
    init(["--existing"], options);
    git(name, "check-ignore", "-q", file);
  }
  for (const [at, ignored] of [".dev.vars\n!.dev*\n", ".dev.vars*\n!.dev.vars", "  .dev.vars\n", "/.dev.*\n"].entries()) {
    for (const hasGit of [true, false]) {
      const name = `ignored-${at}-${hasGit}`;
      const options = project(name, { ...WORKER, ".gitignore": ignored });
      if (hasGit) git(name, "init", "-q");
      init(["--existing"], options);
      if (!hasGit) git(name, "init", "-q");
      git(name, "check-ignore", "-q", ".dev.vars");
      if (hasGit) assert.equal(text(name, ".gitignore") === ignored, at === 3);
    }
  }
  const silent = project("silent", { ...WORKER, ".dev.vars": "A=1\n" });
  git("silent", "init", "-q");
  writeFileSync(join(silent.cwd, ".git/config"), "[");
  assert.match(init(["--existing"], { ...silent, status: 2 }).stderr, /git cannot say which files it has.*\n\nNext: `git status`/);
  assert.equal(text("silent", ".dev.vars"), "A=1\n");
  for (const link of [".gitignore", ".dev.vars"]) {
    const name = `link${link}`;
    const options = project(name, { ...WORKER, other: "A=1\n" });
    symlinkSync("other", join(options.cwd, link));
    assert.match(init(["--existing"], { ...options, status: 2 }).stderr, /is a symbolic link.* nothing was changed/);
    assert.equal(text(name, "other"), "A=1\n");
  }
});

test("--existing lets only the owner read the file that gets the secret, and takes an empty one for none", () => {
  for (const [at, empty] of ["SECRET_KEY=\n", "SECRET_KEY= '' # later\r\n", 'export SECRET_KEY=""'].entries()) {
    const options = project(`mode-${at}`, { ...WORKER, ".dev.vars": empty });
    chmodSync(join(options.cwd, ".dev.vars"), 0o644);
    chmodSync(join(options.cwd, "package.json"), 0o640);
    init(["--existing"], options);
    assert.notEqual(secretOf(`mode-${at}/.dev.vars`), undefined);
    assert.deepEqual([".dev.vars", "package.json"].map((path) => statSync(join(options.cwd, path)).mode & 0o777), [0o600, 0o640]);
  }
});

test("--existing keeps a byte order mark, and prints no name that is none", () => {
  const options = project("mark", { "package.json": "\uFEFF{}", "wrangler.jsonc": '\uFEFF{ "main": "x.js", "name": "x; evil" }' });
  const { stdout } = init(["--existing"], options);
  assert.match(stdout, /d1 create login /);
  assert.doesNotMatch(stdout, /evil/);
  for (const path of ["package.json", "wrangler.jsonc"]) assert.match(text("mark", path), /^\uFEFF\{[^]*(edgegate|LOCKOUT)/);
});

test("a printed folder is one word of a shell", () => {
  const { stdout } = init(["a $(id)'s/my-login"]);
  const [, cd] = /^ {2}(cd .*)$/m.exec(stdout);
  const { stdout: pwd } = spawnSync("sh", ["-c", `${cd} && pwd -P`], { cwd: folder, encoding: "utf8" });
  assert.equal(pwd.trim().split("/").slice(-2).join("/"), "a $(id)'s/my-login");
});
