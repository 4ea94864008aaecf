// Every error of the command ends with the command to run next, which exists.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CLI, file, folder, sqlite, worker, WRANGLER } from "./users-command.ts";

interface Call {
  args: string[];
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
  /** The command that the last line names; by default the help of the command that was called. */
  next?: string;
}

function edgegate({ args, input = "", env = {}, cwd = folder }: Call) {
  return spawnSync(process.execPath, [CLI, ...args], { input, cwd, env: { PATH: process.env["PATH"], HOME: folder, ...env }, encoding: "utf8" });
}

/** The commands below this one, by its help. */
function commandsBelow(path: string[]): string[][] {
  const { status, stdout } = edgegate({ args: [...path, "--help"] });
  assert.equal(status, 0, path.join(" "));
  const listed = stdout.split("\nCommands:\n")[1]?.split("\n\n")[0] ?? "";
  const names = [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = ""]) => name).filter((name) => name !== "help");
  return names.flatMap((name) => [[...path, name], ...commandsBelow([...path, name])]);
}

const known = new Map<string, boolean>();

/** Whether the command shows its help, or is a program that is installed. */
function exists(command: string): boolean {
  const [program = "", ...words] = command.split(" ");
  const at = words.findIndex((word) => word.startsWith("-"));
  const names = at < 0 ? words : words.slice(0, at);
  const call = program === "npx" ? ({ edgegate: CLI, wrangler: WRANGLER }[names[0] ?? ""] ?? "") : "";
  const key = [program, ...names].join(" ");
  if (!known.has(key)) {
    const asked = call === "" ? spawnSync(program, ["--version"]) : spawnSync(process.execPath, [call, ...names.slice(1), "--help"], { cwd: folder, env: { PATH: process.env["PATH"], HOME: folder }, encoding: "utf8" });
    known.set(key, asked.status === 0 && (call === "" || String(asked.stdout).includes(names.slice(0, names[0] === "wrangler" ? 4 : undefined).join(" "))));
  }
  return known.get(key) === true;
}

function check(call: Call): void {
  const { status, stderr } = edgegate(call);
  const what = `${call.args.join(" ")}\n${stderr}`;
  assert.equal(status, 2, what);
  assert.match(stderr, /^edgegate: .+\n/, what);
  const last = stderr.trimEnd().split("\n").at(-1) ?? "";
  const [, command = ""] = /^Next: `([^`]+)`(?: shows how it is used\.)?$/.exec(last) ?? [];
  assert(command !== "" && exists(command), what);
  if (call.next !== undefined) assert.equal(command, call.next, what);
}

test("a wrong call of each command ends with the help of this command", () => {
  const commands = commandsBelow([]);
  assert(commands.length > 12, commands.join("; "));
  for (const command of commands) {
    for (const wrong of [["--no-such-option"], ["a", "b", "c"]]) check({ args: [...command, ...wrong], next: `npx edgegate ${command.join(" ")} --help` });
  }
  check({ args: ["no-such-command"], next: "npx edgegate --help" });
  check({ args: ["--no-such-option"], next: "npx edgegate --help" });
});

test("an error of each command ends with what to run next", () => {
  const bare = mkdtempSync(join(folder, "bare-"));
  const { project, env } = worker();
  const empty = sqlite();
  const db = ["--db", `sqlite:${empty.path}`];
  const before = sqlite();
  before.database.exec("ALTER TABLE users DROP COLUMN is_active");
  before.database.exec("INSERT INTO users (email, password) VALUES ('ada@example.com', '')");
  const written = file("x");
  const csv = file("id,email,password\n1,ada@example.com,x\n");
  const ofWorker = { cwd: project, env: env as Record<string, string> };
  const migrate = "npx wrangler d1 migrations apply DB --local";
  const help = (command: string) => `npx edgegate ${command} --help`;
  const calls: Call[] = [
    { args: ["keygen", "--alg", "RS256"], next: help("keygen") },
    { args: ["keygen", "--kid", ""], next: help("keygen") },
    { args: ["invite", "ada@example.com"], next: help("invite") },
    { args: ["invite", "nobody"], env: { SECRET_KEY: "a secret of the tests, 32 bytes or more" }, next: help("invite") },
    { args: ["shadow", "report", join(bare, "nothing")], next: help("shadow report") },
    { args: ["shadow", "report", written], next: help("shadow report") },
    { args: ["token", "inspect"], next: help("token inspect") },
    { args: ["token", "inspect", "--keys", join(bare, "nothing")], next: help("token inspect") },
    { args: ["users", "hash", "--cost", "99"], input: "correct horse battery", next: help("users hash") },
    { args: ["users", "hash"], next: help("users hash") },
    { args: ["users", "import"], next: help("users import") },
    { args: ["users", "import", join(bare, "nothing.csv"), ...db], next: help("users import") },
    { args: ["users", "import", file(""), ...db], next: help("users import") },
    { args: ["users", "import", csv, "--map", "x=y", ...db], next: help("users import") },
    { args: ["users", "import", csv, "--report", written, ...db], next: help("users import") },
    { args: ["users", "import", csv], ...ofWorker, next: migrate },
    { args: ["users", "import", "--postgres", "-"], next: help("users import") },
    { args: ["users", "import", csv, "--db", "postgres"], next: help("users import") },
    { args: ["users", "import", csv, "--db", "postgres://127.0.0.1:1/x"], next: help("users import") },
    { args: ["users", "import", csv, "--db", "mysql:x"], next: help("users import") },
    { args: ["users", "import", csv, "--db", `sqlite:${join(bare, "nothing.db")}`], next: help("users import") },
    { args: ["users", "stats", "--db", "d1:NOTHING"], ...ofWorker, next: "npx wrangler d1 list" },
    { args: ["users", "stats", "--db", "d1-remote:DB"], ...ofWorker, next: "npx wrangler login" },
    { args: ["users", "stats", "--db", `sql:${join(bare, "x.sql")}`], next: help("users stats") },
    { args: ["users", "stats", ...db, "--table", "people"], next: help("users stats") },
    { args: ["users", "export", written, ...db], next: help("users export") },
    { args: ["users", "add", "nobody", ...db], next: help("users add") },
    { args: ["users", "add", "ada@example.com", "--db", `sqlite:${before.path}`], next: help("users verify") },
    { args: ["users", "enable", "bob@example.com", ...db], next: help("users enable") },
    { args: ["users", "disable", "ada@example.com", "--db", `sqlite:${before.path}`], next: help("users disable") },
    { args: ["users", "rm", "bob@example.com", ...db], next: help("users rm") },
    { args: ["users", "rm", "ada@example.com", "--db", `sqlite:${before.path}`], next: help("users rm") },
    { args: ["users", "verify", "bob@example.com", ...db], next: help("users verify") },
    { args: ["users", "verify", "ada@example.com", "--db", `sqlite:${before.path}`], next: help("users import") },
  ];
  for (const call of calls) check(call);
});

test("what is not installed is named as the command that installs it", () => {
  // Not below a folder with `node_modules`.
  const outside = mkdtempSync(join(tmpdir(), "edgegate-outside-"));
  after(() => rmSync(outside, { recursive: true }));
  for (const [db, next] of [["d1", "npm install --save-dev wrangler"], ["postgres://x", "npm install pg"]] as const) {
    check({ args: ["users", "stats", "--db", db], cwd: outside, next });
  }
});
