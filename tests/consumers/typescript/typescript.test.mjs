import { join } from "node:path";
import { test } from "node:test";
import { run } from "../shared/run.mjs";

const cwd = import.meta.dirname;
const OPTIONS = ["--noEmit", "--strict", "--target", "es2022", "--types", "node"];
const MODES = {
  bundler: ["--module", "esnext", "--moduleResolution", "bundler"],
  nodenext: ["--module", "nodenext"],
  node16: ["--module", "node16"],
  node10: ["--module", "esnext", "--moduleResolution", "node10", "--esModuleInterop", "--skipLibCheck"],
};

// TypeScript 7 has no `node10`.
for (const [version, folder, modes, more] of [
  ["5.9", "typescript", ["bundler", "nodenext", "node16", "node10"], []],
  ["7", "typescript7", ["bundler", "nodenext", "node16"], ["--ignoreConfig"]],
]) {
  for (const mode of modes) {
    const tsc = join(cwd, "node_modules", folder, "bin/tsc");
    test(`TypeScript ${version} with ${mode}`, () => run(process.execPath, [tsc, ...more, ...OPTIONS, ...MODES[mode], "app.ts"], { cwd }));
  }
}
