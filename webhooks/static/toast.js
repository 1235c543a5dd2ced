// Short messages that go by themselves; problems stay longer and can be closed.

import { $, icon, make } from "./dom.js";

const SHOWN_MS = { good: 4000, bad: 10_000 };

export function toast(words, kind = "good") {
  const close = make("button", { class: "quiet square small", "aria-label": "Close" }, icon("cross"));
  const sign = icon(kind === "bad" ? "warning" : "check");
  const box = make("div", { class: `toast ${kind}`, "data-testid": "toast" }, sign, make("p", {}, words), close);
  close.addEventListener("click", () => box.remove());
  $("toasts").append(box);
  while ($("toasts").children.length > 3) $("toasts").firstElementChild.remove();
  setTimeout(() => box.remove(), SHOWN_MS[kind]);
}

export function problem(error) {
  toast(error.message || "Something went wrong. Please try again.", "bad");
}
