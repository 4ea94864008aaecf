// Every view in both colour schemes, on a desktop and on a phone: axe finds nothing, nothing is cut off. The screenshots stay.

import { test } from "node:test";
import { issueToken } from "edgegate/token";
import { accessible, fits, given, open, paste, register, screenshot, signIn, title } from "./support.mts";

const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } };

/** The same times in every run. */
const WORKER = "onmessage = ({ data: { cost } }) => postMessage({ cost, time: 47 * 2 ** (cost - 10) })";

for (const colorScheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`${colorScheme}, ${size}`, async () => {
      const email = await register(given.all);
      await fetch(`${given.all}/login`, {
        method: "POST",
        body: new URLSearchParams({ username: email, password: "correct horse battery" }),
        headers: { "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1" },
      });
      // axe is no script of the page.
      const watched = await open(given.all, { colorScheme, viewport, bypassCSP: true, isMobile: size === "phone", hasTouch: size === "phone", refusals: [403, 422] });
      const { page } = watched;
      const look = async (name: string) => {
        await fits(page);
        await screenshot(page, `${name}-${colorScheme}-${size}`);
        await accessible(page, name);
      };
      await look("sign-in");
      await signIn(page, email, "a wrong password");
      await page.getByText("The address or the password is wrong.").waitFor();
      await look("sign-in-refused");
      await page.goto(`${given.all}/#sign-up`);
      await title(page, "Create an account");
      await look("sign-up");
      await page.goto(`${given.all}/#forgot`);
      await title(page, "Forgot your password?");
      await look("forgot");
      await page.goto(`${given.all}/reset-password?token=x`);
      await title(page, "Set a new password");
      await look("reset-password");
      await page.goto(`${given.all}/verify-email?token=x`);
      await title(page, "Confirm your address");
      await look("verify-email");
      await page.goto(`${given.bare}/#sign-up`);
      await title(page, "Create an account");
      await look("closed");

      await page.goto(`${given.all}/#sign-in`);
      await page.route("**/login", async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 700));
        await route.continue();
      });
      await signIn(page, email);
      await page.locator("form[aria-busy=true]").waitFor();
      await look("busy");
      await title(page, "Your account");
      await page.getByText("This device").waitFor();
      await page.getByText("Delete the account").click();
      await look("account");

      await page.getByRole("link", { name: "Inspector" }).click();
      await page.getByText("Not verified").waitFor();
      await look("inspector");
      const settings = { SECRET_KEY: given.secretKey, JWT_ISSUER: "https://login.example.org", JWT_CLAIMS: '{"role":"admin","scope":"read write"}', JWT_MAX_AGE_SECONDS: "3600" };
      await paste(page.getByLabel("Token", { exact: true }), await issueToken(7, settings));
      await paste(page.getByLabel("Key", { exact: true }), "another secret, which is long enough to be a key");
      await page.getByText("It was not signed with this key").waitFor();
      await look("inspector-refused");
      await page.getByText("Further rules").click();
      await paste(page.getByLabel("Key", { exact: true }), given.secretKey);
      await page.getByText("Accepted").waitFor();
      await look("inspector-accepted");

      await page.getByRole("link", { name: "bcrypt" }).click();
      await title(page, "bcrypt on this device");
      await page.route("**/page/bcrypt-worker.js", (route) => route.fulfill({ contentType: "text/javascript", body: WORKER }));
      await page.getByRole("button", { name: "Measure" }).click();
      await page.getByText(/^At cost 12/).waitFor();
      await look("bcrypt");
      await watched.close();
    });
  }
}
