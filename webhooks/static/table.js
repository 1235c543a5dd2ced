// Tables of things that come and go: rows filled anew, the focus kept, words where there is nothing.

import { make, show } from "./dom.js";

// The words for an empty table stand in the element after it. A control with `data-key` keeps its focus.
export function fill(table, things, row) {
  const body = table.tBodies[0];
  const focused = body.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  body.replaceChildren(...things.map(row));
  if (focused) body.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  show(table, things.length > 0);
  show(table.nextElementSibling, things.length === 0);
}

export function cell(name, ...content) {
  return make("td", { "data-label": name }, make("div", {}, ...content));
}

export function figure(name, ...content) {
  return make("td", { "data-label": name, class: "figure" }, make("div", {}, ...content));
}

export const sub = (...content) => make("span", { class: "sub" }, ...content);
