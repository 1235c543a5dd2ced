// A question in a dialog of our own. Resolves to the chosen value, or null when it is closed.

import { make } from "./dom.js";

// ask({ title, words, choices: [{ value, label, kind }] })
export function ask({ title, words, choices }) {
  const heading = make("h2", { id: "ask-heading" }, title);
  const buttons = choices.map(({ value, label, kind }) =>
    make("button", { value, class: kind ?? "", "data-testid": `ask-${value}` }, label),
  );
  const form = make("form", { method: "dialog" }, heading, make("p", {}, words), make("div", { class: "row wrap end" }, ...buttons));
  const dialog = make("dialog", { class: "ask", "aria-labelledby": "ask-heading", "data-testid": "ask" }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
  });
}

export async function confirmed(title, words, yes, kind = "primary") {
  const choices = [
    { value: "no", label: "Cancel" },
    { value: "yes", label: yes, kind },
  ];
  return (await ask({ title, words, choices })) === "yes";
}
