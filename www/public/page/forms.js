// Forms: labels, errors beside their field, a busy state, and one live region.

import { el, freshId } from "./dom.js";
import { features } from "./api.js";
import { texts } from "./texts.js";

const MAX_BYTES = 72;

export const emailField = (name = "email") => ({
  name,
  label: texts.form.email,
  type: "email",
  autocomplete: "username",
  attributes: { inputmode: "email", autocapitalize: "none", spellcheck: "false" },
});

export const passwordField = (name, label = texts.form.password) => ({ name, label, type: "password", autocomplete: "current-password" });

export const newPasswordField = (name, label = texts.form.password) => ({
  name,
  label,
  type: "password",
  autocomplete: "new-password",
  hint: texts.form.minLength(features.passwordMinLength),
  check: (value) => {
    // As the service counts: code points and bytes.
    if ([...value].length < features.passwordMinLength) return texts.errors.tooShort(features.passwordMinLength);
    if (new TextEncoder().encode(value).length > MAX_BYTES) return texts.errors.tooLong(MAX_BYTES);
    return undefined;
  },
});

/**
 * A form. `send` gets the values and returns `{ problem }`, or `{ message }` for the live region.
 *
 * `method` and `action` are for a browser in which the script fails later: nothing that is typed enters a URL.
 */
export function form({ action, fields, submit, busy, send, danger = false }) {
  const made = fields.map(makeField);
  const message = el("p", { class: "message", role: "status" });
  const button = el("button", { class: danger ? "danger" : "primary" }, submit);
  // The last field's note and the message share a place that is high enough for both: what is said moves nothing.
  const place = el("div", { class: fields.at(-1)?.hint ? "place hinted" : "place" }, made.at(-1)?.note, message);
  const element = el("form", { method: "post", action, novalidate: true, submit: onSubmit }, made.map((field) => field.element), fields.length > 0 ? [place, button] : [button, place]);
  let isBusy = false;

  async function onSubmit(event) {
    event.preventDefault();
    if (isBusy) return;
    made.forEach((field) => field.tell());
    const wrong = made.filter((field) => !field.isRight());
    if (wrong.length > 0) {
      tell("");
      wrong[0].input.focus();
      return;
    }
    const values = Object.fromEntries(made.map(({ name, input }) => [name, input.value]));
    setBusy(true);
    tell(busy);
    const answer = await send(values).finally(() => setBusy(false));
    if (answer?.problem) show(answer.problem);
    else tell(answer?.message ?? "", answer?.message ? "good" : "");
  }

  function show(problem) {
    const named = made.filter((field) => problem.fields[field.name]);
    named.forEach((field) => field.tell(problem.fields[field.name]));
    const others = Object.entries(problem.fields).filter(([name]) => !named.some((field) => field.name === name));
    tell([problem.form, ...others.map(([, text]) => text)].filter(Boolean).join(" "), "wrong");
    if (problem.more) message.append(" ", problem.more);
    // Nothing is focused after the view has changed.
    if (element.isConnected) (named[0]?.input ?? button).focus();
  }

  function setBusy(busy) {
    isBusy = busy;
    element.ariaBusy = String(busy);
    // Not `disabled`: the focus would be lost.
    button.ariaDisabled = busy ? "true" : null;
  }

  function tell(text, kind = "") {
    message.textContent = text;
    message.className = `message ${kind}`;
  }

  return { element, tell, reset: () => element.reset(), field: (name) => made.find((field) => field.name === name)?.input };
}

function makeField({ name, label, type = "text", autocomplete, hint = "", check, optional = false, hidden = false, value, attributes = {} }) {
  const id = freshId(name);
  const note = el("p", { class: "note", id: `${id}-note` }, hint);
  const input = el("input", {
    id,
    name,
    type,
    autocomplete,
    required: !optional,
    "aria-describedby": note.id,
    ...attributes,
    value,
    input: () => input.ariaInvalid && tell(),
  });
  const toggle = type === "password" && showToggle(input, label);
  const control = toggle ? el("div", { class: "control" }, input, toggle) : input;
  const element = el("div", { class: "field", hidden }, el("label", { for: id }, label), control, note);

  function tell(error) {
    note.textContent = error ?? hint;
    note.classList.toggle("wrong", Boolean(error));
    input.ariaInvalid = error ? "true" : null;
  }

  function isRight() {
    const error = !optional && input.value === "" ? texts.errors.required : type === "email" && !/^\S+@\S+$/.test(input.value) ? texts.errors.email : check?.(input.value);
    if (error) tell(error);
    return !error;
  }

  return { name, element, note, input, tell, isRight };
}

function showToggle(input, label) {
  const toggle = el("button", { type: "button", class: "show", "aria-label": `${texts.form.show}: ${label}`, click }, texts.form.show);
  function click() {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    toggle.textContent = shown ? texts.form.hide : texts.form.show;
    toggle.ariaLabel = `${toggle.textContent}: ${label}`;
  }
  return toggle;
}

/** For password managers, which file a new password under this name. */
export const hiddenUsername = (email) => el("input", { type: "email", name: "username", autocomplete: "username", value: email, hidden: true, readonly: true });
