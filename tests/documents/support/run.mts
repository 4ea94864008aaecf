// What the programs of the blocks share. A relative path to it is the same from `tests/documents` and from `target/documents`.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

export const SECRET_KEY = "a secret of the tests, 32 bytes or more";
export const PASSWORD = "correct horse battery staple";

/** A block of a document. */
export interface Block {
  line: number;
  language: string;
  code: string;
  /** The block of what it prints. */
  expected: string;
}

/** This block, which must be there and be of this language. */
export function block(blocks: readonly Block[], at: number, language: string): Block {
  const found = blocks[at];
  assert.equal(found?.language, language, `block ${at + 1} of the document with this name`);
  return found as Block;
}

/** The commands of a block: its lines without comments. */
export function commands({ code }: Block): string[] {
  return code.split("\n").map((line) => line.replace(/(^|\s+)#.*$/, "")).filter((line) => line !== "");
}

/** What a block says that its commands print: the block behind it, and its lines `# ...`. */
export function printedBy({ code, expected }: Block): string[] {
  const comments = code.split("\n").filter((line) => line.startsWith("# ")).map((line) => line.slice(2));
  return [...comments, ...expected.split("\n").filter((line) => line !== "")];
}

export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a script by bash, which ends at its first error. */
export function bash(script: string, { cwd, env = {}, input = "" }: { cwd: string; env?: Record<string, string>; input?: string }): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile("bash", ["-euo", "pipefail", "-c", script], { cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
    // Who does not read closes the pipe.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

/** The same, and fails unless the script succeeds. Returns what it prints. */
export async function succeeds(script: string, options: Parameters<typeof bash>[1]): Promise<string> {
  const { status, stdout, stderr } = await bash(script, options);
  assert.equal(status, 0, `${script}\n${stdout}${stderr}`);
  return stdout;
}

/** Fails unless the lines are printed in this order. `...` stands for any text. */
export function assertPrinted(wanted: string[], printed: string): void {
  const lines = printed.split("\n").map((line) => line.trim());
  let at = 0;
  for (const line of wanted) {
    const pattern = new RegExp(`^${line.split("...").map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`);
    const found = lines.findIndex((printed, place) => place >= at && pattern.test(printed));
    assert.notEqual(found, -1, `not printed: ${line}\n${printed}`);
    at = found + 1;
  }
}

/** Says that a command needs an account. The stage has compared its flags with its help, and counts these lines. */
export function needsAccount(command: string): void {
  console.log(`NOT RUN: ${command}`);
}

/** Serves on 127.0.0.1. */
export async function serve(listener: RequestListener): Promise<{ origin: string; close(): void }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export async function freePort(): Promise<number> {
  const { origin, close } = await serve(() => {});
  close();
  return Number(new URL(origin).port);
}

type Ask = (path: string, init?: RequestInit) => Promise<Pick<Response, "status" | "text" | "json">>;

/** Signs up and logs in below this path, and returns the token. */
export async function logIn(ask: Ask, { prefix = "", email = "ada@example.com" } = {}): Promise<string> {
  const signUp = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email, password: PASSWORD }) };
  const created = await ask(`${prefix}/users`, signUp);
  assert.equal(created.status, 201, await created.text());
  const form = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: String(new URLSearchParams({ username: email, password: PASSWORD })) };
  const login = await ask(`${prefix}/login`, form);
  assert.equal(login.status, 200);
  return ((await login.json()) as { access_token: string }).access_token;
}

/** A guarded path answers who has a token, and refuses who has none. */
export async function assertGuarded(ask: Ask, path: string, token: string, body: unknown): Promise<void> {
  const answer = await ask(path, { headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual([answer.status, await answer.json()], [200, body]);
  for (const headers of [{}, { authorization: `Bearer ${token}x` }]) assert.equal((await ask(path, { headers })).status, 401);
}
