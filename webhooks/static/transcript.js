// A conversation as a list: what the caller said, what was understood, what the hotline did and said.
// Turns may come twice and out of order; each part of a turn is shown once, in its place.

import { icon, make } from "./dom.js";
import * as words from "./words.js";

const HEARD = { unsure: "not sure, so the hotline asked", missed: "not understood" };
const NEAR_END_PX = 80;

export class Transcript {
  constructor(list, { caller = "Caller", hotline = "Hotline" } = {}) {
    this.list = list;
    this.names = { caller, hotline };
    this.clear();
  }

  clear() {
    this.list.replaceChildren();
    this.seen = new Set();
    this.said = new Set();
    this.place = 0;
  }

  add(turn) {
    const key = `${turn.turn}:${turn.part}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    const place = turn.turn * 1000 + turn.part * 10;
    this._put(place, [...this._heard(turn), ...turn.said.map((text) => this._hotline(text)), ...this._end(turn)]);
  }

  // Something that is no turn: "You hung up".
  note(text, sign = "info") {
    this._put(this.place, [system(sign, text)]);
  }

  // Words of the line itself, unless a turn has them already.
  announce(text) {
    if (!this.said.has(text)) this._put(this.place, [this._hotline(text)]);
  }

  // How long the caller waited for the answer to a turn.
  timed(turn, totalMs) {
    const meta = this.list.querySelector(`[data-turn="${Number(turn)}"] .meta`);
    if (meta && !meta.dataset.timed) {
      meta.dataset.timed = "yes";
      meta.append(make("span", {}, `answered in ${(totalMs / 1000).toFixed(1)} s`));
    }
  }

  _put(place, items) {
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_END_PX;
    const before = [...this.list.children].find((item) => Number(item.dataset.place) > place) ?? null;
    for (const item of items) {
      item.dataset.place = place;
      this.list.insertBefore(item, before);
    }
    this.place = Math.max(this.place, place);
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  _heard(turn) {
    const { event } = turn;
    switch (event.kind) {
      case "Spoke":
        return [this._caller(turn, event.text, spoken(turn))];
      case "Pressed":
        return [this._caller(turn, [...event.digits].join(" "), ["by keys", HEARD[turn.understood]])];
      case "Silent":
        return turn.turn === 0 ? [] : [this._caller(turn, "…", ["nothing was said"])];
      case "Recorded":
        return [this._caller(turn, event.text || "…", [`left a message of ${Math.round(event.ms / 1000)} s`])];
      case "Acted":
        return [acted(event)];
      default:
        return event.kind === "HungUp" ? [system("hangup", "The call has ended")] : [];
    }
  }

  _caller(turn, text, meta) {
    const tags = meta.filter(Boolean).map((tag) => make("span", {}, tag));
    return make(
      "li",
      { class: `said caller ${turn.understood}`, "data-turn": turn.turn },
      make("p", { class: "speaker" }, this.names.caller),
      make("p", { class: "bubble" }, text),
      make("p", { class: "meta" }, ...tags),
    );
  }

  _hotline(text) {
    this.said.add(text);
    return make(
      "li",
      { class: "said hotline" },
      make("p", { class: "speaker" }, this.names.hotline),
      make("p", { class: "bubble" }, text),
    );
  }

  _end(turn) {
    if (turn.ends?.kind === "JoinQueue") return [system("headset", "Handed to a person")];
    if (turn.ends?.kind === "Transfer") return [system("headset", `Another telephone is rung: ${turn.ends.to}`)];
    if (turn.ends?.kind === "HangUp") return [system("check", `The hotline ends the call: ${words.outcome(turn.ends.outcome).toLowerCase()}`)];
    return [];
  }
}

function spoken({ event, understood }) {
  return [`${Math.round(event.confidence * 100)} % sure`, HEARD[understood]];
}

function acted({ action, outcome, data }) {
  const pairs = words.details(data).map(([name, value]) => make("span", {}, `${name}: ${value}`));
  const first = make("span", { class: "acted" }, `${words.action(action)}: `, make("b", {}, words.actionOutcome(outcome)));
  const details = pairs.length ? make("span", { class: "details" }, ...pairs) : null;
  return make("li", { class: "system shop" }, icon("shop"), make("p", {}, first, details));
}

function system(sign, text) {
  return make("li", { class: "system" }, icon(sign), make("p", {}, text));
}
