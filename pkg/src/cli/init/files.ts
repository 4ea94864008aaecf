// Files that `edgegate init` writes: all of them or none, and none over another one.

import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, realpathSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
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

/** The text of a file, with its byte order mark, so that it can be written again as it was. */
export function read(folder: string, path: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(join(folder, path)));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const reason = error instanceof TypeError ? "it is not UTF-8" : code;
    throw new UsageError(`${path} cannot be read: ${reason}. Nothing was changed: mend it, and repeat the command`, "npx edgegate init --existing");
  }
}

/** A symbolic link may lead anywhere. */
export function checkInside(root: string, files: File[]): void {
  for (const { path } of files) {
    const way = relative(realpathSync(root), realPathOf(join(root, path)));
    if (isAbsolute(way) || /^\.\.([\\/]|$)/.test(way)) {
      throw new UsageError(`${path} is outside of the project, and nothing was changed: call the command in the folder that has it, or move it`, "npx edgegate init --existing");
    }
  }
}

/** Of the nearest that exists. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return realPathOf(dirname(path));
  }
}

interface Undo {
  path: string;
  step: () => void;
}

/** Writes them. If one cannot be written, everything is as it was. */
export function write(root: string, files: File[]): void {
  const undo: Undo[] = [];
  let at = root;
  try {
    const replacements = [];
    for (const { path, content, before, isSecret = false } of files) {
      at = join(root, path);
      if (before === undefined) {
        makeFolder(dirname(at), undo);
        make(at, content, isSecret ? 0o600 : 0o666, undo);
      } else {
        const target = realpathSync(at);
        const mode = statSync(target).mode & 0o777;
        const temporary = temporaryFor(target);
        make(temporary, content, 0o600, undo);
        chmodSync(temporary, isSecret ? 0o600 : mode);
        replacements.push({ path, target, temporary, before, mode });
      }
    }
    // A full disk was noticed before this.
    for (const { path, target, temporary, before, mode } of replacements) {
      at = target;
      // Somebody may have saved it meanwhile.
      if (!readFileSync(target).equals(Buffer.from(before))) {
        throw new UsageError(`${path} was changed meanwhile. Nothing else was left changed: run it again`, "npx edgegate init --existing");
      }
      renameSync(temporary, target);
      undo.push({ path: target, step: () => restore(target, before, mode) });
    }
  } catch (error) {
    const left = undo.reverse().filter(({ step }) => !succeeds(step)).map(({ path }) => path);
    if (left.length > 0) throw new UsageError(`${at} cannot be written, and this could not be undone: ${left.join(", ")}. See what changed`, "git status");
    if (error instanceof UsageError) throw error;
    throw unwritable(at, error as NodeJS.ErrnoException);
  }
}

function make(path: string, content: string | Buffer, mode: number, undo: Undo[]): void {
  const opened = openSync(path, "wx", mode);
  undo.push({ path, step: () => rmSync(path, { force: true }) });
  try {
    writeFileSync(opened, content);
  } finally {
    closeSync(opened);
  }
}

function temporaryFor(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}.tmp`;
}

function restore(target: string, content: string, mode: number): void {
  const temporary = temporaryFor(target);
  try {
    writeFileSync(temporary, content, { flag: "wx", mode: 0o600 });
    chmodSync(temporary, mode);
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function succeeds(step: () => void): boolean {
  try {
    step();
    return true;
  } catch {
    return false;
  }
}

function makeFolder(folder: string, undo: Undo[]): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder), undo);
  mkdirSync(folder);
  undo.push({ path: folder, step: () => rmdirSync(folder) });
}

function unwritable(file: string, { code, syscall }: NodeJS.ErrnoException): UsageError {
  if (syscall === undefined) throw new Error(`${file}: an error that is not of the file system`);
  const reason = code === "EEXIST" ? "it is there already" : code === "EACCES" || code === "EPERM" || code === "EROFS" ? `you may not write there (${code})` : code;
  return new UsageError(`${file} cannot be written: ${reason}. Nothing was left behind. Repeat the command where you may write`, "cd ~");
}
