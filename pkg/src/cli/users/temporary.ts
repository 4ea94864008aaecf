// What must not outlive the command: folders with password hashes, and wrangler, which would go on storing.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const folders = new Set<string>();
const children = new Set<ChildProcess>();
let isWatching = false;

/** A folder that only this user can read. It is removed when the command ends, also by a signal. */
export function temporaryFolder(): { path: string; remove: () => void } {
  watch();
  const path = mkdtempSync(join(tmpdir(), "edgegate-"));
  folders.add(path);
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
      folders.delete(path);
    },
  };
}

/** Runs a program of Node. It ends with this command, and so do the programs that it has started. */
export async function runNode(args: string[], env: NodeJS.ProcessEnv): Promise<{ status: number | null; stdout: string; stderr: string }> {
  watch();
  // A group of its own can be ended as a whole.
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"], detached: process.platform !== "win32" });
  children.add(child);
  try {
    const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
    const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { status, stdout, stderr };
  } finally {
    children.delete(child);
  }
}

function watch(): void {
  if (isWatching) return;
  isWatching = true;
  process.once("exit", clear);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(128 + constants.signals[signal]));
}

function clear(): void {
  for (const { pid } of children) {
    try {
      if (pid !== undefined) process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
  }
  for (const path of folders) rmSync(path, { recursive: true, force: true });
}
