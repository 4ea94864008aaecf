// What the page says when the service has switched something off, or cannot answer; and the page without its script.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { PASSWORD, given, isFocused, register, signIn, title, using } from "./support.mts";

test("what is switched off is hidden or explained", async () => {
  await using(given.bare, {}, async (page) => {
    await page.getByText("New accounts are not open here.").waitFor();
    assert.equal(await page.getByRole("link", { name: "Forgot your password?" }).count(), 0);
    for (const [hash, text] of [["#sign-up", "does not accept new accounts"], ["#forgot", "does not send links"]] as const) {
      await page.goto(`${given.bare}/${hash}`);
      await page.getByText(text).waitFor();
      assert.equal(await page.locator("form").count(), 0);
    }
    for (const [path, text] of [["/reset-password?token=x", "does not send links"], ["/verify-email?token=x", "does not confirm addresses"]] as const) {
      await page.goto(given.bare + path);
      await page.getByText(text).waitFor();
    }
    await page.getByRole("link", { name: "Sign in" }).click();
    await signIn(page, "ada@example.org");
    await title(page, "Your account");
    await page.getByText("This service keeps no sessions").waitFor();
    assert.equal(await page.locator("form").count(), 0);
    assert.equal(await page.getByRole("button", { name: "Sign out everywhere" }).count(), 0);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
  });
});

test("the page tells that there were too many logins, and when to try again", async () => {
  for (let at = 0; at < 10; at += 1) {
    await fetch(`${given.bare}/login`, { method: "POST", body: new URLSearchParams({ username: "flood@example.org", password: "x" }) });
  }
  await using(given.bare, { refusals: [403, 429] }, async (page) => {
    // The count may begin anew in between.
    for (let at = 0; at < 11 && (await page.getByText("Too many attempts").count()) === 0; at += 1) {
      await signIn(page, "flood@example.org");
      await page.locator("form:not([aria-busy=true]) .wrong").first().waitFor();
    }
    await page.getByText("Too many attempts. Try again in 1 minute.").waitFor();
    assert(await isFocused(page.getByRole("button", { name: "Sign in" })));
  });
});

test("a service that is busy, broken, behind a gateway or out of reach", async () => {
  await using(given.all, { refusals: [404, 405, 500, 502, 503] }, async (page) => {
    const answers: [number, Record<string, string>, string, string][] = [
      [503, { "retry-after": "5" }, '{"detail":"Service Unavailable"}', "The service is busy. Try again in 5 seconds."],
      [503, {}, "<html>", "The service is busy. Try again soon."],
      [502, {}, '{"detail":"Bad Gateway"}', "The service behind this one does not answer."],
      [500, {}, '{"detail":"Internal Server Error"}', "The service has an error."],
      [405, {}, '{"detail":"Method Not Allowed"}', "This service has switched that off."],
      [404, {}, '{"detail":"Not Found"}', "This service has switched that off."],
    ];
    for (const [status, headers, body, text] of answers) {
      await page.route("**/login", (route) => route.fulfill({ status, headers, body }), { times: 1 });
      await signIn(page, "ada@example.org");
      await page.getByText(text).waitFor();
    }
  });
});

test("without a connection the page says so", async () => {
  await using(given.all, {}, async (page) => {
    // An aborted request is an error of the console in any case.
    await page.evaluate(() => {
      globalThis.fetch = () => Promise.reject(new TypeError("no connection"));
    });
    await signIn(page, "ada@example.org");
    await page.getByText("The service cannot be reached.").waitFor();
  });
});

test("a service that does not tell its settings is offered everything", async () => {
  await using(given.all, {}, async (page) => {
    await page.route("**/page.json", (route) => route.fulfill({ status: 200, body: "<html>" }));
    await page.reload();
    await page.getByRole("link", { name: "Create one" }).waitFor();
    await page.getByRole("link", { name: "Forgot your password?" }).waitFor();
  });
});

test("while the hash runs, the form is busy, and sends once", async () => {
  const email = await register(given.all);
  await using(given.all, {}, async (page) => {
    const { promise: goOn, resolve } = Promise.withResolvers<void>();
    let sent = 0;
    await page.route("**/login", async (route) => {
      sent += 1;
      await goOn;
      await route.continue();
    });
    await signIn(page, email);
    await page.locator("form[aria-busy=true]").waitFor();
    const button = page.getByRole("button", { name: "Sign in" });
    assert.equal(await button.getAttribute("aria-disabled"), "true");
    assert.equal(await page.getByRole("status").innerText(), "Checking the password …");
    assert(await isFocused(button));
    await page.keyboard.press("Enter");
    await page.waitForTimeout(50);
    resolve();
    await title(page, "Your account");
    assert.equal(sent, 1);
  });
});

test("when the service is slow, nothing moves", async () => {
  const email = await register(given.all);
  await using(given.all, { refusals: [400, 403, 503], viewport: { width: 360, height: 740 } }, async (page) => {
    // A shift counts half a second after an input.
    const slow = (path: string, answer?: { status: number; headers?: Record<string, string>; body: string }) =>
      page.route(path, async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 650));
        await (answer ? route.fulfill(answer) : route.continue());
      });
    for (const path of ["**/login", "**/me", "**/me/**"]) await slow(path);
    await signIn(page, email, "a wrong password");
    await page.getByText("The address or the password is wrong.").waitFor();
    await page.route("**/login", (route) => setTimeout(() => route.fulfill({ status: 503, headers: { "retry-after": "5" }, body: "{}" }), 650), { times: 1 });
    await signIn(page, email);
    await page.getByText("The service is busy. Try again in 5 seconds.").waitFor();
    await signIn(page, email);
    await title(page, "Your account");
    const form = page.locator("form").filter({ hasText: "Change password" });
    await form.getByLabel("Current password", { exact: true }).fill("a wrong password");
    await form.getByLabel("New password", { exact: true }).fill("another secret of mine");
    await form.getByRole("button", { name: "Change password" }).click();
    await form.getByText("This is not your current password.").waitFor();
    await form.getByLabel("Current password", { exact: true }).fill(PASSWORD);
    await form.getByRole("button", { name: "Change password" }).click();
    await form.getByText("The password is changed.").waitFor();
    await page.getByRole("button", { name: "Reload the list" }).click();
    await page.getByText("Loading …").waitFor();
    await page.getByText("Loading …").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByText("You are signed out.").waitFor();
  });
});

test("the keyboard alone is enough", async () => {
  const email = await register(given.all);
  await using(given.all, {}, async (page) => {
    await page.keyboard.press("Tab");
    assert(await isFocused(page.getByRole("link", { name: "Skip to the content" })));
    await page.keyboard.press("Enter");
    assert(await isFocused(page.getByRole("main")));
    assert.equal(page.url(), `${given.all}/`);
    await page.keyboard.press("Tab");
    await page.keyboard.type(email);
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Tab");
    assert(await isFocused(page.getByRole("button", { name: "Show: Password" })));
    await page.keyboard.press("Enter");
    assert.equal(await page.getByLabel("Password", { exact: true }).getAttribute("type"), "text");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await title(page, "Your account");
  });
});

test("what is typed before the script is there stays", async () => {
  await using(given.all, {}, async (page) => {
    const { promise: goOn, resolve } = Promise.withResolvers<void>();
    await page.route("**/page.json", (route) => goOn.then(() => route.continue()));
    await page.goto(given.all, { waitUntil: "commit" });
    await page.locator("#username").evaluate((input: HTMLInputElement) => (input.value = "ada@example.org"));
    await page.locator("#password").evaluate((input: HTMLInputElement) => (input.value = "typed"));
    resolve();
    await page.locator("main[data-ready]").waitFor();
    const typed = [page.getByLabel("E-mail"), page.getByLabel("Password", { exact: true })].map((field) => field.inputValue());
    assert.deepEqual(await Promise.all(typed), ["ada@example.org", "typed"]);
  });
});

test("without the script, the form is sent as a POST", async () => {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: given.browser });
  try {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await page.goto(given.bare);
    await page.getByLabel("E-mail").fill("ada@example.org");
    await page.getByLabel("Password").fill(PASSWORD);
    const asked = page.waitForRequest((request) => request.isNavigationRequest());
    await page.getByRole("button", { name: "Sign in" }).click();
    const request = await asked;
    assert.deepEqual([request.method(), request.url()], ["POST", `${given.bare}/login`]);
    assert.equal((await request.response())?.status(), 200);
  } finally {
    await browser.close();
  }
});

test("the page without the wasm has less than 30 KB after gzip", () => {
  const folder = new URL("../../www/public/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .filter((name) => !/\/public\/(?:edgegate\/|docs[/.])/.test(name));
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
  assert(files.length > 10 && bytes < 30_000, `${files.length} files, ${bytes} bytes`);
  console.log(`${files.length} files, ${bytes} bytes after gzip`);
});

test("no file of the page sets markup or styles from a text", () => {
  const folder = new URL("../../www/public/page/", import.meta.url);
  for (const name of readdirSync(folder).filter((name) => name.endsWith(".js"))) {
    const text = readFileSync(new URL(name, folder), "utf8");
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|style=|localStorage|sessionStorage/, name);
  }
});
