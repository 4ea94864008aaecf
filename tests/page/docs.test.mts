// The API docs: Swagger UI on the Worker, and in an app of Express that has the gate below a path.

import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { PASSWORD, fits, given, register, screenshot, using } from "./support.mts";

const SWAGGER_UI = fileURLToPath(new URL("../../node_modules/swagger-ui-dist/", import.meta.url));
const DOCS = { ready: ".opblock", shifts: true };

/** Logs in by "Authorize", and returns what "Try it out" answers for `/me`. */
async function tryMe(page: Page, email: string): Promise<{ status: string; body: string }> {
  await page.locator(".auth-wrapper .authorize").click();
  const dialog = page.locator(".dialog-ux");
  await dialog.getByLabel("username:").fill(email);
  await dialog.getByLabel("password:").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Apply given OAuth2 credentials" }).or(dialog.locator("button.authorize")).first().click();
  await dialog.getByText("Authorized", { exact: true }).waitFor();
  await dialog.locator(".btn-done").click();
  const me = page.locator("#operations-default-me_me_get");
  await me.locator(".opblock-summary-control").click();
  await me.getByRole("button", { name: "Try it out" }).click();
  await me.getByRole("button", { name: "Execute" }).click();
  const answer = me.locator(".live-responses-table .response").first();
  await answer.waitFor();
  return { status: await answer.locator(".response-col_status").innerText(), body: await answer.locator(".highlight-code").first().innerText() };
}

for (const [name, viewport] of [
  ["desktop", { width: 1280, height: 800 }],
  ["phone", { width: 360, height: 740 }],
] as const) {
  test(`Authorize logs in, and /me shows the user, on a ${name}`, async () => {
    const email = await register(given.all);
    await using(`${given.all}/docs`, { ...DOCS, viewport }, async (page) => {
      await screenshot(page, `docs-${name}`);
      await fits(page);
      const { status, body } = await tryMe(page, email);
      assert.equal(status.trim(), "200");
      assert(body.includes(`"email": "${email}"`), body);
      await screenshot(page, `docs-${name}-me`);
    });
  });
}

test("whatever there is to see breaks no rule", async () => {
  await using(`${given.all}/docs`, DOCS, async (page) => {
    await page.evaluate(() => {
      const closed = ".opblock:not(.is-open) .opblock-summary-control, .models .json-schema-2020-12-expand-deep-button";
      for (const button of document.querySelectorAll<HTMLElement>(closed)) button.click();
    });
    // It draws for seconds on a slow machine.
    await page.locator(".opblock").last().locator(".responses-inner").waitFor({ timeout: 60_000 });
    await page.locator(".models .json-schema-2020-12-property").first().waitFor({ timeout: 60_000 });
    assert.equal(await page.locator(".opblock:not(.is-open)").count(), 0);
  });
});

test("the page may run no script but its own, and asks no other host", async () => {
  const { status, headers } = await fetch(`${given.all}/docs`);
  assert.equal(status, 200);
  assert.equal(
    headers.get("content-security-policy"),
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  for (const [name, value] of [["x-content-type-options", "nosniff"], ["referrer-policy", "no-referrer"]] as const) assert.equal(headers.get(name), value);
});

test("without DOCS=on there is neither the page, nor its files, nor the document", async () => {
  for (const path of ["/docs", "/docs.html", "/docs/", "/docs/start.js", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"]) {
    const response = await fetch(given.bare + path);
    assert.deepEqual([response.status, await response.text()], [404, '{"detail":"Not Found"}'], path);
    const there = await fetch(given.all + path);
    assert(there.ok || path === "/docs/", `${there.status} ${path}`);
    await there.body?.cancel();
  }
});

test("in an app of Express, below a path", async () => {
  const { default: express } = await import("express");
  const { createGate } = await import("edgegate");
  const { gate } = await import("edgegate/express");
  const { memoryUsers } = await import("edgegate/memory");
  const settings = { SECRET_KEY: given.secretKey, BCRYPT_COST: 10, REGISTRATION: "open", DOCS: "on" };
  const app = express().use("/auth", gate(createGate(settings, memoryUsers(), { log: () => {} })));
  app.get("/docs/swagger-initializer.js", (_, response) => response.type("js").send('SwaggerUIBundle({ dom_id: "#swagger-ui", url: "/auth/openapi.json" })'));
  app.use("/docs", express.static(SWAGGER_UI));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const email = await register(`${origin}/auth`);
    await using(`${origin}/docs/`, { ...DOCS, origin }, async (page) => {
      const { status, body } = await tryMe(page, email);
      assert.equal(status.trim(), "200");
      assert(body.includes(`"email": "${email}"`), body);
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
