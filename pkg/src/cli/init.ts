// The command `edgegate init`.

import type { Command } from "commander";
import { addTo } from "./init/existing.js";
import { create } from "./init/project.js";
import { UsageError } from "./usage.js";

interface Options {
  hono: boolean;
  existing: boolean;
  binding?: string;
  dryRun: boolean;
}

export function addInit(program: Command, version: string, run: (status: Promise<number>) => Promise<void>): void {
  program
    .command("init [folder]")
    .description("makes a project with a login: a Worker, its page, D1, a test. It only writes files")
    .option("--hono", "with Hono and a guarded route", false)
    .option("--existing", "adds the login to the Workers project of a folder, by default of this one; says what it has changed, and overwrites nothing", false)
    .option("--binding <name>", "with --existing: the D1 database of the users, by default the only one there is, or a new one `DB`")
    .option("--dry-run", "says what it would write, and writes nothing", false)
    .addHelpText("after", MORE)
    .action((folder: string | undefined, options: Options) => run(init(folder, version, options)));
}

const MORE = `
  npx edgegate init my-login           a new folder; its name is that of the Worker and of the database
  npx edgegate init --existing         in a folder with a package.json and a wrangler.jsonc, wrangler.json or wrangler.toml

Then \`npm install\`, \`npm run dev\` and \`npm test\`, the last two of which need no network. \`.dev.vars\` has a new random SECRET_KEY, which is
never printed, and lets you sign up on this machine. Deployed, nobody can sign up until REGISTRATION says so.`;

async function init(folder: string | undefined, version: string, { existing, hono, binding, dryRun }: Options): Promise<number> {
  if (existing) {
    if (hono) throw new UsageError("--existing finds out by itself whether the project uses Hono: leave --hono out", "npx edgegate init --existing");
    return addTo(folder ?? ".", version, { binding, dryRun });
  }
  if (folder === undefined) throw new UsageError("the name of the new folder is missing; `npx edgegate init --existing` adds the login to the project of this one", "npx edgegate init my-login");
  if (binding !== undefined) throw new UsageError("--binding is for --existing: a new project has the binding DB", "npx edgegate init my-login");
  return create(folder, version, { hono, dryRun });
}
