// A page of the Worker in Chromium, which reports what it should not do. `cargo xtask test --only page` starts the Workers.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { after, before } from "node:test";
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from "playwright-core";

interface Given {
  /** The browser's program. */
  browser: string;
  /** The Worker with every setting that the page shows. */
  all: string;
  /** The Worker with none. */
  bare: string;
  /** The Worker with invitations, required verification and cookies. */
  invited: string;
  /** Workers that cannot serve: without a secret, without the binding `DB`, without migrations, and with a weak secret. */
  keyless: string;
  unbound: string;
  tableless: string;
  weak: string;
  webhookPort: string;
  secretKey: string;
  screenshots: string;
}

export const given = JSON.parse(process.env["EDGEGATE_PAGE"] ?? "null") as Given;
assert(given, "cargo xtask test --only page");

export const PASSWORD = "correct horse battery";

let browser: Browser;
before(async () => {
  browser = await chromium.launch({ executablePath: given.browser, args: ["--disable-dev-shm-usage"] });
});
after(() => browser?.close());

/** What a page has done that it must not do. */
export interface Watched {
  page: Page;
  /** Fails for an error of the console, a violation of the CSP, a layout shift, or a request to another host. */
  check(): void;
  close(): Promise<void>;
}

interface Options extends BrowserContextOptions {
  /** Statuses of refusals, which Chromium writes to the console. */
  refusals?: number[];
  /** What is there when the page can be used. */
  ready?: string;
  /** Whether what is there already may move, as in Swagger UI. */
  shifts?: boolean;
  /** The server of the page, if it is none of the Workers. */
  origin?: string;
}

export async function open(url: string, { refusals = [], ready = "main[data-ready] h1", shifts = false, origin = "", ...options }: Options = {}): Promise<Watched> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    const status = /^Failed to load resource: .* status of (\d+)/.exec(message.text())?.[1];
    if (["error", "warning"].includes(message.type()) && !refusals.includes(Number(status))) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  const origins = [given.all, given.bare, given.invited, given.keyless, given.unbound, given.tableless, given.weak, origin];
  page.on("request", (request) => {
    if (!origins.includes(new URL(request.url()).origin)) faults.push(`request: ${request.url()}`);
  });
  await page.exposeFunction("edgegateFault", (fault: string) => faults.push(fault));
  await page.addInitScript((shifts) => {
    const report = (globalThis as unknown as { edgegateFault(fault: string): void }).edgegateFault;
    addEventListener("securitypolicyviolation", (event) => report(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node: Node; previousRect: DOMRect; currentRect: DOMRect }[] })[]) {
        const moved = entry.sources.map(({ node, previousRect: { y: from }, currentRect: { y: to } }) => `${node.nodeName} ${(node as Element).className} ${from}-${to}`);
        if (!entry.hadRecentInput && !shifts) report(`layout shift: ${entry.value} ${moved.join(", ")}`);
      }
    }).observe({ type: "layout-shift", buffered: true });
  }, shifts);
  await page.goto(url);
  await page.locator(ready).first().waitFor();
  return {
    page,
    check: () => assert.deepEqual(faults, []),
    async close() {
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50))));
      await context.close();
      assert.deepEqual(faults, []);
    },
  };
}

/** Opens the page, uses it, and fails for what it must not do. */
export async function using(url: string, options: Options, use: (page: Page) => Promise<void>): Promise<void> {
  const watched = await open(url, options);
  try {
    await use(watched.page);
  } catch (error) {
    await screenshot(watched.page, "failed").catch(() => {});
    throw error;
  }
  await watched.close();
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResult {
  violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
}

/** Checks WCAG 2.2 AA and the best practices of axe. The page needs a context without CSP. */
export async function accessible(page: Page, name: string): Promise<void> {
  await page.evaluate(AXE);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await page.evaluate(
    (values) => (globalThis as unknown as { axe: { run(options: object): Promise<AxeResult> } }).axe.run({ runOnly: { type: "tag", values } }),
    tags,
  );
  const found = violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary}`));
  assert.equal(found.join("\n\n"), "", name);
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(given.screenshots, { recursive: true });
  await page.screenshot({ path: join(given.screenshots, `${name}.png`), fullPage: true });
}

/** No text or control is wider than the window. */
export async function fits(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert(content! <= window!, `the page is ${content} px wide in a window of ${window}`);
}

let people = 0;
export const freshEmail = () => `someone${process.pid}.${(people += 1)}@example.org`;

export const post = (url: string, path: string, body: object) =>
  fetch(url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** A new user, by a request. */
export async function register(url: string, email = freshEmail()): Promise<string> {
  const response = await post(url, "/users", { email, password: PASSWORD });
  assert.equal(response.status, 201, await response.text());
  return email;
}

export async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.locator("main[data-ready]").waitFor();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** `fill` alone is no input of a user, after which a page may move. */
export async function paste(field: Locator, text: string): Promise<void> {
  await field.press("End");
  await field.fill(text);
}

export const title = (page: Page, name: string): Promise<void> => page.getByRole("heading", { level: 1, name }).waitFor();

/** The text that describes the field: its hint or its error. */
export async function noteOf(field: Locator): Promise<string> {
  return field.evaluate((input) => document.getElementById(input.getAttribute("aria-describedby") ?? "")?.textContent ?? "");
}

export const isFocused = (field: Locator): Promise<boolean> => field.evaluate((input) => input === document.activeElement);

/** Mails that the Workers have sent. */
export function mailbox(): { linkTo(email: string, kind: string): Promise<string> } {
  const mails: { to: string; kind: string; link: string }[] = [];
  let server: Server;
  before(() => {
    server = createServer(async (request, response) => {
      mails.push((await json(request)) as (typeof mails)[number]);
      response.writeHead(202).end();
    }).listen(Number(given.webhookPort), "127.0.0.1");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    async linkTo(email, kind) {
      for (const until = Date.now() + 10_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 50))) {
        const mail = mails.findLast((mail) => mail.to === email && mail.kind === kind);
        if (mail) return mail.link;
      }
      throw new Error(`no ${kind} to ${email}`);
    },
  };
}
