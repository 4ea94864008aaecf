/** An element with these attributes, listeners (functions) and children. Texts become text nodes, never markup. */
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== false));
  return element;
}

/** Calls this now and every second, while the element is on the page. */
export function everySecond(element, tick) {
  tick();
  const timer = setInterval(() => (element.isConnected ? tick() : clearInterval(timer)), 1000);
}

export const now = () => Date.now() / 1000;

let last = 0;
export const freshId = (name) => `${name}-${(last += 1)}`;

/** The heading of a view, which gets the focus when the view is opened by a link or a form. */
export const heading = (title, lead) => el("header", { class: "heading" }, el("h1", { tabindex: "-1" }, title), lead && el("p", {}, lead));

export const card = (title, ...children) => el("section", { class: "card" }, title && el("h2", {}, title), ...children);
