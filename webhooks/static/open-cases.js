// On the desk: the open cases of who is on the line, with a note and an end for each.

import { get, post } from "./api.js";
import { dayAndTime, dueWords } from "./clock.js";
import { make, show } from "./dom.js";
import { problem, toast } from "./toast.js";
import * as words from "./words.js";

export class OpenCases {
  constructor(box, showTimes) {
    this.box = box;
    this.list = box.querySelector("ul");
    this.showTimes = showTimes;
    this.clear();
  }

  clear() {
    this.items = new Map(); // an item by number: what is being written in one stays while another is seen to
    this.busy = false;
    this.render([]);
  }

  async read() {
    const { items } = this;
    try {
      const { cases } = await get("/desk/api/cases");
      if (items === this.items) this.render(cases);
    } catch (error) {
      problem(error);
    }
  }

  render(cases) {
    const numbers = cases.map(({ number }) => number);
    for (const number of this.items.keys()) if (!numbers.includes(number)) this.items.delete(number);
    for (const one of cases) if (!this.items.has(one.number)) this.items.set(one.number, this.item(one));
    this.list.replaceChildren(...cases.map(({ number }) => this.items.get(number)));
    show(this.box, cases.length > 0);
    this.showTimes();
  }

  item(one) {
    const id = `case-note-${one.number}`;
    const note = make("textarea", { id, rows: 2, maxlength: 4000, "data-testid": `note-on-case-${one.number}` });
    const button = (label, kind, what) => {
      const made = make("button", { type: "button", class: kind, "data-testid": `case-${what}-${one.number}` }, label);
      made.addEventListener("click", () => this.change(one.number, what, note));
      return made;
    };
    return make(
      "li",
      { class: "open-case", "data-number": one.number },
      make("p", { class: "row wrap" }, make("b", { class: "grow" }, `${words.caseKind(one.kind)} ${one.number}`), chip(one)),
      one.words ? make("p", { class: "told", lang: one.language }, one.words) : null,
      make("p", { class: "small muted" }, `${words.plain(one.queue)}, promised for ${dayAndTime(one.due_at)}`),
      make(
        "details",
        {},
        make("summary", {}, "Add a note, or close it"),
        make("div", { class: "stack" }, make("label", { for: id }, `Note on case ${one.number}`), note, make("div", { class: "row wrap" }, button("Add note", "small", "note"), button("Close case", "small", "close"))),
      ),
    );
  }

  async change(number, what, note) {
    if (this.busy) return;
    this.busy = true;
    const { items } = this;
    try {
      const { cases } = await post(`/desk/api/cases/${encodeURIComponent(number)}/${what}`, { note: note.value });
      note.value = "";
      if (items === this.items) this.render(cases);
      toast(what === "close" ? `Case ${number} is closed.` : `The note is kept with case ${number}.`);
    } catch (error) {
      problem(error);
      if (error.status === 404) await this.read();
    } finally {
      this.busy = false;
    }
  }
}

const chip = (one) => make("span", { class: "chip" }, "Answer ", make("span", { class: "due", "data-due": one.due_at }, dueWords(one.due_at)));
