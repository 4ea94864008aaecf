// `npm run dev` and `npm test` of a project that was made. The test runs it where there is no network.

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { useServer } from "../shared/http.mjs";
import { freePort, run, serving } from "../shared/run.mjs";

const [folder, asked] = process.argv.slice(2);
// A proxy could be on this machine.
const proxies = Object.fromEntries(Object.keys(process.env).filter((name) => /_proxy$/i.test(name)).map((name) => [name, ""]));
const watched = { NODE_OPTIONS: `--import=${pathToFileURL(`${import.meta.dirname}/watch.mjs`)}`, EDGEGATE_ASKED: asked, ...proxies };
// As on a person's machine: with `CI`, wrangler asks for less.
const options = { cwd: folder, env: { ...watched, CI: "" } };

const port = String(await freePort());
const base = `http://127.0.0.1:${port}`;
await serving("npm", ["run", "dev", "--", "--port", port, "--inspector-port", "0"], base, async () => {
  await useServer(base, { orders: "" });
  const page = await fetch(base);
  assert.match(await page.text(), /<main id="main"/);
  assert.match(page.headers.get("content-security-policy"), /^default-src 'none'; /);
  for (const file of ["page/main.js", "edgegate/token.js", "edgegate/password.js"]) assert.equal((await fetch(`${base}/${file}`)).status, 200, file);
  const features = await fetch(`${base}/page.json`);
  assert.equal((await features.json()).registration, "open");
}, options);
console.log(await run("npm", ["test"], options));
