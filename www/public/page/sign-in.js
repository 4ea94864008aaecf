// What a visitor sees: signing in and up, and the ways by mail.

import * as api from "./api.js";
import { card, el, heading } from "./dom.js";
import { emailField, form, newPasswordField, passwordField } from "./forms.js";
import { texts } from "./texts.js";

/** What a visitor has typed as address, so that the next form has it already. */
let typed = "";
const remember = ({ target }) => target.type === "email" && (typed = target.value);

const narrow = (...children) => el("div", { class: "narrow", input: remember }, ...children);
const aside = (...children) => el("p", { class: "aside" }, ...children);
const link = (href, text) => el("a", { href }, text);
const notice = (text, kind = "good") => el("p", { class: `notice ${kind}`, role: "status" }, text);

const { features } = api;

function enter(go) {
  typed = "";
  go("#sign-in");
}

export function signIn(go, note) {
  const { signIn: words } = texts;
  // What was typed into the form of the document before the script was there.
  const early = document.querySelector("#credentials")?.elements;
  const made = form({
    action: "/login",
    fields: [{ ...emailField("username"), value: early?.username.value || typed }, passwordField("password")],
    submit: words.submit,
    busy: words.busy,
    async send({ username, password }) {
      const { ok, problem } = await api.signIn(username, password);
      if (ok) return enter(go);
      return { problem: refused(problem, username) };
    },
  });

  if (early) made.field("password").value = early.password.value;

  /** A refused login says something about both fields; it stands beside the password, which has to be typed again. */
  function refused(problem, username) {
    if (problem.detail === "Invalid Credentials") return { ...problem, form: undefined, fields: { password: problem.form } };
    if (problem.detail === "Email not verified" && features.emailVerification !== "off") {
      return { ...problem, more: el("button", { type: "button", class: "link", click: () => resend(username) }, words.resend) };
    }
    return problem;
  }

  async function resend(email) {
    const { problem } = await api.sendVerification(email);
    made.tell(problem?.form ?? texts.forgot.sent, problem ? "wrong" : "good");
  }

  const isOpen = features.registration !== "closed";
  return narrow(
    heading(words.title, words.lead),
    note && notice(note, note === words.ended ? "plain" : "good"),
    card(undefined, made.element, features.passwordRecovery && aside(link("/#forgot", words.forgot))),
    isOpen ? aside(words.noAccount, " ", link("/#sign-up", words.signUp)) : aside(words.closed),
  );
}

export function signUp(go) {
  const { signUp: words } = texts;
  const back = aside(words.have, " ", link("/#sign-in", words.signIn));
  if (features.registration === "closed") return narrow(heading(words.title), notice(words.closed, "plain"), back);
  const invitation = { name: "invitation", label: texts.form.invitation, autocomplete: "off", hint: words.invitationHint };
  const made = form({
    action: "/users",
    fields: [{ ...emailField(), value: typed }, newPasswordField("password"), ...(features.registration === "invitation" ? [invitation] : [])],
    submit: words.submit,
    busy: words.busy,
    async send(account) {
      const { problem } = await api.signUp(account);
      if (problem) return { problem: beside(problem) };
      if (features.emailVerification === "required") return { message: words.verify(account.email) };
      made.tell(texts.signIn.busy);
      const signedIn = await api.signIn(account.email, account.password);
      return signedIn.ok ? enter(go) : signedIn;
    },
  });

  function beside(problem) {
    const field = { "Email already registered": "email", "Invalid invitation": "invitation" }[problem.detail];
    return field ? { ...problem, form: undefined, fields: { [field]: problem.form } } : problem;
  }

  return narrow(heading(words.title, words.lead), card(undefined, made.element), back);
}

export function forgot() {
  const { forgot: words } = texts;
  const back = aside(link("/#sign-in", words.back));
  if (!features.passwordRecovery) return narrow(heading(words.title), notice(words.off, "plain"), back);
  const made = form({
    action: "/#forgot",
    fields: [{ ...emailField(), value: typed }],
    submit: words.submit,
    busy: words.busy,
    async send({ email }) {
      const { problem } = await api.recover(email);
      return problem ? { problem } : { message: words.sent };
    },
  });
  return narrow(heading(words.title, words.lead), card(undefined, made.element), back);
}

export function resetPassword(token) {
  const { reset: words } = texts;
  const again = aside(link("/#forgot", words.again));
  if (!features.passwordRecovery) return narrow(heading(words.title), notice(texts.forgot.off, "plain"), aside(link("/#sign-in", words.signIn)));
  if (!token) return narrow(heading(words.title), notice(words.noToken, "plain"), again);
  const made = form({
    action: "/reset-password",
    fields: [newPasswordField("new_password", texts.form.newPassword)],
    submit: words.submit,
    busy: words.busy,
    async send({ new_password }) {
      const { problem } = await api.resetPassword(token, new_password);
      if (problem) return { problem };
      finish(place, words.done, words.signIn);
    },
  });
  const place = card(undefined, made.element);
  return narrow(heading(words.title, words.lead), place, again);
}

/** By a click, and not when the page is opened: programs that look into mails open links, and a token is used once. */
export function verifyEmail(token) {
  const { verify: words } = texts;
  const signIn = aside(link("/#sign-in", words.signIn));
  if (features.emailVerification === "off") return narrow(heading(words.title), notice(words.off, "plain"), signIn);
  if (!token) return narrow(heading(words.title), notice(words.noToken, "plain"), signIn);
  const made = form({
    action: "/verify-email",
    fields: [],
    submit: words.submit,
    busy: words.busy,
    async send() {
      const { problem } = await api.verifyEmail(token);
      if (problem) return { problem };
      finish(place, words.done, words.signIn);
    },
  });
  const place = card(undefined, made.element);
  return narrow(heading(words.title, words.lead), place);
}

function finish(place, text, action) {
  const done = el("p", { class: "notice good", role: "status", tabindex: "-1" }, text);
  place.replaceChildren(done, el("a", { class: "button", href: "/#sign-in" }, action));
  place.nextElementSibling?.remove();
  done.focus();
}
