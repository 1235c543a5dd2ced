// Short messages that go by themselves; problems, and what can be undone, stay longer and can be closed.

import { $, icon, make } from "./dom.js";

const SHOWN_MS = { good: 4000, bad: 10_000 };
const UNDO_MS = 12_000;

// `undo` takes back what the words tell.
export function toast(words, kind = "good", undo = null) {
  const close = make("button", { class: "quiet square small", "aria-label": "Close" }, icon("cross"));
  const back = undo ? make("button", { class: "small", "data-testid": "undo" }, "Undo") : null;
  const sign = icon(kind === "bad" ? "warning" : "check");
  const box = make("div", { class: `toast ${kind}`, "data-testid": "toast" }, sign, make("p", {}, words), back, close);
  close.addEventListener("click", () => box.remove());
  back?.addEventListener("click", () => {
    box.remove();
    undo();
  });
  $("toasts").append(box);
  while ($("toasts").children.length > 3) $("toasts").firstElementChild.remove();
  goAfter(box, undo ? UNDO_MS : SHOWN_MS[kind]);
}

// Nothing goes away under the keyboard's focus.
function goAfter(box, ms) {
  setTimeout(() => (box.matches(":focus-within") ? goAfter(box, ms) : box.remove()), ms);
}

export function problem(error) {
  toast(error.message || "Something went wrong. Please try again.", "bad");
}
