// The time that a token has left, as a bar with a text.

import { features } from "./api.js";
import { el, everySecond, freshId, now } from "./dom.js";
import { span, texts } from "./texts.js";

/** `claims` returns the claims of the token; `exp` may change. */
export function timeBar(claims) {
  const id = freshId("time");
  const bar = el("progress", { "aria-labelledby": id, max: "1" });
  const text = el("p", { id });
  const element = el("div", { class: "time" }, bar, text);
  const usual = features.accessTokenMinutes * 60;

  everySecond(element, () => {
    const { exp, iat, nbf } = claims();
    const left = exp - now();
    bar.hidden = !Number.isFinite(exp);
    if (bar.hidden) text.textContent = texts.time.never;
    else {
      // Without a time of issue, the lifetime of this service's tokens.
      const begin = [iat, nbf].find((time) => typeof time === "number" && time < exp);
      const all = begin === undefined ? Math.max(usual, left) : exp - begin;
      bar.value = Math.min(1, Math.max(0, left / all));
      text.textContent = left <= 0 ? texts.time.over(span(-left)) : nbf > now() ? texts.time.notYet(span(nbf - now())) : texts.time.left(span(left), span(all));
    }
    element.classList.toggle("over", left <= 0);
  });
  return element;
}
