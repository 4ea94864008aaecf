import { test } from "node:test";
import { join } from "node:path";
import { run } from "../shared/run.mjs";

const cwd = import.meta.dirname;
const program = (name) => join(cwd, "node_modules", name);
const jest = (folder, more) => {
  const config = JSON.stringify({ testMatch: [`**/${folder}/*.jest.?js`], transform: {}, testEnvironment: "node", moduleFileExtensions: ["js", "mjs", "cjs", "json"] });
  return run(process.execPath, [...more, program("jest/bin/jest.js"), "--config", config, "--rootDir", cwd, "--ci"], { cwd });
};

test("Vitest", () => run(process.execPath, [program("vitest/vitest.mjs"), "run", "--dir", "vitest"], { cwd }));
test("Jest with ES modules", () => jest("jest-esm", ["--experimental-vm-modules", "--no-warnings"]));
test("Jest with CommonJS", () => jest("jest-cjs", []));
