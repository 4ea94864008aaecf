// The Worker without its secret, its database or its migrations: what a browser, a client and the page say, and what is told to whom.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { accessible, fits, given, open, register, screenshot, signIn, title, using } from "./support.mts";

const { keyless, unbound, tableless, weak } = given;

/** What each Worker lacks, the status of its answers, and what it says. */
const BROKEN = {
  keyless: [keyless, 500, "The setting SECRET_KEY is missing.", ['echo "SECRET_KEY=$(openssl rand -hex 32)" >> .dev.vars', "openssl rand -hex 32 | npx wrangler secret put SECRET_KEY"]],
  unbound: [unbound, 500, "The Worker has no database: the binding DB is missing.", ['"d1_databases": [', '"binding": "DB"', "npx wrangler d1 create edgegate", "npx wrangler d1 migrations apply DB --remote"]],
  tableless: [tableless, 503, "The database has no tables: its migrations are not applied.", ["npx wrangler d1 migrations apply DB --local", "npx wrangler d1 migrations apply DB --remote"]],
} as const;

const login = (accept: string) => ({ method: "POST", headers: { accept }, body: new URLSearchParams({ username: "ada@example.org", password: "x" }) });

const detail = async (response: Response): Promise<string> => {
  assert.equal(response.headers.get("content-type"), "application/json");
  const body = (await response.json()) as { detail: string };
  assert.deepEqual(Object.keys(body), ["detail"]);
  return body.detail;
};

for (const [name, [url, status, says, runs]] of Object.entries(BROKEN)) {
  test(`${name}: a client gets JSON, and a browser a page, with what to run`, async () => {
    const response = await fetch(`${url}/login`, login("*/*"));
    assert.deepEqual([response.status, response.headers.get("cache-control")], [status, "no-store"]);
    const said = await detail(response);
    for (const text of [says, ...runs]) assert(said.includes(text), said);

    const page = await fetch(`${url}/login`, login("text/html,application/xhtml+xml,*/*;q=0.8"));
    assert.deepEqual([page.status, page.headers.get("content-type"), page.headers.get("x-content-type-options")], [status, "text/html; charset=utf-8", "nosniff"]);
    assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'; style-src 'self'/);
    assert.doesNotMatch(await page.text(), /<script|style=/);
  });

  test(`${name}: the page says what to run, and the tools still work`, async () => {
    await using(url, {}, async (page) => {
      await title(page, "This service is not set up yet");
      const text = await page.locator("main").innerText();
      for (const run of runs) assert(text.includes(run), text);
      assert.equal(await page.locator("form").count(), 0);
      await page.goto(`${url}/#sign-up`);
      await title(page, "This service is not set up yet");
      await page.getByRole("link", { name: "bcrypt" }).click();
      await title(page, "bcrypt on this device");
    });
  });
}

test("without tables, a route that asks the database tells a browser what to run", async () => {
  const form = '<form method="post" action="/login"><input name="username" value="a@example.org"><input name="password" value="x"></form>';
  await using(tableless, { refusals: [503] }, async (page) => {
    await page.route("**/from", (route) => route.fulfill({ contentType: "text/html", body: `<main data-ready><h1>x</h1>${form}</main>` }));
    await page.goto(`${tableless}/from`);
    await page.locator("form").evaluate((form: HTMLFormElement) => form.submit());
    await title(page, "This service is not set up yet");
    await page.getByText("npx wrangler d1 migrations apply DB --local").waitFor();
  });
});

test("which setting is invalid is told by the log only, and its value never", async () => {
  const log = "The log says which one, and how to mend it: that of wrangler dev, or at Cloudflare: npx wrangler tail";
  assert.equal(await detail(await fetch(`${weak}/me`)), `A setting is not valid.\n${log}`);
  assert.deepEqual(await (await fetch(`${weak}/page.json`)).json(), { setup: { problem: "invalid-setting", steps: [{ where: "log", run: "npx wrangler tail" }] } });
  for (const path of ["/me", "/page.json"]) {
    for (const accept of ["*/*", "text/html"]) assert.doesNotMatch(await (await fetch(weak + path, { headers: { accept } })).text(), /hunter2|SECRET_KEY/);
  }
  await using(weak, {}, async (page) => {
    await page.getByText("A setting is not valid.").waitFor();
  });
});

test("a Worker that is set up tells nothing of it, whatever a client sends", async () => {
  assert.equal("setup" in ((await (await fetch(`${given.bare}/page.json`)).json()) as object), false);
  const headers = { accept: "text/html", "content-type": "application/x-www-form-urlencoded" };
  for (const username of ["no such table: users", "'; DROP TABLE users; --", "\0", "x".repeat(20_000)]) {
    const response = await fetch(`${given.bare}/login`, { method: "POST", headers, body: new URLSearchParams({ username, password: "no such table: users" }) });
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.doesNotMatch(await response.text(), /wrangler/);
  }
  for (const path of ["/me", "/nowhere"]) assert.equal((await fetch(given.bare + path, { headers })).headers.get("content-type"), "application/json");
  const email = await register(given.all);
  await using(given.all, {}, async (page) => {
    await signIn(page, email);
    await title(page, "Your account");
  });
});

const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } };

for (const colorScheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`what is missing, ${colorScheme}, ${size}`, async () => {
      const watched = await open(unbound, { colorScheme, viewport, bypassCSP: true, isMobile: size === "phone", hasTouch: size === "phone", refusals: [500] });
      const { page } = watched;
      for (const [name, path] of [["setup", "/#sign-in"], ["setup-route", "/me"]] as const) {
        await page.goto(unbound + path);
        await title(page, "This service is not set up yet");
        await fits(page);
        await screenshot(page, `${name}-${colorScheme}-${size}`);
        await accessible(page, name);
      }
      await watched.close();
    });
  }
}

test("the log names the migration of every table and column that the migrations add, but those that may be missing", () => {
  const folder = new URL("../../www/migrations/", import.meta.url);
  const store = readFileSync(new URL("../../pkg/src/d1.ts", import.meta.url), "utf8");
  const named = [...store.matchAll(/\["(\w+)", "(\d{4}_\w+)"\]/g)].map(([, what, migration]) => `${migration}: ${what}`);
  const added = readdirSync(folder).sort().flatMap((file) => {
    const sql = readFileSync(new URL(file, folder), "utf8");
    return [...sql.matchAll(/CREATE TABLE (\w+)|ADD COLUMN (\w+)/g)].map(([, table, column]) => `${file.replace(".sql", "")}: ${table ?? column}`);
  });
  assert.deepEqual(named, added.filter((line) => !line.endsWith(": is_active")));
});
