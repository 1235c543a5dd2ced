// Cases: the list, and one of them with its words, its history, and what can be done about it.

import { get, post } from "./api.js";
import { confirmed } from "./ask.js";
import { dayAndTime, dueWords, isOverdue, now } from "./clock.js";
import { $, debounced, facts, make, show } from "./dom.js";
import { cell, fill, sub } from "./table.js";
import { problem, toast } from "./toast.js";
import * as words from "./words.js";

const QUIET_MS = 300;
const A_DAY_MS = 24 * 3_600_000;

export class Cases {
  // `showCall` shows the conversation that a case came from.
  constructor(showTimes, showCall) {
    this.showTimes = showTimes;
    this.state = "open";
    this.number = null; // of the case that is shown
    this.one = null; // that case, once it is here
    this.begun = false; // the page has come to it
    this.notes = new Map(); // notes that were begun and not kept
    this.queues = [];
    this.busy = false;
    this.refreshSoon = debounced(() => this.refresh(), QUIET_MS);
    this.readSoon = debounced(() => this.read(), QUIET_MS);
    for (const state of ["open", "closed"]) $(`cases-${state}`).addEventListener("click", () => this.filter(state));
    $("case").addEventListener("keydown", ({ key }) => key === "Escape" && this.number && (location.hash = "cases"));
    $("case-call").addEventListener("click", () => showCall(this.one.call_id));
    $("case-audio").addEventListener("error", () => this.one && this.renderSound(false));
    this.does("case-note-form", "submit", () => this.note());
    this.does("case-close", "click", () => this.close());
    this.does("case-reopen", "click", () => this.reopen());
    this.does("case-unlock", "click", () => this.unlock());
    this.does("put-off-form", "submit", () => this.putOff());
    this.does("give-form", "submit", () => this.give());
  }

  does(id, event, work) {
    $(id).addEventListener(event, (happened) => {
      happened.preventDefault();
      this.act(work);
    });
  }

  happened({ topic, number }) {
    if (topic !== "case") return;
    this.refreshSoon();
    if (number === this.number) this.readSoon();
  }

  filter(state) {
    this.state = state;
    for (const one of ["open", "closed"]) $(`cases-${one}`).setAttribute("aria-pressed", one === state);
    this.refresh();
  }

  // ---- the list

  async refresh() {
    try {
      const open = await get("/studio/api/cases");
      this.renderCount(open.cases);
      this.queues = open.queues;
      this.render(this.state === "open" ? open : await get("/studio/api/cases?state=closed"));
    } catch (error) {
      if (error.status) problem(error);
    }
  }

  renderCount(open) {
    const late = open.filter(({ due_at }) => isOverdue(due_at)).length;
    show($("tab-overdue"), late > 0);
    $("tab-overdue").replaceChildren(String(late), make("span", { class: "visually-hidden" }, " overdue"));
  }

  render({ state, cases, most }) {
    if (state !== this.state) return;
    fill($("cases"), cases, (one) => this.row(one));
    show($("cases-none-open"), state === "open");
    show($("cases-none-closed"), state === "closed");
    show($("cases-more"), cases.length >= most);
    $("cases-more").textContent = state === "open" ? `These are the ${most} that are due first.` : `These are the ${most} newest.`;
    $("view-cases").classList.toggle("bare", cases.length === 0 && !this.number);
    this.mark();
    this.showTimes();
  }

  row(one) {
    const opener = make("a", { class: "link", href: `#cases/${one.number}`, "data-key": one.number, "data-testid": "open-case" }, words.caseKind(one.kind));
    return make(
      "tr",
      { class: "clickable", "data-number": one.number, onclick: () => (location.hash = `cases/${one.number}`) },
      cell("Case", opener, sub(one.number)),
      cell("Customer", ...customer(one)),
      cell("Owner", words.plain(one.queue)),
      cell("Due", one.state === "closed" ? dayAndTime(one.due_at) : due(one), one.state === "closed" ? null : sub(dayAndTime(one.due_at))),
      cell("State", severity(one), state(one)),
    );
  }

  mark() {
    for (const row of $("cases").tBodies[0].rows) {
      const chosen = row.dataset.number === this.number;
      row.classList.toggle("chosen", chosen);
      if (chosen) row.querySelector("a").setAttribute("aria-current", "true");
      else row.querySelector("a").removeAttribute("aria-current");
    }
  }

  // ---- one case

  // `number` is null where none is chosen.
  choose(number) {
    if (number === this.number) return;
    const before = this.number;
    this.keepNote();
    this.number = number;
    this.one = null;
    this.begun = false;
    $("case-note").value = this.notes.get(number) ?? "";
    $("view-cases").classList.toggle("chosen", Boolean(number));
    show($("case-none"), !number);
    show($("case-shown"), false);
    $("case-more").open = false;
    this.mark();
    if (number) this.read();
    else if (before && !document.activeElement?.closest(".tabs")) $("cases").querySelector(`[data-key="${CSS.escape(before)}"]`)?.focus();
  }

  async read() {
    const { number } = this;
    if (!number) return;
    try {
      const one = await get(`/studio/api/cases/${encodeURIComponent(number)}`);
      if (number === this.number) this.take(one);
    } catch (error) {
      if (number !== this.number) return;
      problem(error);
      if (error.status !== 404) return;
      this.choose(null);
      location.hash = "cases";
    }
  }

  begin() {
    this.begun = true;
    $("put-off-until").min = local(now());
    $("put-off-until").value = local(Math.max(Date.parse(this.one.due_at), now()) + A_DAY_MS);
    $("case-heading").focus();
  }

  keepNote() {
    if (this.one) this.notes.set(this.number, $("case-note").value);
  }

  take(one) {
    this.one = one;
    const closed = one.state === "closed";
    show($("case-shown"));
    $("case-kind").textContent = words.caseKind(one.kind);
    $("case-heading").textContent = `Case ${one.number}`;
    $("case-chips").replaceChildren(severity(one), state(one));
    $("case-due").replaceChildren(...(closed ? closedWords(one) : ["Answer promised: ", due(one), sub(dayAndTime(one.due_at))]));
    show($("case-words"), Boolean(one.words));
    $("case-words").textContent = one.words;
    $("case-words").lang = one.language;
    this.renderLock(one.lock);
    this.renderSound(Boolean(one.recording));
    this.renderFacts();
    this.renderActions(closed);
    $("case-history").replaceChildren(...one.history.map(happening));
    this.showTimes();
    if (!this.begun) this.begin();
  }

  renderLock(lock) {
    show($("case-lock"), Boolean(lock));
    $("case-lock").dataset.locked = lock?.locked ? "yes" : "no";
    $("case-lock-words").textContent = lock?.locked
      ? `${words.sentence(whom(lock.subject))} is locked: after too many wrong answers nothing is taken as a proof on the telephone.`
      : `${words.sentence(whom(lock?.subject ?? ""))} is not locked: proofs are taken on the telephone.`;
    show($("case-unlock"), Boolean(lock?.locked));
  }

  // The same sound is not loaded again: somebody may be listening.
  renderSound(kept) {
    const { number, recording } = this.one;
    const source = kept ? `/studio/api/cases/${encodeURIComponent(number)}/recording` : null;
    show($("case-sound"), Boolean(recording));
    show($("case-audio"), kept);
    show($("case-audio-gone"), Boolean(recording) && !kept);
    if ($("case-audio").getAttribute("src") === source) return;
    if (source) $("case-audio").src = source;
    else $("case-audio").removeAttribute("src");
  }

  renderFacts() {
    const { one } = this;
    facts($("case-facts"), [
      ["Telephone", [one.name, one.phone].filter(Boolean).join(", ") || "No number known"],
      ["Customer", one.customer || "Not known for sure"],
      ["Order", one.order],
      ["Owner", words.plain(one.queue)],
      ["Language", words.language(one.language)],
      ["Opened", dayAndTime(one.opened_at)],
    ]);
  }

  renderActions(closed) {
    show($("case-close"), !closed);
    show($("case-close-hint"), !closed);
    show($("case-reopen"), closed);
    show($("case-more"), !closed);
    const { queue } = this.one;
    const others = this.queues.filter((name) => name !== queue);
    const kept = $("give-queue").value;
    $("give-queue").replaceChildren(...others.map((name) => make("option", { value: name }, words.plain(name))));
    if (others.includes(kept)) $("give-queue").value = kept;
  }

  // ---- what the supervisor does

  async act(work) {
    if (this.busy || !this.one) return;
    this.busy = true;
    $("case").classList.add("busy");
    try {
      await work();
    } catch (error) {
      problem(error);
      this.read();
    } finally {
      this.busy = false;
      $("case").classList.remove("busy");
    }
  }

  async change(number, what, body) {
    const one = await post(`/studio/api/cases/${encodeURIComponent(number)}/${what}`, body);
    if (number === this.number) this.take(one);
    this.refresh();
    return one;
  }

  // A way back, as a button beside the words that tell what was done.
  undo(number, what, body) {
    return async () => {
      try {
        await this.change(number, what, body);
        if (number === this.number) $("case-heading").focus();
        toast("It is as it was before.");
      } catch (error) {
        problem(error);
      }
    };
  }

  clearNote() {
    $("case-note").value = "";
    this.notes.delete(this.number);
  }

  async note() {
    await this.change(this.number, "note", { note: $("case-note").value });
    this.clearNote();
    toast("The note is in the history.");
  }

  async close() {
    const { number } = this;
    await this.change(number, "close", { note: $("case-note").value });
    this.clearNote();
    $("case-reopen").focus();
    toast(`Case ${number} is closed.`, "good", this.undo(number, "reopen"));
  }

  async reopen() {
    const { number } = this;
    await this.change(number, "reopen");
    $("case-close").focus();
    toast(`Case ${number} is open again.`);
  }

  async putOff() {
    const { number, one } = this;
    const due = new Date($("put-off-until").value);
    if (Number.isNaN(due.getTime())) throw new Error("Choose a day and a time first.");
    const { due_at } = await this.change(number, "put-off", { due: due.toISOString() });
    const back = isOverdue(one.due_at) ? null : this.undo(number, "put-off", { due: one.due_at });
    toast(`Put off until ${dayAndTime(due_at)}.`, "good", back);
  }

  async give() {
    const { number, one } = this;
    const queue = $("give-queue").value;
    await this.change(number, "give", { queue });
    toast(`Given to ${words.plain(queue)}.`, "good", this.undo(number, "give", { queue: one.queue }));
  }

  async unlock() {
    const { number, one } = this;
    const whose = whom(one.lock.subject);
    const title = `Unlock ${whose}?`;
    const why = "Somebody has given too many wrong answers. Unlock only when you are sure that it was the customer: call back at a number that the shop knows. The answers given so far do not count any more.";
    if (!(await confirmed(title, why, "Unlock"))) return;
    await this.change(number, "unlock");
    $("case-heading").focus();
    toast(`${words.sentence(whose)} can give proofs on the telephone again.`);
  }
}

// "order 100494" and "C1" are whom proofs are about.
const whom = (subject) => (subject.startsWith("order ") ? subject : `customer ${subject}`);

const severity = (one) => make("span", { class: "chip", "data-severity": one.severity }, words.severity(one.severity));

const state = (one) => make("span", { class: "chip", "data-case": one.state }, words.caseState(one));

const due = (one) => make("span", { class: "due", "data-due": one.due_at }, dueWords(one.due_at));

function customer({ customer: id, phone }) {
  const known = id ? make("b", {}, id) : make("span", { class: "muted nowrap" }, "Not known");
  return [known, sub(phone || "No number")];
}

function closedWords({ history }) {
  const last = history.filter(({ what }) => what === "closed").at(-1);
  return last ? [`Closed by ${last.who}`, sub(dayAndTime(last.at))] : ["Closed"];
}

function happening({ at, who, what, note }) {
  const told = { "put off": () => `until ${dayAndTime(note)}`, given: () => words.plain(note), opened: () => words.caseKind(note), unlocked: () => whom(note) }[what];
  const more = note ? (told ? told() : note) : "";
  const quoted = ["note", "closed"].includes(what) && more;
  return make(
    "li",
    { "data-what": what },
    make("p", {}, make("b", {}, words.caseEvent(what)), quoted || !more ? "" : ` ${more}`),
    quoted ? make("p", { class: "told" }, more) : null,
    make("p", { class: "small muted" }, `${who}, ${dayAndTime(at)}`),
  );
}

// A moment as a field for day and time holds it, in the time of this computer.
function local(ms) {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
