// The views, and which of them an address shows.

import * as api from "./api.js";
import { account } from "./account.js";
import { el } from "./dom.js";
import { setup } from "./setup.js";
import { forgot, resetPassword, signIn, signUp, verifyEmail } from "./sign-in.js";
import { lang, texts } from "./texts.js";

const main = document.querySelector("main");

// The tools load the wasm, so they are loaded when they are opened.
const tool = (name) => async () => (await import(`./${name}.js`))[name]();

const VIEWS = {
  "#sign-in": { make: () => (api.session.user ? account(leave) : signIn(go, takeNote())), nav: "account" },
  "#sign-up": { make: () => signUp(go), nav: "account" },
  "#forgot": { make: () => forgot(), nav: "account" },
  "#inspector": { make: tool("inspector"), nav: "inspector" },
  "#bcrypt": { make: tool("bcrypt"), nav: "bcrypt" },
};

const LINKS = { account: "/#sign-in", inspector: "/#inspector", bcrypt: "/#bcrypt" };

const links = Object.fromEntries(Object.entries(LINKS).map(([name, href]) => [name, el("a", { href }, texts.nav[name])]));

/** The token of a mail's link. It leaves the address bar, the history and every screenshot at once. */
function takeToken() {
  const token = new URLSearchParams(location.search).get("token") ?? "";
  history.replaceState(null, "", location.pathname);
  return token;
}

let shown = 0;

async function show(make, nav, { focus = true } = {}) {
  const number = (shown += 1);
  for (const [name, link] of Object.entries(links)) link.ariaCurrent = name === nav ? "page" : null;
  let view;
  try {
    // The tools need no service.
    view = api.features.setup && nav === "account" ? setup(api.features.setup) : await make();
  } catch {
    view = el("p", { class: "message wrong", role: "alert" }, texts.errors.offline);
  }
  // Another view was opened while this one was loaded.
  if (number !== shown) return;
  main.replaceChildren(view);
  main.dataset.ready = "";
  const heading = main.querySelector("h1");
  document.title = heading ? `${heading.textContent} · ${texts.name}` : texts.name;
  if (focus) heading?.focus({ preventScroll: true });
  if (focus) scrollTo(0, 0);
}

function showAddress(options) {
  const { make, nav } = VIEWS[location.hash] ?? VIEWS["#sign-in"];
  return show(make, nav, options);
}

/** Opens the view of this hash, also if the address has it already. */
function go(hash) {
  if (location.hash === hash) showAddress();
  else location.hash = hash;
}

/** What the next sign-in says above its form. */
let note;
function takeNote() {
  const taken = note;
  note = undefined;
  return taken;
}

function leave(text) {
  api.forget();
  note = text;
  go("#sign-in");
}

document.documentElement.lang = lang;
const skip = document.querySelector("#skip");
skip.textContent = texts.skip;
skip.addEventListener("click", (event) => {
  // The hash of the address is that of the view.
  event.preventDefault();
  main.focus();
});
document.querySelector("#name").textContent = texts.name;
const nav = document.querySelector("nav");
nav.ariaLabel = texts.nav.label;
nav.append(...Object.values(links));

const mail = { "/reset-password": () => resetPassword(token), "/verify-email": () => verifyEmail(token) }[location.pathname];
const token = mail && takeToken();

await api.loadFeatures();
await api.resume();
api.whenSessionEnds(() => leave(texts.signIn.ended));
if (mail) {
  await show(mail, "account", { focus: false });
} else {
  addEventListener("hashchange", () => showAddress());
  await showAddress({ focus: false });
}
