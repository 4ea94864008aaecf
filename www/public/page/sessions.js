// The sessions of the user, with an end for each.

import * as api from "./api.js";
import { el, freshId } from "./dom.js";
import { moment, texts } from "./texts.js";

const words = texts.account;

/** Is shown when it is loaded: nothing moves afterwards. */
export async function sessionList(leave) {
  const list = el("ul", { class: "sessions" });
  const message = el("p", { class: "message", role: "status" }, words.loading);
  const again = el("button", { type: "button", class: "small", click: reload }, words.reload);
  const element = el("div", {}, el("p", { class: "faint" }, words.sessionsLead), el("div", { class: "actions" }, again, message), list);

  async function reload() {
    message.textContent = words.loading;
    const { ok, body, problem } = await api.listSessions();
    message.textContent = ok ? "" : problem.form;
    if (!ok) return;
    // The own one first, then the last used.
    const isOwn = ({ id }) => Number(id === api.ownSession());
    const sorted = body.toSorted((one, other) => isOwn(other) - isOwn(one) || other.last_used_at - one.last_used_at);
    list.replaceChildren(...sorted.map(item));
  }

  function item({ id, created_at, last_used_at, user_agent, address }) {
    const isOwn = id === api.ownSession();
    const device = deviceOf(user_agent);
    const since = words.signedIn(moment(created_at));
    const end = el("button", { type: "button", class: "small", "aria-label": words.endLabel(device, since), click }, words.end);
    const name = el("h3", { id: freshId("session") }, device, isOwn && el("span", { class: "badge" }, words.here));
    const used = [words.lastUsed(moment(last_used_at)), address && words.from(address)].filter(Boolean).join(", ");
    const element = el("li", { "aria-labelledby": name.id }, el("div", {}, name, el("p", { class: "faint" }, since), el("p", { class: "faint" }, used)), end);

    async function click() {
      if (end.ariaDisabled) return;
      end.ariaDisabled = "true";
      const { problem } = await api.endSession(id);
      // 404: it has ended by itself.
      if (problem && problem.status !== 404) {
        end.ariaDisabled = null;
        message.textContent = problem.form;
      } else if (isOwn) {
        leave(texts.signIn.signedOut);
      } else {
        // It stays in its place: the others do not move under the pointer.
        element.classList.add("ended");
        end.textContent = words.ended;
        message.textContent = words.endedStatus;
      }
    }
    return element;
  }

  await reload();
  return { element, reload };
}

const BROWSERS = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"], ["curl/", "curl"]];
const SYSTEMS = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["CrOS", "ChromeOS"], ["Linux", "Linux"]];

function deviceOf(userAgent) {
  const [browser, system] = [BROWSERS, SYSTEMS].map((names) => names.find(([mark]) => userAgent?.includes(mark))?.[1]);
  if (browser && system) return words.device(browser, system);
  return browser ?? system ?? userAgent?.slice(0, 60) ?? words.unknownDevice;
}
