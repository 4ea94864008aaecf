// A new project: the deployed Worker of this repository, with other names.

import { randomInt } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { applyEdits, modify } from "jsonc-parser";
import { UsageError } from "../usage.js";
import { copied, secretKey, shipped, shippedBelow, SIGN_UP, write, type File } from "./files.js";

export function create(given: string, version: string, { hono, dryRun }: { hono: boolean; dryRun: boolean }): number {
  const folder = resolve(given);
  const name = nameOf(basename(folder));
  const isHere = folder === process.cwd();
  checkEmpty(folder, isHere);
  const files = filesOf(name, hono, version);
  if (dryRun) {
    console.log(`It would write these files below ${folder}:\n`);
    for (const { path } of files) console.log(`  ${path}`);
    return 0;
  }
  write(folder, files);
  const cd = isHere ? "" : `  cd ${quoted(relative(process.cwd(), folder))}\n`;
  console.log(`${name}: a login on Cloudflare Workers${hono ? ", with Hono" : ""}. ${files.length} files were written.

Next:

${cd}  npm install
  npm run dev     then open http://127.0.0.1:8787 and sign up
  npm test        signs up and logs in over HTTP

Both work without a network after the install. .dev.vars has a new random SECRET_KEY and REGISTRATION=open, for this machine only: git
ignores it. README.md says how to deploy.`);
  return 0;
}

/** Names that npm and Cloudflare accept, for a package, a Worker and a host name. */
function nameOf(name: string): string {
  // npm refuses to install a package into one of the same name.
  const isTaken = ["edgegate", "hono", "typescript", "wrangler"].includes(name);
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name) && !isTaken) return name;
  const proposed = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  const next = proposed !== "" && proposed.length <= 30 && !isTaken ? proposed : "my-login";
  const reason = isTaken ? "npm installs no package into a project of the same name" : "use 1 to 63 small letters, digits and hyphens, without a hyphen at an end";
  throw new UsageError(`a package and a Worker cannot have the name of this folder: ${reason}`, `npx edgegate init ${next}`);
}

function checkEmpty(folder: string, isHere: boolean): void {
  if (!existsSync(folder)) return;
  const other = `npx edgegate init ${isHere ? "my-login" : `${basename(folder).slice(0, 61)}-2`}`;
  if (!statSync(folder).isDirectory()) throw new UsageError(`${folder} is a file: choose another name`, other);
  // Of git and of editors: no part of a project.
  const found = readable(folder, other).filter((name) => ![".git", ".DS_Store", ".idea", ".vscode"].includes(name));
  if (found.length === 0) return;
  const add = `npx edgegate init --existing${isHere ? "" : ` ${quoted(relative(process.cwd(), folder))}`}`;
  const instead = found.includes("package.json") ? `, or add the login to the project that is there: \`${add}\`` : "";
  throw new UsageError(`${folder} is not empty, and nothing in it was changed: choose another name${instead}`, other);
}

function readable(folder: string, next: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new UsageError(`${folder} cannot be read (${(error as NodeJS.ErrnoException).code}): choose another name`, next);
  }
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function filesOf(name: string, hono: boolean, version: string): File[] {
  const { versions, entries } = copied();
  const worker = shippedBelow("init/www/src").map((file) => ({ content: named(file.content, name), path: `src/${hono && file.path === "worker.ts" ? "login.ts" : file.path}` }));
  return [
    { path: "package.json", content: manifest(name, hono, version, versions) },
    { path: "wrangler.jsonc", content: configuration(name) },
    { path: "tsconfig.json", content: shipped("init/tsconfig.json") },
    { path: "README.md", content: readme(name, hono) },
    { path: ".gitignore", content: "node_modules\n.wrangler\n.dev.vars*\n!.dev.vars.example\n" },
    { path: ".env", content: ENV },
    { path: ".dev.vars", content: secretKey() + SIGN_UP + MORE, isSecret: true },
    { path: ".dev.vars.example", content: 'SECRET_KEY="" # 32 random bytes or more, such as of `openssl rand -hex 32`\n' },
    ...worker,
    ...(hono ? [{ path: "src/worker.ts", content: shipped("init/hono.ts") }] : []),
    { path: "test/login.test.js", content: shipped("init/login.test.js") },
    ...(hono ? [{ path: "test/orders.test.js", content: shipped("init/orders.test.js") }] : []),
    ...shippedBelow("init/www/migrations").map((file) => ({ ...file, path: `migrations/${file.path}` })),
    ...shippedBelow("init/www/public").map((file) => ({ ...file, path: `public/${file.path}` })),
    ...Object.entries(entries).map(([path, entry]) => ({ path, content: shipped(`dist/${entry}`) })),
  ];
}

function readme(name: string, hono: boolean): string {
  const text = shipped("init/README.md").toString().replaceAll("my-login", name);
  return hono ? text.replace("| the Worker |", "| the Worker: your routes in `worker.ts`, the login in `login.ts` |") : text;
}

const MORE = `# More of what the page can show:
# PASSWORD_CHANGE=on
# REFRESH_TOKEN_EXPIRE_MINUTES=1440
`;

/** wrangler reads it before anything else. */
const ENV = `# With these, wrangler sends no statistics, and asks no server for its newest version or for a sample of request.cf. No secrets here: git
# does not ignore this file.
WRANGLER_SEND_METRICS=false
WRANGLER_HIDE_BANNER=true
WRANGLER_NO_SKILLS_UPDATE_PROMPTS=true
CLOUDFLARE_CF_FETCH_ENABLED=false
`;

function manifest(name: string, hono: boolean, version: string, versions: ReturnType<typeof copied>["versions"]): string {
  const { hono: honoVersion, ...tools } = versions;
  const content = {
    name,
    private: true,
    type: "module",
    scripts: {
      dev: "npm run migrate && wrangler dev --ip 127.0.0.1",
      // wrangler asks in a terminal, and not where its input is none. This database is one of this machine.
      migrate: "echo y | wrangler d1 migrations apply DB --local",
      test: "node --env-file=.env --test",
      check: "tsc",
      deploy: "wrangler d1 migrations apply DB --remote && wrangler deploy",
    },
    dependencies: { edgegate: version, ...(hono ? { hono: honoVersion } : {}) },
    devDependencies: tools,
    engines: { node: ">=22.12" },
    cloudflare: { bindings: { SECRET_KEY: { description: "Signs the tokens: 32 random bytes or more, such as of `openssl rand -hex 32`." }, DB: { description: "The users." } } },
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** What the Worker says to run names the database. */
function named(content: string | Buffer, name: string): string {
  return content.toString().replaceAll("d1 create edgegate", `d1 create ${name}`).replaceAll('"database_name": "edgegate"', `"database_name": "${name}"`);
}

function configuration(name: string): string {
  const limiter = randomInt(1_000, 1_000_000_000);
  const values: [(string | number)[], string][] = [
    [["$schema"], "node_modules/wrangler/config-schema.json"],
    [["name"], name],
    // Two projects of an account would share a counter.
    [["ratelimits", 0, "namespace_id"], String(limiter)],
    [["ratelimits", 1, "namespace_id"], String(limiter + 1)],
  ];
  const text = named(shipped("init/www/wrangler.jsonc"), name);
  return values.reduce((text, [path, value]) => applyEdits(text, modify(text, path, value, {})), text);
}
