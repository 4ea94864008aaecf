// Signing up and in, the account, and the ways by mail.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "edgegate";
import { memoryUsers } from "edgegate/memory";
import { PASSWORD, freshEmail, given, isFocused, mailbox, noteOf, register, signIn, title, using } from "./support.mts";

const mails = mailbox();

test("a visitor signs up, sees the account, and signs out", async () => {
  await using(given.all, {}, async (page) => {
    const email = freshEmail();
    await page.getByRole("link", { name: "Create one" }).click();
    await title(page, "Create an account");
    assert.equal(await page.getByLabel("Password", { exact: true }).getAttribute("autocomplete"), "new-password");
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await title(page, "Your account");
    await page.getByText(`Signed in as ${email}.`).waitFor();
    assert(await isFocused(page.getByRole("heading", { level: 1 })));
    await page.getByRole("definition").filter({ hasText: email }).waitFor();
    await page.getByText(/minutes.* left of 30 minutes/).waitFor();
    assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]), [0, 0, ""]);
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await title(page, "Sign in");
    await page.getByText("You are signed out.").waitFor();
    await page.goBack();
    await title(page, "Create an account");
  });
});

test("errors are beside their field, which gets the focus", async () => {
  await using(given.all, { refusals: [403, 409, 422] }, async (page) => {
    const email = await register(given.all);
    const [address, password] = [page.getByLabel("E-mail"), page.getByLabel("Password", { exact: true })];
    await page.getByRole("button", { name: "Sign in" }).click();
    assert.deepEqual([await noteOf(address), await noteOf(password)], ["Please fill this in.", "Please fill this in."]);
    assert(await isFocused(address));
    await signIn(page, email, "a wrong password");
    await page.getByText("The address or the password is wrong.").waitFor();
    assert.equal(await noteOf(password), "The address or the password is wrong.");
    assert(await isFocused(password));
    assert.equal(await password.getAttribute("aria-invalid"), "true");
    await password.press("a");
    assert.deepEqual([await noteOf(password), await password.getAttribute("aria-invalid")], ["", null]);

    await page.getByRole("link", { name: "Create one" }).click();
    await title(page, "Create an account");
    const submit = page.getByRole("button", { name: "Create account" });
    await address.fill("nobody");
    await password.fill("short");
    await submit.click();
    assert.deepEqual([await noteOf(address), await noteOf(password)], ["This is no e-mail address.", "At least 8 characters are needed."]);
    await password.fill("ü".repeat(37));
    await submit.click();
    assert.equal(await noteOf(password), "At most 72 bytes are possible.");
    // FastAPI's list of what is invalid.
    await address.fill("a@b.c..d");
    await password.fill("password1");
    await submit.click();
    await page.getByText(/^This is no e-mail address\. ./).waitFor();
    await address.fill(email);
    await submit.click();
    await page.getByText("Many people have this password.").waitFor();
    assert(await isFocused(password));
    await password.fill(PASSWORD);
    await submit.click();
    await page.getByText("There is an account with this address.").waitFor();
    assert.equal(await noteOf(address), "There is an account with this address.");
  });
});

test("a user changes the password, which other sessions notice", async () => {
  const email = await register(given.all);
  await using(given.all, { refusals: [400, 401] }, async (page) => {
    await signIn(page, email);
    await title(page, "Your account");
    const other = await fetch(`${given.all}/login`, { method: "POST", body: new URLSearchParams({ username: email, password: PASSWORD }) });
    const { access_token: token } = (await other.json()) as { access_token: string };
    const form = page.locator("form").filter({ hasText: "Change password" });
    const [current, next] = [form.getByLabel("Current password", { exact: true }), form.getByLabel("New password", { exact: true })];
    assert.equal(await form.locator("[autocomplete=username]").inputValue(), email);
    await current.fill("a wrong password");
    await next.fill("another secret of mine");
    await form.getByRole("button", { name: "Change password" }).click();
    await form.getByText("This is not your current password.").waitFor();
    assert(await isFocused(current));
    await current.fill(PASSWORD);
    await next.fill(PASSWORD);
    await form.getByRole("button", { name: "Change password" }).click();
    await form.getByText("This is your current password.").waitFor();
    assert(await isFocused(next));
    await next.fill("another secret of mine");
    await form.getByRole("button", { name: "Change password" }).click();
    await form.getByText("The password is changed.").waitFor();
    assert.deepEqual([await current.inputValue(), await next.inputValue()], ["", ""]);
    await page.getByRole("listitem").nth(0).waitFor();
    assert.equal(await page.getByRole("listitem").count(), 1);
    const stale = await fetch(`${given.all}/me`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(stale.status, 401);
    // Its own tokens are new ones.
    await page.getByRole("button", { name: "Reload the list" }).click();
    await page.getByText("This device").waitFor();
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await signIn(page, email, "another secret of mine");
    await title(page, "Your account");
  });
});

test("a user ends a session, and signs out everywhere", async () => {
  const email = await register(given.all);
  const body = new URLSearchParams({ username: email, password: PASSWORD });
  const headers = { "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1" };
  const phone = (await (await fetch(`${given.all}/login`, { method: "POST", body, headers })).json()) as { refresh_token: string };
  await using(given.all, { refusals: [401] }, async (page) => {
    await signIn(page, email);
    await title(page, "Your account");
    await page.getByText("Safari on iPhone").waitFor();
    const items = page.getByRole("listitem");
    assert.equal(await items.count(), 2);
    assert.match(await items.nth(0).innerText(), /This device/);
    await page.getByRole("button", { name: /^End the session of Safari on iPhone/ }).click();
    await page.getByText("The session has ended.").waitFor();
    const refresh = await fetch(`${given.all}/login`, { method: "POST", body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: phone.refresh_token }) });
    assert.equal(refresh.status, 400);
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await page.getByText("You are signed out on all devices.").waitFor();
    await signIn(page, email);
    await title(page, "Your account");
    // Ending the own session is signing out.
    await page.getByRole("listitem").filter({ hasText: "This device" }).getByRole("button").click();
    await page.getByText("You are signed out.").waitFor();
  });
});

test("a session that was ended elsewhere leads to the sign-in", async () => {
  const email = await register(given.all);
  await using(given.all, { refusals: [400, 401] }, async (page) => {
    await signIn(page, email);
    await title(page, "Your account");
    const { access_token: token } = (await (
      await fetch(`${given.all}/login`, { method: "POST", body: new URLSearchParams({ username: email, password: PASSWORD }) })
    ).json()) as { access_token: string };
    assert.equal((await fetch(`${given.all}/logout`, { method: "POST", headers: { authorization: `Bearer ${token}` } })).status, 204);
    await page.getByRole("button", { name: "Reload the list" }).click();
    await page.getByText("Your session has ended. Sign in again.").waitFor();
    await title(page, "Sign in");
  });
});

test("an access token that is over is replaced by the refresh token", async () => {
  const email = await register(given.all);
  await using(given.all, {}, async (page) => {
    await page.clock.install();
    await signIn(page, email);
    await title(page, "Your account");
    const grants: (string | undefined)[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/login")) grants.push(new URLSearchParams(request.postData() ?? "").get("grant_type") ?? undefined);
    });
    await page.clock.fastForward("31:00");
    await page.getByText(/^Expired/).waitFor();
    await page.getByRole("button", { name: "Reload the list" }).click();
    await page.getByText("This device").waitFor();
    assert.deepEqual(grants, ["refresh_token"]);
  });
});

test("a user deletes the account", async () => {
  const email = await register(given.all);
  await using(given.all, { refusals: [400, 403] }, async (page) => {
    await signIn(page, email);
    await page.getByText("Delete the account").click();
    const form = page.locator("details");
    await form.getByLabel("Current password", { exact: true }).fill("a wrong password");
    await form.getByRole("button", { name: "Delete my account" }).click();
    await form.getByText("This is not your current password.").waitFor();
    await form.getByLabel("Current password", { exact: true }).fill(PASSWORD);
    await form.getByRole("button", { name: "Delete my account" }).click();
    await page.getByText("Your account is deleted.").waitFor();
    await signIn(page, email);
    await page.getByText("The address or the password is wrong.").waitFor();
  });
});

test("a user who has forgotten the password sets a new one by mail", async () => {
  const email = await register(given.all);
  await using(given.all, { refusals: [400] }, async (page) => {
    await page.getByLabel("E-mail").fill(email);
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await title(page, "Forgot your password?");
    assert.equal(await page.getByLabel("E-mail").inputValue(), email);
    await page.getByRole("button", { name: "Send the link" }).click();
    await page.getByText("the link is on its way").waitFor();
    const link = await mails.linkTo(email, "password-recovery");
    assert(link.startsWith(`${given.all}/reset-password?token=`), link);
    await page.goto(link);
    await title(page, "Set a new password");
    assert.equal(page.url(), `${given.all}/reset-password`);
    await page.getByLabel("New password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Set password" }).click();
    await page.getByText("At least 8 characters are needed.").waitFor();
    await page.getByLabel("New password", { exact: true }).fill("a secret by mail");
    await page.getByRole("button", { name: "Set password" }).click();
    await page.getByText("Your new password is set.").waitFor();
    await page.getByRole("link", { name: "Sign in" }).click();
    await signIn(page, email, "a secret by mail");
    await title(page, "Your account");

    await page.goto(link);
    await page.getByLabel("New password", { exact: true }).fill("a secret by mail 2");
    await page.getByRole("button", { name: "Set password" }).click();
    await page.getByText("This link is used, too old or incomplete.").waitFor();
    await page.goto(`${given.all}/reset-password`);
    await page.getByText("This address has no token.").waitFor();
    await page.getByRole("link", { name: "Send a new link" }).click();
    await title(page, "Forgot your password?");
  });
});

test("a user confirms the address by mail, and not by opening the link alone", async () => {
  const email = await register(given.all);
  const link = await mails.linkTo(email, "email-verification");
  await using(link, { refusals: [400] }, async (page) => {
    await title(page, "Confirm your address");
    const asked = page.waitForRequest((request) => request.method() === "POST");
    await page.getByRole("button", { name: "Confirm the address" }).click();
    await page.getByText("Your e-mail address is confirmed.").waitFor();
    assert.equal((await asked).url(), `${given.all}/verify-email`);
    await page.goto(link);
    await page.getByRole("button", { name: "Confirm the address" }).click();
    await page.getByText("This link is used, too old or incomplete.").waitFor();
  });
});

test("who is invited signs up, confirms, and stays signed in by the cookie", async () => {
  const email = freshEmail();
  const invitation = await createGate({ SECRET_KEY: given.secretKey, REGISTRATION: "invitation" }, memoryUsers([])).invite(email);
  await using(given.invited, { refusals: [400, 403] }, async (page) => {
    await page.getByRole("link", { name: "Create one" }).click();
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    const field = page.getByLabel("Invitation");
    await field.fill("nonsense");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("This invitation is not valid for this address.").waitFor();
    assert(await isFocused(field));
    await field.fill(invitation);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText(`We have sent a link to ${email}.`).waitFor();
    await page.getByRole("link", { name: "Sign in" }).click();
    await signIn(page, email);
    await page.getByText("Your address is not confirmed yet.").waitFor();
    await page.getByRole("button", { name: "Send the link again" }).click();
    await page.getByText("the link is on its way").waitFor();
    const link = await mails.linkTo(email, "email-verification");
    await page.goto(link.replace(given.all, given.invited));
    await page.getByRole("button", { name: "Confirm the address" }).click();
    await page.getByRole("link", { name: "Sign in" }).click();
    await signIn(page, email);
    await title(page, "Your account");
    await page.reload();
    await title(page, "Your account");
    await page.getByText("Chrome on Linux").waitFor();
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByText("You are signed out.").waitFor();
    await page.reload();
    await title(page, "Sign in");
  });
});
