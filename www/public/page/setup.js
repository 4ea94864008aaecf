// What the page shows while the service is not set up: what is missing, and what to run.

import { card, el, heading } from "./dom.js";
import { texts } from "./texts.js";

export function setup({ problem, setting, steps }) {
  const { setup: words } = texts;
  return el(
    "div",
    { class: "setup" },
    heading(words.title, words[problem]?.({ setting })),
    card(undefined, ...steps.map(({ where, run }) => [el("h2", {}, words.where[where]), el("pre", {}, el("code", {}, run))])),
    el("p", { class: "aside" }, words.then),
  );
}
