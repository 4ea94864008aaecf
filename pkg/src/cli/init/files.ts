// Files that `edgegate init` writes: all of them or none, and none over another one.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../usage.js";

export interface File {
  /** Below the folder of the project, with `/`. */
  path: string;
  content: string | Buffer;
  /** What the file has now. Without it, there must be none. */
  before?: string | undefined;
  /** For the owner only. */
  isSecret?: boolean;
}

// The command is one file, `dist/cli.js`.
const PACKAGE = new URL("../", import.meta.url);

/** A file of this package. */
export function shipped(path: string): Buffer {
  return readFileSync(new URL(path, PACKAGE));
}

/** The files below a folder of this package, with paths from there. Node 20.0 reads no folder recursively. */
export function shippedBelow(folder: string, below = ""): File[] {
  const entries = readdirSync(new URL(`${folder}/${below}`, PACKAGE), { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = below + entry.name;
    return entry.isDirectory() ? shippedBelow(folder, `${path}/`) : [{ path, content: shipped(`${folder}/${path}`) }];
  });
}

/** What the build has copied: versions of packages, and which files of `dist` the page loads. */
export function copied(): { versions: Record<"@cloudflare/workers-types" | "hono" | "typescript" | "wrangler", string>; entries: Record<string, string> } {
  return JSON.parse(shipped("init/www/copied.json").toString());
}

export const SIGN_UP = "# Anyone can sign up, on this machine. Deployed, nobody can until REGISTRATION is set there.\nREGISTRATION=open\n";

/** A setting with a new secret. */
export function secretKey(): string {
  return `# Signs the tokens: whoever knows it can sign any. This one is random, and for this machine only.\nSECRET_KEY=${randomBytes(32).toString("hex")}\n`;
}

/** Writes them. If one cannot be written, everything is as it was. */
export function write(root: string, files: File[]): void {
  const undo: (() => void)[] = [];
  let at = root;
  try {
    for (const file of files) {
      const { path, content, before, isSecret = false } = file;
      at = join(root, path);
      makeFolder(dirname(at), undo);
      const target = at;
      if (before === undefined) {
        writeFileSync(target, content, { flag: "wx", mode: isSecret ? 0o600 : 0o666 });
        undo.push(() => rmSync(target));
      } else {
        // Somebody may have saved it meanwhile.
        if (readFileSync(target, "utf8") !== before) throw new UsageError(`${path} was changed meanwhile. Nothing else was left changed: run it again`, "npx edgegate init --existing");
        undo.push(() => writeFileSync(target, before));
        writeFileSync(target, content);
      }
    }
  } catch (error) {
    for (const step of undo.reverse()) step();
    if (error instanceof UsageError) throw error;
    throw unwritable(at, error as NodeJS.ErrnoException);
  }
}

function makeFolder(folder: string, undo: (() => void)[]): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder), undo);
  mkdirSync(folder);
  undo.push(() => rmdirSync(folder));
}

function unwritable(file: string, { code, syscall }: NodeJS.ErrnoException): UsageError {
  if (syscall === undefined) throw new Error(`${file}: an error that is not of the file system`);
  const reason = code === "EEXIST" ? "it is there already" : code === "EACCES" || code === "EPERM" || code === "EROFS" ? `you may not write there (${code})` : code;
  return new UsageError(`${file} cannot be written: ${reason}. Nothing was left behind. Repeat the command where you may write`, "cd ~");
}
