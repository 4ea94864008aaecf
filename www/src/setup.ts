// What a Worker says that cannot serve yet: what is missing, and what to run. A visitor may be anybody, so nothing has the value of a
// setting, and which one is invalid is in the log only: whoever knew that `SECRET_KEY` is too weak could guess it, and another backend
// may have the same one. A request cannot show that it comes from the developer: a proxy may set the same `Host`.

import { consoleLog, EdgegateError, type Log } from "edgegate";

/** `GET /page.json` has it, and the page has its words by `problem`. */
export interface Setup {
  problem: "missing-setting" | "invalid-setting" | "database" | "migrations";
  /** The name of a setting. */
  setting?: string;
  steps: Step[];
}

interface Step {
  where: "local" | "deployed" | "configuration" | "settings" | "log";
  run: string;
}

const LOCALLY: Step = { where: "local", run: "npx wrangler d1 migrations apply DB --local" };
const DEPLOYED = "npx wrangler d1 migrations apply DB --remote";

/** No binding `DB`. */
export const NO_DATABASE: Setup = {
  problem: "database",
  steps: [
    {
      where: "configuration",
      run: `"d1_databases": [
  {
    "binding": "DB",
    "database_name": "edgegate",
    // That of \`d1 create\`; \`wrangler dev\` takes any.
    "database_id": "00000000-0000-0000-0000-000000000000",
    "migrations_dir": "migrations"
  }
]`,
    },
    LOCALLY,
    { where: "deployed", run: `npx wrangler d1 create edgegate\n${DEPLOYED}` },
  ],
};

/** No table `users`. */
export const NO_TABLES: Setup = { problem: "migrations", steps: [LOCALLY, { where: "deployed", run: DEPLOYED }] };

/** An error of `createGate`. The log has what is not told here. */
export function setupOf(error: unknown): Setup {
  const message = error instanceof EdgegateError && error.code === "setting" ? error.message : "";
  const [, setting, isMissing] = /^([A-Z_]+) (is missing)?/.exec(message) ?? [];
  if (setting === undefined || !isMissing) return { problem: "invalid-setting", steps: [{ where: "log", run: "npx wrangler tail" }] };
  const secret: Step[] = [
    { where: "local", run: 'echo "SECRET_KEY=$(openssl rand -hex 32)" >> .dev.vars' },
    { where: "deployed", run: "openssl rand -hex 32 | npx wrangler secret put SECRET_KEY" },
  ];
  const other: Step[] = [
    { where: "settings", run: `${setting}=...` },
    { where: "deployed", run: `npx wrangler secret put ${setting}` },
  ];
  return { problem: "missing-setting", setting, steps: setting === "SECRET_KEY" ? secret : other };
}

/** Whether a table was missing since the last question for it. */
let isSuspected = false;

/** The log of the gate, which is the first to know of a missing table. */
export const watchedLog: Log = (entry) => {
  const { error } = entry;
  if (error instanceof Error && error.message.includes("no such table: ")) isSuspected = true;
  consoleLog(entry);
};

/** Whether the gate's failure may be that of a database without tables. It asks nothing otherwise, so that failures cost no more. */
export async function isWithoutTables(database: D1Database): Promise<boolean> {
  if (!isSuspected) return false;
  hasUsers = false;
  return (isSuspected = await isMissingNow(database));
}

/** Whether this isolate has seen the table. */
let hasUsers = false;

/** When it was last looked for, and whether it was missing then. */
let [lookedAt, wasMissing] = [-Infinity, false];

/** Another failure is none of the setup. Visitors of the page ask once for each isolate, and once a second while the table is not there. */
export async function lacksUsers(database: D1Database): Promise<boolean> {
  if (hasUsers) return false;
  const now = Date.now();
  if (now - lookedAt < 1000) return wasMissing;
  lookedAt = now;
  return (wasMissing = await isMissingNow(database));
}

async function isMissingNow(database: D1Database): Promise<boolean> {
  try {
    await database.prepare("SELECT 1 FROM users LIMIT 0").all();
    hasUsers = true;
    return false;
  } catch (error) {
    return String(error).includes("no such table: users");
  }
}

const WORDS: Record<Step["where"], string> = {
  local: "For wrangler dev, in the folder of the Worker",
  deployed: "For the Worker at Cloudflare",
  configuration: "In wrangler.jsonc",
  settings: "In .dev.vars, or in vars of wrangler.jsonc",
  log: "The log says which one, and how to mend it: that of wrangler dev, or at Cloudflare",
};

function said({ problem, setting }: Setup): string {
  switch (problem) {
    case "missing-setting":
      return `The setting ${setting} is missing.`;
    case "invalid-setting":
      return "A setting is not valid.";
    case "database":
      return "The Worker has no database: the binding DB is missing.";
    case "migrations":
      return "The database has no tables: its migrations are not applied.";
  }
}

/** A page for a browser, and JSON as FastAPI's errors are for others. */
export function notSetUp(request: Request, setup: Setup): Response {
  const status = setup.problem === "migrations" ? 503 : 500;
  const headers = { "cache-control": "no-store", vary: "accept", ...(status === 503 ? { "retry-after": "60" } : {}) };
  if (request.headers.get("accept")?.includes("text/html")) {
    return new Response(page(setup), { status, headers: { ...headers, "content-type": "text/html; charset=utf-8", "content-security-policy": CSP } });
  }
  const steps = setup.steps.map(({ where, run }) => `${WORDS[where]}: ${run}`);
  return Response.json({ detail: [said(setup), ...steps].join("\n") }, { status, headers });
}

const CSP = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function page(setup: Setup): string {
  const steps = setup.steps.map(({ where, run }) => `<h2>${WORDS[where]}</h2>\n<pre><code>${escaped(run)}</code></pre>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not set up yet</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/colors.css">
<link rel="stylesheet" href="/page/page.css">
</head>
<body>
<main data-ready>
<div class="setup">
<header class="heading"><h1>This service is not set up yet</h1><p>${escaped(said(setup))}</p></header>
<section class="card">
${steps.join("\n")}
</section>
<p class="aside">Then load this page again.</p>
</div>
</main>
</body>
</html>
`;
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] as string);
}
