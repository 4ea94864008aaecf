// The token inspector and the measurement of bcrypt.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { issueToken } from "edgegate/token";
import { given, noteOf, paste, register, signIn, title, using } from "./support.mts";

const SECRET_KEY = given.secretKey;

function signed(header: object, claims: object): string {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${text}.${createHmac("sha256", SECRET_KEY).update(text).digest("base64url")}`;
}

const now = () => Math.floor(Date.now() / 1000);

test("the inspector decodes and verifies a token, and says why it refuses one", async () => {
  await using(given.all, {}, async (page) => {
    const wasm: string[] = [];
    const sent: string[] = [];
    page.on("request", (request) => (request.url().includes("/edgegate/") ? wasm : sent).push(request.url()));
    await page.getByRole("link", { name: "Create one" }).click();
    assert.deepEqual(wasm, [], "the wasm is loaded when the inspector is opened");
    await page.getByRole("link", { name: "Inspector" }).click();
    await title(page, "Token inspector");
    assert.deepEqual(wasm, [`${given.all}/edgegate/token.js`]);
    await page.getByText("Paste a token to see what it says.").waitFor();
    const [token, key] = [page.getByLabel("Token", { exact: true }), page.getByLabel("Key", { exact: true })];
    const verdict = page.getByRole("status");

    await paste(token, `Bearer ${signed({ alg: "HS256", typ: "JWT" }, { user_id: 7, iat: now() - 600, exp: now() + 1200, role: "admin\u202e", iss: "<b>us</b>" })}`);
    await verdict.getByText("Not verified").waitFor();
    const claim = (name: string) => page.getByRole("table", { name: "Claims" }).getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
    assert.match(await claim("user_id").innerText(), /7\s+the user's id/);
    assert.match(await claim("iat").innerText(), /issued 10 minutes/);
    assert.match(await claim("role").innerText(), /"admin\\u\{202e\}"/);
    assert.match(await claim("iss").innerText(), /<b>us<\/b>/);
    assert.match(await page.getByRole("table", { name: "Header" }).innerText(), /HMAC with SHA-256/);
    await page.getByText(/left of 30 minutes/).waitFor();
    const bar = page.getByRole("progressbar");
    assert(Math.abs((await bar.evaluate((bar: HTMLProgressElement) => bar.value)) - 2 / 3) < 0.01);

    await paste(key, SECRET_KEY);
    await verdict.getByText("Accepted").waitFor();
    await paste(key, "another secret, which is long enough to be a key");
    await verdict.getByText("It was not signed with this key").waitFor();
    await paste(key, "short");
    await verdict.getByText("Not verified").waitFor();
    assert.match(await noteOf(key), /SECRET_KEY/);
    await paste(key, JSON.stringify({ kty: "oct", alg: "HS256", k: Buffer.from(SECRET_KEY).toString("base64url") }));
    await verdict.getByText("Accepted").waitFor();
    await paste(key, "{");
    await verdict.getByText("This is no JSON of a key.").waitFor();
    assert.equal(await noteOf(key), "This is no JSON of a key.");
    await paste(key, SECRET_KEY);

    await paste(token, signed({ alg: "HS256" }, { user_id: 7, exp: now() - 90 }));
    await verdict.getByText("Its time is over (exp).").waitFor();
    await page.getByText(/^Expired 1 minute/).waitFor();
    // A number that JavaScript reads as infinite: what is shown is of this token.
    const infinite = ['{"alg":"HS256"}', '{"role":"of another","exp":1e400}'].map((part) => Buffer.from(part).toString("base64url"));
    await paste(token, `${infinite.join(".")}.AAAA`);
    await page.getByText('"of another"').waitFor();
    assert.equal(await page.getByText(/^Expired/).count(), 0);

    await paste(token, signed({ alg: "HS256" }, { user_id: 7, exp: now() + 90, aud: "others" }));
    await verdict.getByText("The claim aud is missing, or its value is not allowed.").waitFor();
    await page.getByText("Further rules").click();
    await paste(page.getByLabel("Audience (aud)"), "others");
    await verdict.getByText("Accepted").waitFor();
    await paste(page.getByLabel("Audience (aud)"), "");
    await paste(token, signed({ alg: "HS256" }, { sub: "7", exp: now() + 90 }));
    await verdict.getByText("The claim user_id is missing").waitFor();
    await paste(page.getByLabel("Claim with the user's id"), "sub");
    await verdict.getByText("Accepted").waitFor();
    await paste(token, "nonsense");
    await verdict.getByText("It is not three parts").waitFor();
    await paste(token, signed({ alg: "none" }, { user_id: 7 }));
    await verdict.getByText("Refused").waitFor();
    await page.getByText("no signature: never accepted").waitFor();
    assert(sent.every((url) => !url.includes("token=") && /\/(page\/[\w-]+\.(js|svg)|\.well-known\/jwks\.json)$/.test(url)), sent.join(" "));
  });
});

test("the inspector has the token of the session", async () => {
  const email = await register(given.all);
  await using(given.all, {}, async (page) => {
    await signIn(page, email);
    await title(page, "Your account");
    await page.getByRole("link", { name: "Inspect this token" }).click();
    await page.getByText("Not verified").waitFor();
    await paste(page.getByLabel("Key", { exact: true }), SECRET_KEY);
    await page.getByText("Accepted").waitFor();
    await page.getByRole("link", { name: "Account" }).click();
    await title(page, "Your account");
  });
});

test("a token of the other service is accepted by its text as it is issued", async () => {
  await using(`${given.bare}/#inspector`, {}, async (page) => {
    await paste(page.getByLabel("Token", { exact: true }), await issueToken(7, { SECRET_KEY }));
    await paste(page.getByLabel("Key", { exact: true }), SECRET_KEY);
    await page.getByText("Accepted").waitFor();
  });
});

test("bcrypt is measured up to the cost that takes a second, and the page stays usable", { timeout: 60_000 }, async () => {
  await using(given.all, {}, async (page) => {
    await page.getByRole("link", { name: "bcrypt" }).click();
    await title(page, "bcrypt on this device");
    await page.getByRole("button", { name: "Measure" }).click();
    await page.getByText("Measuring cost 10 …").waitFor();
    const begun = Date.now();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 0)));
    assert(Date.now() - begun < 200, "the page is frozen");
    await page.getByText(/^(At cost 12|Cost 1\d takes)/).waitFor({ timeout: 50_000 });
    const rows = page.getByRole("table", { name: "Time of one hash, by cost" }).locator("tbody tr");
    const times = await rows.evaluateAll((rows) => rows.map((row) => [row.querySelector(".number")!.textContent!, Number.parseFloat(row.querySelector("rect")!.getAttribute("width")!)] as const));
    const measured = times.filter(([time]) => time !== "–");
    assert(measured.length >= 3, JSON.stringify(times));
    assert.match(measured.at(-1)![0], / s$/);
    assert(measured.at(-1)![1] > 99 && measured[0]![1] < 40, JSON.stringify(times));
    await page.getByRole("button", { name: "Measure again" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped.").waitFor();
  });
});
