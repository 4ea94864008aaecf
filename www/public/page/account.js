// What a signed-in user sees.

import * as api from "./api.js";
import { card, el, heading } from "./dom.js";
import { form, hiddenUsername, newPasswordField, passwordField } from "./forms.js";
import { sessionList } from "./sessions.js";
import { moment, texts } from "./texts.js";
import { timeBar } from "./time-bar.js";

const { features, session } = api;
const words = texts.account;

/** `leave` forgets the session, and shows the sign-in with a text. */
export async function account(leave) {
  const { user } = session;
  const sessions = features.sessions ? await sessionList(leave) : { element: el("p", { class: "faint" }, words.sessionsOff) };

  return el(
    "div",
    {},
    heading(words.title, words.signedInAs(user.email)),
    el(
      "div",
      { class: "columns" },
      el("div", {}, who(user, leave), features.passwordChange && change(user, () => sessions.reload?.()), features.accountDeletion && remove(user, leave)),
      // The last one: the list may become longer.
      card(words.sessions, sessions.element),
    ),
  );
}

function who({ email, id, created_at }, leave) {
  const since = new Date(created_at);
  const message = el("p", { class: "message", role: "status" });
  let isBusy = false;

  const ending = (end, text) => async (event) => {
    if (isBusy) return;
    const button = event.currentTarget;
    isBusy = true;
    button.ariaDisabled = "true";
    message.textContent = words.busy;
    const { problem } = await end();
    isBusy = false;
    button.ariaDisabled = null;
    // 401: what should end is over already, and the sign-in is shown.
    if (!problem) leave(text);
    else if (problem.status !== 401) message.textContent = problem.form;
  };

  return card(
    words.who,
    el(
      "dl",
      {},
      pair(words.email, email),
      pair(words.id, String(id)),
      pair(words.since, Number.isNaN(since.getTime()) ? created_at : moment(since.getTime() / 1000)),
    ),
    session.access && el("div", { class: "block" }, el("h3", {}, words.token), timeBar(() => api.claimsOf(session.access) ?? {}), el("p", {}, el("a", { href: "/#inspector" }, words.inspect))),
    el(
      "div",
      { class: "actions" },
      el("button", { type: "button", class: "primary", click: ending(api.signOut, texts.signIn.signedOut) }, words.signOut),
      features.revocation && el("button", { type: "button", click: ending(api.signOutEverywhere, texts.signIn.signedOutEverywhere) }, words.everywhere),
      message,
    ),
  );
}

const pair = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));

function change({ email }, whenChanged) {
  const made = form({
    action: "/me/password",
    fields: [passwordField("current_password", texts.form.currentPassword), newPasswordField("new_password", texts.form.newPassword)],
    submit: words.changeSubmit,
    busy: words.changeBusy,
    async send({ current_password, new_password }) {
      const { problem } = await api.changePassword(current_password, new_password);
      if (problem) return { problem: beside(problem) };
      made.reset();
      whenChanged();
      return { message: features.sessions || features.revocation ? words.changedAll : words.changed };
    },
  });
  made.element.prepend(hiddenUsername(email));

  function beside(problem) {
    const field = { "Incorrect password": "current_password", "New password cannot be the same as the current one": "new_password" }[problem.detail];
    return field ? { ...problem, form: undefined, fields: { [field]: problem.form } } : problem;
  }
  return card(words.change, made.element);
}

function remove({ email }, leave) {
  const made = form({
    action: "/me",
    fields: [passwordField("current_password", texts.form.currentPassword)],
    submit: words.deleteSubmit,
    busy: words.deleteBusy,
    danger: true,
    async send({ current_password }) {
      const { problem } = await api.deleteAccount(current_password);
      if (!problem) return void leave(texts.signIn.deleted);
      return { problem: problem.detail === "Incorrect password" ? { ...problem, form: undefined, fields: { current_password: problem.form } } : problem };
    },
  });
  made.element.prepend(hiddenUsername(email));
  return el("details", { class: "card" }, el("summary", {}, words.delete), el("p", { class: "faint" }, words.deleteLead), made.element);
}
