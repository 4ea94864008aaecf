// Decodes and verifies a token in the browser, by the wasm of `edgegate/token`.

import { features, publishedKeys, session } from "./api.js";
import { card, el, freshId, heading, now } from "./dom.js";
import { moment, span, texts } from "./texts.js";
import { timeBar } from "./time-bar.js";

const words = texts.inspector;

/** Refusals that say nothing against the form of a token. */
const IS_TOKEN = new Set(["signature", "algorithm", "unknown-key", "expired", "not-yet-valid", "too-old"]);

export async function inspector() {
  const token = area("token", words.token, words.tokenHint, 8);
  const key = area("key", words.key, words.keyHint, 3);
  const rules = {
    USER_ID_CLAIM: line("user-id-claim", words.userIdClaim, features.userIdClaim),
    JWT_ISSUER: line("issuer", words.issuer),
    JWT_AUDIENCE: line("audience", words.audience),
    JWT_LEEWAY_SECONDS: line("leeway", words.leeway, "0", { inputmode: "numeric" }),
  };
  const verdict = el("div", { class: "verdict", role: "status" });
  const parts = el("div");
  const [wasm, published] = await Promise.allSettled([import("/edgegate/token.js"), publishedKeys()]);
  const keysOfService = published.value?.body?.keys ?? [];

  let asked = 0;
  let lastParts;
  async function inspect() {
    const number = (asked += 1);
    const text = token.input.value.trim().replace(/^bearer\s+/i, "");
    const members = { header: decode(text, 0), claims: decode(text, 1) };
    key.tell();
    if (wasm.status === "rejected") return show(banner("wrong", words.failed));
    if (text === "") return show(banner("plain", words.empty));
    const result = await judge(text, members.header).catch((error) => ({ keyError: error.message }));
    if (number !== asked) return;
    if (result.keyError) {
      key.tell(result.keyError);
      show(banner("plain", words.unverified, result.keyError), members);
    } else show(banner(result.kind, result.title, result.text), members);
  }

  /** The verdict in words. */
  async function judge(text, header) {
    const { verifyToken } = wasm.value;
    const given = key.input.value.trim();
    const published = given === "" && keysOfService.length > 0;
    const settings = {};
    for (const [name, { input }] of Object.entries(rules)) if (input.value.trim() !== "") settings[name] = input.value.trim();
    const random = [...crypto.getRandomValues(new Uint8Array(64))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (published) settings.JWT_KEYS = JSON.stringify({ keys: keysOfService });
    else if (given.startsWith("{")) settings.JWT_KEYS = keySet(given);
    else Object.assign(settings, { SECRET_KEY: given || random, ALGORITHM: /^HS(256|384|512)$/.test(header?.alg) ? header.alg : "HS256" });
    const { outcome, reason } = await verifyToken(text, settings);
    if (outcome === "accepted") return { kind: "good", title: words.accepted, text: published ? words.acceptedBy.published : words.acceptedBy.given };
    const hasNoKey = given === "" && (!published || ["unknown-key", "algorithm"].includes(reason));
    if (hasNoKey && IS_TOKEN.has(reason)) return { kind: "warn", title: words.unverified, text: words.noKey };
    return { kind: "wrong", title: words.refused, text: reasonOf(reason) };
  }

  function show(banner, { header, claims } = {}) {
    // A live region repeats what is replaced.
    if (verdict.textContent !== banner.textContent) verdict.replaceChildren(banner);
    const shown = JSON.stringify([header, claims]);
    if (shown === lastParts) return;
    lastParts = shown;
    // Claims of another token must not stay beside this verdict.
    parts.replaceChildren();
    parts.replaceChildren(
      ...(claims ? [el("div", { class: "block" }, el("h2", {}, words.timeLeft), timeBar(() => claims))] : []),
      ...(header ? [table(words.header, header, explainHeader)] : []),
      ...(claims ? [table(words.claims, claims, explainClaim)] : []),
    );
  }

  const own = session.access && el("button", { type: "button", class: "small", click: takeOwn }, words.copyOwn);
  function takeOwn() {
    token.input.value = session.access;
    inspect();
  }

  let timer;
  const inputs = el(
    "div",
    {
      class: "grid",
      input() {
        clearTimeout(timer);
        timer = setTimeout(inspect, 100);
      },
    },
    token.element,
    own,
    key.element,
    el("details", {}, el("summary", {}, words.rules), el("div", { class: "grid" }, Object.values(rules).map((rule) => rule.element))),
  );
  if (session.access) token.input.value = session.access;
  inspect();
  return el("div", {}, heading(words.title, words.lead), el("div", { class: "columns" }, card(undefined, inputs), card(undefined, verdict, parts)));
}

/** A JWK set; a single key becomes a set of one. */
function keySet(text) {
  let keys;
  try {
    keys = JSON.parse(text);
  } catch {
    throw new Error(words.keyJson);
  }
  return JSON.stringify("kty" in keys ? { keys: [keys] } : keys);
}

function decode(text, at) {
  try {
    const bytes = Uint8Array.from(atob(text.split(".")[at].replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    const members = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return members instanceof Object && !Array.isArray(members) ? members : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(reason) {
  const claim = /^claim:(.*)$/.exec(reason)?.[1];
  return claim ? texts.reasonClaim(claim) : (texts.reasons[reason] ?? reason);
}

const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

const explainHeader = (name, value) =>
  name === "alg" ? (own(texts.algorithms, String(value)) ?? texts.otherAlgorithm) : (own(texts.members, name) ?? texts.otherMember);

function explainClaim(name, value) {
  if (!["exp", "nbf", "iat", "auth_time"].includes(name)) return own(texts.members, name) ?? texts.otherMember;
  if (typeof value !== "number" || Math.abs(value) > 8.64e12) return texts.time.noTime;
  const { time } = texts;
  const left = value - now();
  const [ahead, ago] = { exp: [time.expires, time.expired], nbf: [time.begins, time.began] }[name] ?? [time.ahead, time.issued];
  return time.at(moment(value), name === "auth_time" ? texts.members.auth_time : left > 0 ? ahead(span(left)) : ago(span(-left)));
}

function table(title, members, explain) {
  const id = freshId("members");
  const [name, value, meaning] = words.columns;
  const head = el("thead", {}, el("tr", {}, [name, value, meaning].map((text) => el("th", { scope: "col" }, text))));
  const rows = Object.entries(members).map(([member, value]) =>
    el("tr", {}, el("th", { scope: "row" }, el("code", {}, visible(member))), el("td", {}, el("code", {}, visible(JSON.stringify(value)))), el("td", {}, explain(member, value))),
  );
  return el("div", { class: "block" }, el("h2", { id }, title), el("table", { class: "members", "aria-labelledby": id }, head, el("tbody", {}, rows)));
}

/** Control and formatting characters could make a token look like another one. */
function visible(text) {
  return text.replace(/[\x00-\x1f\x7f-\x9f]|\p{Cf}/gu, (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
}

const banner = (kind, title, text) => el("p", { class: `notice ${kind}` }, el("strong", {}, title), text && ` ${text}`);

function area(name, label, hint, rows) {
  const id = freshId(name);
  const note = el("p", { class: "note", id: `${id}-note` }, hint);
  const input = el("textarea", { id, name, rows, spellcheck: "false", autocapitalize: "none", autocomplete: "off", "aria-describedby": note.id });
  function tell(error) {
    note.textContent = error ?? hint;
    note.classList.toggle("wrong", Boolean(error));
    input.ariaInvalid = error ? "true" : null;
  }
  return { input, tell, element: el("div", { class: "field" }, el("label", { for: id }, label), input, note) };
}

function line(name, label, value = "", attributes = {}) {
  const id = freshId(name);
  const input = el("input", { id, name, value, autocomplete: "off", autocapitalize: "none", spellcheck: "false", ...attributes });
  return { input, element: el("div", { class: "field" }, el("label", { for: id }, label), input) };
}
