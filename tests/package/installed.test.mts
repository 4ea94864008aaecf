// The package as users get it: packed, installed in another folder, resolved, and used on every runtime. `cargo xtask test --only
// package` packs it and passes the path of the tarball. `programs` has the programs that use it.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { build, buildSync, type BuildOptions, type Plugin } from "esbuild";

const tarball = process.env["EDGEGATE_TARBALL"] ?? assert.fail("EDGEGATE_TARBALL is not set");
const folder = mkdtempSync(join(tmpdir(), "edgegate-installed-"));
const installed = join(folder, "node_modules/edgegate");
const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

interface Manifest {
  version: string;
  exports: Record<string, unknown>;
  sideEffects: string[];
}
const manifest = () => JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Manifest;

/** The files that a part of the manifest names. */
const filesIn = (part: unknown): string[] =>
  typeof part === "string" ? [part.replace("./", "")] : Object.values(part as object).flatMap(filesIn);

before(() => {
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
  run("npm", "install", "--silent", "--offline", "--no-audit", "--no-fund", tarball);
  cpSync(here("programs"), folder, { recursive: true });
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** What `edgegate init` copies: files of its own, and those of the Worker. */
function copiedByInit(): string[] {
  const below = (path: string) => readdirSync(here(path), { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(here(path), name)).isFile());
  const own = below("../../pkg/init").filter((name) => !name.startsWith("www/")).map((name) => `init/${name}`);
  const page = below("../../www/public").filter((name) => !/^(edgegate\/|docs)/.test(name)).map((name) => `public/${name}`);
  const others = ["src", "migrations"].flatMap((folder) => below(`../../www/${folder}`).map((name) => `${folder}/${name}`));
  return [...own, ...["copied.json", "wrangler.jsonc", ...page, ...others].map((name) => `init/www/${name}`)];
}

test("it contains the files that the manifest names, and no others", () => {
  const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  const others = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "dist/cli.js", "wasm/password_bg.wasm", "wasm/schemes.wasm", "wasm/token_bg.wasm"];
  assert.deepEqual(paths.sort(), [...new Set([...filesIn(manifest().exports), ...others, ...copiedByInit()])].sort());
});

/** The files of the package that end up in a bundle. */
function bundled(contents: string, options: BuildOptions): string[] {
  const { metafile } = buildSync({
    stdin: { contents, resolveDir: folder },
    bundle: true, write: false, metafile: true, logLevel: "error", platform: "neutral", external: ["node:*"],
    loader: { ".wasm": "empty" }, ...options,
  });
  return Object.keys(metafile?.inputs ?? {}).map((path) => relative(installed, path)).filter((path) => path.startsWith("dist/"));
}

test("each runtime gets its own entry, whatever other conditions it sets", () => {
  const LINES: [string, string[]][] = [
    ["workerd.js", ["browser", "node", "bun", "deno", "edge-light", "workerd"]],
    // wrangler's conditions.
    ["workerd.js", ["workerd", "worker", "browser"]],
    // Those of Next for edge routes.
    ["edge-light.js", ["browser", "node", "edge-light", "worker"]],
    ["inline.js", ["deno", "node"]],
    ["inline.js", ["bun", "node"]],
    ["inline.js", ["node"]],
    ["inline.js", ["node", "module-sync"]],
    ["inline.js", ["browser"]],
    ["inline.js", []],
  ];
  for (const [folder, name] of [["", ""], ["token/", "/token"], ["password/", "/password"], ["schemes/", "/schemes"]]) {
    for (const [file, conditions] of LINES) {
      const external = ["node:*", "*.wasm?module"];
      assert.deepEqual(bundled(`import "edgegate${name}";`, { conditions, external }), [`dist/${folder}${file}`], `${name} ${conditions}`);
      const required = file === "inline.js" && !/deno|bun|module-sync/.test(conditions.join()) ? "inline.cjs" : file;
      assert.deepEqual(bundled(`require("edgegate${name}");`, { conditions, external }), [`dist/${folder}${required}`], `${name} ${conditions}`);
    }
  }
  for (const conditions of [["workerd"], ["edge-light"], ["node"], ["browser"]]) {
    assert.deepEqual(bundled('import "edgegate/inline";', { conditions }), ["dist/inline.js"]);
    assert.deepEqual(bundled('import "edgegate/slim";', { conditions }), ["dist/slim.js"]);
  }
});

test("the conditions are in their order, with `types` first", () => {
  for (const entry of [".", "./token", "./password", "./schemes"]) {
    const order = Object.keys(manifest().exports[entry] as object);
    assert.deepEqual(order, ["types", "workerd", "edge-light", "deno", "bun", "node", "browser", "default"]);
  }
});

test("each entry is one file without a top-level await, and has side effects only where it binds wasm", () => {
  const scripts = filesIn(manifest().exports).filter((file) => /^dist.*\.c?js$/.test(file));
  const binding = new Set<string>();
  for (const file of scripts) {
    const imported = new Set<string>();
    // Top-level await is an error in this format.
    const { metafile } = buildSync({ entryPoints: [join(installed, file)], bundle: true, write: false, metafile: true, format: "iife", platform: "neutral", external: ["*.wasm", "*.wasm?module"], logLevel: "silent" });
    for (const { imports } of Object.values(metafile.inputs)) for (const { path } of imports) imported.add(path);
    for (const path of imported) assert.match(path, /^\.\.\/(\.\.\/)?wasm\/(\w+_bg|schemes)\.wasm(\?module)?$/, file);
    if (/\bsetGlue\(/.test(readFileSync(join(installed, file), "utf8"))) binding.add(`./${file}`);
  }
  assert.deepEqual(manifest().sideEffects.toSorted(), [...binding, "./dist/cli.js"].sort());
});

test("a bundle for Node needs no other file", () => {
  for (const format of ["esm", "cjs"] as const) {
    const outfile = join(folder, `alone/bundle.${format === "esm" ? "mjs" : "cjs"}`);
    const contents = 'import { verifyPassword } from "edgegate"; verifyPassword("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW").then(console.log);';
    buildSync({ stdin: { contents, resolveDir: folder }, bundle: true, platform: "node", format, outfile, logLevel: "error" });
    assert.equal(run(process.execPath, outfile).trim(), "true");
  }
});

/** The runtimes of package.json, by what starts a program. On another platform npm installs none of them. */
const RUNTIMES: [string, string, string[]][] = [
  ["the oldest Node of `engines`", here("node_modules/node-20/bin/node"), ["--no-warnings"]],
  ["Node 22", process.execPath, []],
  ["Node 24", here("node_modules/node-24/bin/node"), []],
  // The wasm for `slim` is read; nothing else is.
  ["Deno", here("node_modules/@deno/linux-x64-glibc/deno"), ["run", "--no-prompt", "--allow-read=node_modules/edgegate"]],
  ["Bun", here("node_modules/@oven/bun-linux-x64/bin/bun"), []],
];
const isOnLinux = process.platform === "linux" && process.arch === "x64";

for (const [name, program, args] of RUNTIMES) {
  test(`all entries work on ${name}, imported and required`, { skip: !isOnLinux && !existsSync(program) && "npm has none for this platform" }, () => {
    for (const file of ["import.js", "require.cjs"]) assert.equal(run(program, ...args, file).trim(), "works", file);
  });
}

test("all entries work on workerd, bundled by wrangler", { timeout: 90_000 }, async () => {
  writeFileSync(join(folder, "wrangler.json"), '{ "name": "entries", "main": "worker.js", "compatibility_date": "2026-11-01" }');
  const options = ["--local", "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0", "--show-interactive-dev-session=false"];
  const quiet = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", CI: "true", NO_COLOR: "1" };
  const wrangler = spawn(process.execPath, [here("../../node_modules/wrangler/bin/wrangler.js"), "dev", ...options], {
    cwd: folder, env: { ...process.env, ...quiet }, stdio: ["ignore", "pipe", "ignore"], detached: true,
  });
  try {
    for await (const line of createInterface(wrangler.stdout)) {
      const url = /Ready on (http:\S+)/.exec(line)?.[1];
      if (url) return assert.equal(await (await fetch(url)).text(), "works");
    }
    assert.fail("wrangler ended before it was ready");
  } finally {
    if (wrangler.pid) process.kill(-wrangler.pid, "SIGTERM");
    await once(wrangler, "exit");
  }
});

test("the entries for Vercel's edge get compiled modules by the suffix `?module`", async () => {
  // What Next does: the suffix gives a module, and other wasm cannot be imported.
  const compiled: Plugin = {
    name: "compiled",
    setup(build) {
      build.onResolve({ filter: /\.wasm\?module$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path.replace("?module", "")), namespace: "compiled" }));
      build.onLoad({ filter: /./, namespace: "compiled" }, ({ path }) => ({
        contents: `import { readFileSync } from "node:fs"; export default new WebAssembly.Module(readFileSync(${JSON.stringify(path)}));`,
      }));
    },
  };
  await build({
    entryPoints: [join(folder, "edge.js")], outfile: join(folder, "edge.mjs"),
    bundle: true, format: "esm", platform: "neutral", external: ["node:*"], conditions: ["edge-light"], plugins: [compiled], logLevel: "error",
  });
  assert.equal(run(process.execPath, "edge.mjs").trim(), "works");
  assert.equal(readFileSync(join(folder, "edge.mjs"), "utf8").match(/new WebAssembly\.Module\(readFileSync/g)?.length, 3);
});

test("the oldest Node is the one that `engines` names", () => {
  const { engines } = manifest() as Manifest & { engines: { node: string } };
  if (isOnLinux) assert.equal(`>=${run(RUNTIMES[0]?.[1] as string, "--version").trim().slice(1).replace(/(\.0)+$/, "")}`, engines.node);
});

test("the types compile without a library that declares `Request`, and fit those that do", () => {
  const [tsc, types] = [here("../../node_modules/.bin/tsc"), here("../../node_modules/@types")];
  const compile = (files: string[], ...options: string[]) =>
    run(tsc, "--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2023", ...options, ...files);
  const [nodenext, bundler] = [["--module", "nodenext"], ["--module", "esnext", "--moduleResolution", "bundler"]];
  copyFileSync(join(folder, "types.ts"), join(folder, "required.cts"));
  const [both, platform] = [["types.ts", "required.cts"], "platform.ts"];
  compile(both, ...nodenext, "--lib", "es2023", "--types", "");
  compile(["types.ts"], ...bundler, "--lib", "es2023", "--types", "");
  compile([...both, platform], ...nodenext, "--lib", "es2023,dom", "--types", "");
  compile([...both, platform], ...nodenext, "--lib", "es2023", "--types", "node", "--typeRoots", types);
  compile(["types.ts", platform], ...bundler, "--lib", "es2023", "--types", here("../../node_modules/@cloudflare/workers-types"));
});

test("the README of the package is the real one", () => {
  const readme = readFileSync(join(installed, "README.md"), "utf8");
  for (const needed of ["`BCRYPT_COST`", "`edgegate/postgres`", "'wasm-unsafe-eval'", "npx edgegate init"]) assert(readme.includes(needed), needed);
  assert.doesNotMatch(readme.replace(/```.+?```/gs, ""), /\]\((?!#|https:)/, "a link to a file that is not in the package");
});

test("its command makes a key and explains a token", () => {
  const command = join(folder, "node_modules/.bin/edgegate");
  assert.equal(run(command, "--version").trim(), manifest().version);
  writeFileSync(join(folder, "key.json"), execFileSync(command, ["keygen"], { stdio: ["ignore", "pipe", "ignore"] }));
  writeFileSync(join(folder, "issue.js"), 'import { issueToken } from "edgegate"; import { readFileSync } from "node:fs"; process.stdout.write(await issueToken(7, { JWT_KEYS: `{"keys":[${readFileSync("key.json", "utf8")}]}` }));');
  const token = run(process.execPath, "issue.js");
  const inspected = execFileSync(command, ["token", "inspect", "--keys", "key.json"], { cwd: folder, input: token, encoding: "utf8" });
  assert.match(inspected, /^verdict {2}accepted$/m);
});

test("its command makes a project, also on the oldest Node", () => {
  for (const [name, program] of [["new", process.execPath], ["old", isOnLinux ? (RUNTIMES[0]?.[1] as string) : process.execPath]] as const) {
    run(program, "node_modules/edgegate/dist/cli.js", "init", name, "--hono");
    const made = readdirSync(join(folder, name), { recursive: true }).length;
    assert(made > 40, `${made} files and folders`);
    assert(existsSync(join(folder, name, "public/page/main.js")) && existsSync(join(folder, name, "public/edgegate/token.js")));
  }
});
