// The login in a project that is there.

import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, posix, resolve } from "node:path";
import { UsageError } from "../usage.js";
import { added, NAME, objectOf, readConfiguration, type Configuration, type D1 } from "./configuration.js";
import { checkInside, read, secretKey, shippedBelow, SIGN_UP, write, type File } from "./files.js";

/** What was found and what will be. */
interface Plan {
  files: File[];
  /** What was changed or kept, by file. */
  told: [string, string][];
  byHand: string[];
}

export function addTo(given: string, version: string, { binding, dryRun }: { binding: string | undefined; dryRun: boolean }): number {
  const folder = resolve(given);
  const manifestText = read(folder, "package.json");
  if (manifestText === undefined) throw new UsageError("there is no package.json here, so this is no project: make a new one", "npx edgegate init my-login");
  const manifest = objectOf(manifestText, "package.json");
  const configuration = readConfiguration(folder);
  const plan: Plan = { files: [], told: [], byHand: [] };

  const database = databaseOf(configuration, binding);
  addDependency(plan, manifestText, manifest, version);
  configure(plan, configuration, database);
  addMigrations(plan, folder, database);
  addSecret(plan, folder, configuration);
  ignoreSecrets(plan, folder);
  const gate = addGate(plan, folder, configuration, manifest, database.binding);

  checkInside(folder, plan.files);
  if (!dryRun) write(folder, plan.files);
  tell(plan, folder, configuration, database, gate, dryRun);
  return 0;
}

/** A change of a text file, or a new one. */
function change(plan: Plan, path: string, before: string | undefined, content: string, what: string, isSecret = false): void {
  plan.files.push({ path, content, before, isSecret });
  plan.told.push([path, what]);
}

interface Database extends D1 {
  binding: string;
  migrations_dir: string;
  isNew: boolean;
}

function databaseOf({ d1, name, file }: Configuration, wanted: string | undefined): Database {
  if (wanted !== undefined && !NAME.test(wanted)) throw new UsageError("--binding must be a name of JavaScript", "npx edgegate init --existing --binding DB");
  const found = d1.find(({ binding }) => binding === (wanted ?? "DB")) ?? (wanted === undefined && d1.length === 1 ? d1[0] : undefined);
  if (found) return { migrations_dir: "migrations", ...found, isNew: false };
  if (wanted === undefined && d1.length > 1) {
    const bindings = d1.map(({ binding }) => binding).join(", ");
    throw new UsageError(`${file} has several D1 databases (${bindings}), and nothing was changed. Say which one is to have the users, or the name of a new one`, `npx edgegate init --existing --binding ${d1[0]?.binding}`);
  }
  const isTaken = d1.some(({ migrations_dir = "migrations" }) => posix.normalize(migrations_dir) === "migrations");
  return { binding: wanted ?? "DB", database_name: d1.length > 0 ? `${name}-login` : name, migrations_dir: isTaken ? "migrations-login" : "migrations", isNew: true };
}

function addDependency(plan: Plan, text: string, manifest: Record<string, unknown>, version: string): void {
  const installed = ["dependencies", "devDependencies"].some((list) => (manifest[list] as Record<string, unknown> | undefined)?.["edgegate"] !== undefined);
  if (installed) return void plan.told.push(["package.json", "kept: it has edgegate already"]);
  change(plan, "package.json", text, added(text, "package.json", "dependencies", "edgegate", version), `the dependency edgegate ${version}`);
}

const NO_ID = "00000000-0000-0000-0000-000000000000";

function configure(plan: Plan, { file, text, vars, hasEnvironments }: Configuration, { binding, database_name = "", migrations_dir, isNew }: Database): void {
  const locksOut = vars["LOCKOUT"] !== undefined;
  if (file.endsWith(".toml")) {
    if (isNew) plan.byHand.push(`To the end of ${file}, whose comments this command would lose:\n\n${indented(`[[d1_databases]]\nbinding = "${binding}"\ndatabase_name = "${database_name}"\ndatabase_id = "${NO_ID}"\nmigrations_dir = "${migrations_dir}"`)}`);
    if (!locksOut) plan.byHand.push(`Under [vars] of ${file}, to slow down who guesses passwords:\n\n${indented('LOCKOUT = "on"')}`);
  } else {
    let changed = text;
    const what: string[] = [];
    if (isNew) {
      const database = { binding, database_name, database_id: NO_ID, migrations_dir };
      changed = added(changed, file, "d1_databases", undefined, database);
      what.push(`the D1 database ${database_name}, as ${binding}`);
    }
    if (!locksOut) {
      changed = added(changed, file, "vars", "LOCKOUT", "on");
      what.push("LOCKOUT=on, which slows down who guesses passwords");
    }
    if (what.length > 0) change(plan, file, text, changed, what.join("; "));
    else plan.told.push([file, "kept: it has a D1 database and LOCKOUT already"]);
  }
  if (hasEnvironments) plan.byHand.push(`${file} has \`env\`: each environment needs the database ${binding}, and LOCKOUT, of its own. They inherit neither.`);
}

/** Ours are told by the ends of their names, because their numbers depend on what was there. */
const OURS = /_edgegate_(\w+\.sql)$/;
const TABLE = /\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?["'`[]?(users|sessions|login_attempts|audit|mail_tokens)\b/i;

function addMigrations(plan: Plan, folder: string, { binding, migrations_dir, migrations_pattern }: Database): void {
  if (isAbsolute(migrations_dir) || posix.normalize(migrations_dir).startsWith("..")) {
    throw new UsageError(`the migrations of ${binding} are outside of the project, and nothing was changed. Give the login a database of its own`, "npx edgegate init --existing --binding LOGIN_DB");
  }
  const below = join(folder, migrations_dir);
  if (existsSync(below) && !statSync(below).isDirectory()) throw new UsageError(`${migrations_dir} is a file, and nothing was changed: rename it, and repeat the command`, "npx edgegate init --existing");
  const names = existsSync(below) ? readdirSync(below).filter((name) => name.endsWith(".sql")) : [];
  for (const name of names.filter((name) => !OURS.test(name))) {
    const table = TABLE.exec(read(folder, join(migrations_dir, name)) ?? "")?.[1];
    if (table) {
      throw new UsageError(`${migrations_dir}/${name} makes a table \`${table}\`, which the login needs for itself, and nothing was changed. Give the login a database of its own`, "npx edgegate init --existing --binding LOGIN_DB");
    }
  }
  const there = new Set(names.map((name) => OURS.exec(name)?.[1]));
  const missing = shippedBelow("init/www/migrations").map(({ path, content }) => ({ name: path.replace(/^\d+_/, ""), content })).filter(({ name }) => !there.has(name));
  if (missing.length === 0) return void plan.told.push([`${migrations_dir}/`, "kept: the migrations are there already"]);
  const last = Math.max(0, ...names.map((name) => Number.parseInt(name, 10)).filter((number) => !Number.isNaN(number)));
  const width = Math.max(4, ...names.map((name) => /^\d+/.exec(name)?.[0].length ?? 0));
  const files = missing.map(({ name, content }, at) => ({ path: `${posix.normalize(migrations_dir)}/${String(last + at + 1).padStart(width, "0")}_edgegate_${name}`, content }));
  plan.files.push(...files);
  const [first, end] = [files[0]?.path, files.at(-1)?.path];
  plan.told.push([`${migrations_dir}/`, files.length === 1 ? `${posix.basename(first ?? "")}` : `${files.length} migrations, ${posix.basename(first ?? "")} to ${posix.basename(end ?? "")}`]);
  if (migrations_pattern !== undefined) plan.byHand.push(`\`migrations_pattern\` must also match ${migrations_dir}/*_edgegate_*.sql.`);
}

function addSecret(plan: Plan, folder: string, { vars }: Configuration): void {
  // With a `.dev.vars`, wrangler reads no `.env`.
  const file = existsSync(join(folder, ".dev.vars")) || !existsSync(join(folder, ".env")) ? ".dev.vars" : ".env";
  const before = read(folder, file);
  // One without a value is none.
  const has = (name: string) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=(?![ \\t]*(""|'')?[ \\t]*(#|\\r?$))`, "m").test(before ?? "") || (vars[name] ?? "") !== "";
  const [keyIsThere, signUpIsThere] = [has("SECRET_KEY") || has("JWT_KEYS"), has("REGISTRATION")];
  const more = [keyIsThere ? "" : secretKey(), signUpIsThere ? "" : SIGN_UP].filter((text) => text !== "");
  if (more.length === 0) return void plan.told.push([file, "kept: it has a key already"]);
  if (!keyIsThere) checkUntracked(folder, file);
  const what = [...(keyIsThere ? [] : ["a new random SECRET_KEY"]), ...(signUpIsThere ? [] : ["REGISTRATION=open, for this machine"])].join("; ");
  const start = before === undefined || before === "" || before.endsWith("\n") ? (before ?? "") : `${before}\n`;
  change(plan, file, before, start + more.join(""), what, !keyIsThere);
}

function checkUntracked(folder: string, file: string): void {
  if (isLink(folder, file)) throw new UsageError(`${file} is a symbolic link, and nothing was changed: put SECRET_KEY into it yourself, and repeat the command`, "openssl rand -hex 32");
  if (git(folder, "ls-files", "--error-unmatch", "--", file) !== 0) return;
  throw new UsageError(`git has ${file}, so a commit would publish the new SECRET_KEY. Nothing was changed: take the file out of git, and repeat the command`, `git rm --cached ${file}`);
}

function isLink(folder: string, path: string): boolean {
  return lstatSync(join(folder, path), { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** The exit status. It is null without git, and 128 outside of a repository. */
function git(folder: string, ...args: string[]): number | null {
  // The project may name a command as its monitor.
  const { status, stderr } = spawnSync("git", ["-c", "core.fsmonitor=false", ...args], { cwd: folder, encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
  // Such as a folder of another owner.
  if (status === 128 && !stderr.includes("not a git repository")) throw new UsageError("git cannot say which files it has, and nothing was changed: see why, and repeat the command", "git status");
  return status;
}

function ignoreSecrets(plan: Plan, folder: string): void {
  const secrets = plan.files.find(({ isSecret }) => isSecret)?.path;
  if (secrets === undefined) return;
  const before = read(folder, ".gitignore");
  if (git(folder, "check-ignore", "-q", "--no-index", "--", secrets) === 0) return;
  if (isLink(folder, ".gitignore")) throw new UsageError(".gitignore is a symbolic link, which git does not follow, and nothing was changed: make it a file, and repeat the command", "npx edgegate init --existing");
  const lines = (before ?? "").split(/\r?\n/).map((line) => line.replace(/ +$/, ""));
  const at = Math.max(...[secrets, `/${secrets}`, `${secrets}*`].map((line) => lines.lastIndexOf(line)));
  if (at >= 0 && !lines.slice(at).some((line) => line.startsWith("!"))) return;
  const start = before === undefined || before === "" || before.endsWith("\n") ? (before ?? "") : `${before}\n`;
  change(plan, ".gitignore", before, `${start}${secrets}\n`, secrets);
}

interface Gate {
  path: string;
  /** How the Worker imports it. */
  imported: string;
  usesHono: boolean;
}

function addGate(plan: Plan, folder: string, { main }: Configuration, manifest: Record<string, unknown>, binding: string): Gate {
  const usesHono = ["dependencies", "devDependencies"].some((list) => (manifest[list] as Record<string, unknown> | undefined)?.["hono"] !== undefined);
  const isTypeScript = /\.m?tsx?$/.test(main);
  // A file that a build makes is no place for one to edit.
  const place = existsSync(join(folder, main)) ? posix.normalize(dirname(main)) : "src";
  const content = gateOf(usesHono, isTypeScript, binding);
  const candidates = ["login", "edgegate"].map((name) => ({ name, path: posix.join(place, `${name}.${isTypeScript ? "ts" : "js"}`) }));
  for (const { name, path } of candidates) {
    const before = read(folder, path);
    const gate = { path, imported: `./${name}${isTypeScript ? "" : ".js"}`, usesHono };
    if (before === undefined) {
      change(plan, path, undefined, content, usesHono ? "the login as middleware of Hono" : "the login, to be asked first");
      return gate;
    }
    if (before.includes('"edgegate"')) {
      plan.told.push([path, "kept: it is there already"]);
      return gate;
    }
  }
  throw new UsageError(`${candidates.map(({ path }) => path).join(" and ")} are there and have something else, and nothing was changed. Rename one, and repeat the command`, "npx edgegate init --existing");
}

function gateOf(usesHono: boolean, isTypeScript: boolean, binding: string): string {
  const types = (text: string) => (isTypeScript ? text : "");
  if (usesHono) {
    return `// The login: sign up, log in, who am I. Behind it, \`requireUser()\` of edgegate/hono guards a route.

import { createGate${types(", type Settings")} } from "edgegate";
import { d1Users${types(", type Database")} } from "edgegate/d1";
import { gate } from "edgegate/hono";

export const login = gate${types(`<{ Bindings: Settings & { ${binding}: Database } }>`)}((c) => createGate(c.env, d1Users(c.env.${binding})), {
  address: (c) => c.req.header("cf-connecting-ip"),
});
`;
  }
  return `// The login: sign up, log in, who am I. \`loginOf(env).requireUser(request)\` guards a route.

import { createGate${types(", type Gate, type Settings")} } from "edgegate";
import { d1Users${types(", type Database")} } from "edgegate/d1";

let gate${types(": Gate | undefined")};

/** The settings are in \`env\`, which is there with the first request. */
export function loginOf(env${types(`: Settings & { ${binding}: Database }`)})${types(": Gate")} {
  gate ??= createGate(env, d1Users(env.${binding}));
  return gate;
}
`;
}

function mount({ imported, usesHono }: Gate): string {
  return usesHono
    ? `import { requireUser } from "edgegate/hono";
import { login } from "${imported}";

app.use(login); // before your routes
app.get("/orders", requireUser(), (c) => c.json({ of: c.var.user.email })); // a guarded one`
    : `import { loginOf } from "${imported}";

// First in fetch(request, env, ctx):
const login = loginOf(env);
const address = request.headers.get("cf-connecting-ip") ?? undefined;
const answer = await login.fetch(request, { address, waitUntil: (promise) => ctx.waitUntil(promise), fallThrough: true });
if (answer) return answer;

// Where a user is needed:
const { user, response } = await login.requireUser(request);
if (response) return response;`;
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, "  ");

function tell({ told, byHand }: Plan, folder: string, { main, name }: Configuration, { binding, database_name, isNew }: Database, gate: Gate, dryRun: boolean): void {
  const width = Math.max(...told.map(([path]) => path.length));
  console.log(dryRun ? "It would write this:\n" : "What was written:\n");
  for (const [path, what] of told) console.log(`  ${path.padEnd(width)}  ${what}`);
  console.log("\nBy hand:\n");
  for (const text of byHand) console.log(`${text}\n`);
  const where = existsSync(join(folder, main)) ? main : `the source of ${main}, with the way from there to ${gate.path}`;
  console.log(`In ${where}:\n\n${indented(mount(gate))}\n`);
  console.log(`The routes are /login, /users, /me and others. If yours have these paths, \`prefix\` moves the login's.

Next:

  npm install
  npx wrangler d1 migrations apply ${binding} --local
  npx wrangler dev

Before you deploy:

${isNew ? `  npx wrangler d1 create ${database_name ?? name}       and copy the printed database_id\n` : ""}  npx wrangler d1 migrations apply ${binding} --remote
  openssl rand -hex 32 | npx wrangler secret put SECRET_KEY`);
}
