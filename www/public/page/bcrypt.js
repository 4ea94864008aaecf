// Measures bcrypt on this device. A worker computes, so that the page stays usable.

import { card, el, heading, svg } from "./dom.js";
import { lang, milliseconds, texts } from "./texts.js";

const words = texts.bcrypt;
const COSTS = [10, 11, 12, 13, 14, 15, 16];
const DEFAULT = 12;

/** The last cost is the first that takes this long. */
const ENOUGH_MILLISECONDS = 1000;

// The CSP takes a worker of this name only.
const policy = globalThis.trustedTypes?.createPolicy("edgegate", { createScriptURL: () => "/page/bcrypt-worker.js" });

export function bcrypt() {
  const rows = new Map(COSTS.map((cost) => [cost, row(cost)]));
  const message = el("p", { class: "message", role: "status" });
  const scale = el("p", { class: "note" }, " ");
  const button = el("button", { type: "button", class: "primary", click: toggle }, words.start);
  const times = new Map();
  let worker;

  function toggle() {
    if (worker) stop(words.stopped);
    else start();
  }

  function start() {
    times.clear();
    draw();
    button.textContent = words.stop;
    worker = new Worker(policy?.createScriptURL("") ?? "/page/bcrypt-worker.js", { type: "module" });
    worker.onerror = () => stop(words.failed, "wrong");
    worker.onmessage = ({ data: { cost, time } }) => {
      // The page that had started it is gone.
      if (!button.isConnected) return stop("");
      times.set(cost, time);
      draw();
      const next = COSTS.find((other) => other > cost);
      if (time >= ENOUGH_MILLISECONDS || next === undefined) stop(summary(), "good");
      else measure(next);
    };
    measure(COSTS[0]);
  }

  function measure(cost) {
    message.textContent = words.measuring(cost);
    message.className = "message";
    worker.postMessage({ cost });
  }

  function stop(text, kind = "") {
    worker.terminate();
    worker = undefined;
    button.textContent = words.again;
    message.textContent = text;
    message.className = `message ${kind}`;
  }

  function summary() {
    const usual = times.get(DEFAULT);
    const [last, time] = [...times].at(-1);
    return usual === undefined ? words.doneShort(last, milliseconds(time)) : words.done(DEFAULT, milliseconds(usual));
  }

  function draw() {
    const longest = Math.max(ENOUGH_MILLISECONDS, ...times.values());
    for (const [cost, { show }] of rows) show(times.get(cost), longest);
    scale.textContent = times.size > 0 ? words.scale(milliseconds(longest)) : " ";
  }

  const [cost, rounds, time] = words.columns;
  const table = el(
    "table",
    { class: "chart" },
    el("caption", {}, words.caption),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, cost), el("th", { scope: "col", class: "rounds" }, rounds), el("th", { scope: "col", colspan: "2" }, time))),
    el("tbody", {}, [...rows.values()].map((row) => row.element)),
  );
  return el("div", {}, heading(words.title, words.lead), card(undefined, table, scale, el("div", { class: "place" }, message), button), el("p", { class: "aside" }, words.note));
}

/** The bar repeats the number beside it, so it is not read out. */
function row(cost) {
  const bar = svg("rect", { height: "100%", width: "0", rx: "4" });
  const time = el("td", { class: "number" }, words.waiting);
  const name = el("th", { scope: "row" }, String(cost), cost === DEFAULT && el("span", { class: "badge" }, words.default));
  const rounds = el("td", { class: "rounds" }, (2 ** cost).toLocaleString(lang));
  const element = el("tr", {}, name, rounds, time, el("td", {}, svg("svg", { "aria-hidden": "true", class: "bar" }, bar)));
  return {
    element,
    show(milli, longest) {
      time.textContent = milli === undefined ? words.waiting : milliseconds(milli);
      bar.setAttribute("width", `${((milli ?? 0) / longest) * 100}%`);
    },
  };
}
