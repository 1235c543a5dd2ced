// Messages to customers: to whom, what, and what has become of each; those that did not leave can be sent again.

import { get, post } from "./api.js";
import { confirmed } from "./ask.js";
import { dayAndTime } from "./clock.js";
import { $, debounced, icon, make, show } from "./dom.js";
import { cell, figure, fill, sub } from "./table.js";
import { problem, toast } from "./toast.js";
import * as words from "./words.js";

const QUIET_MS = 300;
const STUCK = ["failed", "unsure"];

export class Messages {
  constructor() {
    this.messages = [];
    this.wanted = "all";
    this.busy = false;
    this.refreshSoon = debounced(() => this.refresh(), QUIET_MS);
    for (const wanted of ["all", "stuck"]) $(`messages-${wanted}`).addEventListener("click", () => this.filter(wanted));
  }

  happened({ topic }) {
    if (topic === "message") this.refreshSoon();
  }

  filter(wanted) {
    this.wanted = wanted;
    for (const one of ["all", "stuck"]) $(`messages-${one}`).setAttribute("aria-pressed", one === wanted);
    this.render();
  }

  async refresh() {
    try {
      this.messages = (await get("/studio/api/messages")).messages;
      this.render();
    } catch (error) {
      if (error.status) problem(error);
    }
  }

  render() {
    const stuck = this.messages.filter(({ state }) => STUCK.includes(state));
    show($("tab-stuck"), stuck.length > 0);
    $("tab-stuck").replaceChildren(String(stuck.length), make("span", { class: "visually-hidden" }, " not sent"));
    fill($("messages"), this.wanted === "all" ? this.messages : stuck, (message) => this.row(message));
    show($("messages-none-all"), this.wanted === "all");
    show($("messages-none-stuck"), this.wanted === "stuck");
  }

  row(message) {
    const state = make("span", { class: "chip", "data-message": message.state }, words.messageState(message.state));
    return make(
      "tr",
      { "data-id": message.id },
      cell("To", make("b", { class: "address" }, message.to), sub(words.channel(message.channel))),
      cell("Message", words.plain(message.template) || "–"),
      cell("State", state, message.error ? sub(words.sentence(message.error)) : null),
      cell("When", dayAndTime(message.sent_at ?? message.created_at), sub(message.sent_at ? "sent" : "wanted since")),
      figure("Failed tries", message.tries ? String(message.tries) : "–"),
      message.again ? make("td", { class: "does" }, this.again(message)) : make("td", { class: "does" }),
    );
  }

  again(message) {
    const about = `Send again: ${words.plain(message.template)} to ${message.to}`;
    const button = make("button", { class: "small", "aria-label": about, "data-key": message.id, "data-testid": "send-again" }, icon("send"), "Send again");
    button.addEventListener("click", () => this.sendAgain(message));
    return button;
  }

  async sendAgain(message) {
    if (this.busy) return;
    this.busy = true;
    try {
      if (message.state === "unsure" && !(await sure(message))) return;
      await post(`/studio/api/messages/${encodeURIComponent(message.id)}/send-again`);
      toast(`It is sent to ${message.to} again.`);
    } catch (error) {
      problem(error);
    } finally {
      this.busy = false;
      this.refresh();
    }
  }
}

function sure({ to }) {
  return confirmed("Send it again?", `Nobody can tell whether this message has reached ${to}. If it has, it arrives a second time.`, "Send again");
}
