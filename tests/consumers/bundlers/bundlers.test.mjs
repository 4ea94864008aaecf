import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { rspack } from "@rspack/core";
import * as esbuild from "esbuild";
import { rolldown } from "rolldown";
import { rollup } from "rollup";
import webpack from "webpack";
import { freePort, open, openFolder, run, serving } from "../shared/run.mjs";
import { WORKS } from "../shared/use.js";

const IN_BROWSER = `${WORKS} accepted $2b$10$`;
const here = import.meta.dirname;
rmSync(join(here, "dist"), { recursive: true, force: true });

/** A folder with a page for the bundle `main.js`. */
function pageIn(name) {
  const folder = join(here, "dist", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "index.html"), '<!doctype html><title>edgegate</title><script type="module" src="main.js"></script>');
  return folder;
}

/** How each bundler bundles `entry` into `file`. */
const packed = (bundle) => (entry, file, target) =>
  promisify(bundle)({
    mode: "production",
    context: here,
    entry,
    target,
    output: { path: join(file, ".."), filename: file.split("/").at(-1) },
  }).then((stats) => assert(!stats.hasErrors(), stats.toString()));
const rolled = (bundle, plugins) => async (input, file, target) => {
  const bundled = await bundle({ input, plugins: plugins(target), ...(target === "node" ? { external: /^node:/ } : {}), onwarn: () => {} });
  await bundled.write({ file, format: target === "node" ? "cjs" : "es", inlineDynamicImports: true });
};
const bundlers = {
  webpack: packed(webpack),
  rspack: packed(rspack),
  rollup: rolled(rollup, (target) => [nodeResolve({ browser: target === "web", exportConditions: [target === "web" ? "browser" : "node"] })]),
  rolldown: async (input, file, target) => {
    const bundled = await rolldown({ input, platform: target === "node" ? "node" : "browser", logLevel: "silent" });
    await bundled.write({ file, format: target === "node" ? "cjs" : "es" });
  },
  esbuild: (entry, outfile, target) =>
    esbuild.build({ entryPoints: [entry], outfile, bundle: true, logLevel: "silent", ...(target === "node" ? { platform: "node", format: "cjs" } : { platform: "browser", format: "esm" }) }),
};

for (const [name, bundle] of Object.entries(bundlers)) {
  test(`${name} for browsers, in Chromium`, async () => {
    const folder = pageIn(name);
    await bundle(join(here, "src/main.js"), join(folder, "main.js"), "web");
    assert.equal(await openFolder(folder), IN_BROWSER);
  });

  test(`${name} for Node`, async () => {
    const file = join(here, "dist", name, "node.cjs");
    await bundle(join(here, "src/node.js"), file, "node");
    assert.equal(await run(process.execPath, [file]), WORKS);
  });
}

for (const [name, version] of [["vite6", 6], ["vite7", 7], ["vite", 8]]) {
  const vite = join(here, "node_modules", name, "bin/vite.js");
  const outDir = join(here, "dist", name);

  test(`Vite ${version}: the development server, again with optimised dependencies, a build and its preview`, async () => {
    rmSync(join(here, "node_modules/.vite"), { recursive: true, force: true });
    for (const _ of ["first", "again"]) {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}/`;
      const args = [vite, "--host", "127.0.0.1", "--port", String(port), "--strictPort"];
      assert.equal(await serving(process.execPath, args, url, () => open(url), { cwd: here }), IN_BROWSER);
    }
    await run(process.execPath, [vite, "build", "--outDir", outDir, "--logLevel", "warn"], { cwd: here });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const args = [vite, "preview", "--outDir", outDir, "--host", "127.0.0.1", "--port", String(port), "--strictPort"];
    assert.equal(await serving(process.execPath, args, url, () => open(url), { cwd: here }), IN_BROWSER);
  });
}
