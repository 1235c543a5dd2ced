// The floor, live: who calls, who waits, who works, and what was said.

import { get } from "./api.js";
import { dayAndTime, duration, secondsSince } from "./clock.js";
import { $, debounced, make, show } from "./dom.js";
import { cell, figure, fill, sub } from "./table.js";
import { problem } from "./toast.js";
import { Transcript } from "./transcript.js";
import * as words from "./words.js";

const QUIET_MS = 300;
const LONG_WAIT_S = 120;

export class Floor {
  constructor(showTimes) {
    this.showTimes = showTimes;
    this.transcript = new Transcript($("drawer-transcript"));
    this.open = null;
    this.refreshSoon = debounced(() => this.refresh(), QUIET_MS);
    this.readSoon = debounced(() => this.read(), QUIET_MS);
    $("drawer-close").addEventListener("click", () => $("drawer").close());
    $("drawer").addEventListener("close", () => (this.open = null));
    $("drawer").addEventListener("click", (event) => event.target === $("drawer") && $("drawer").close());
  }

  happened(message) {
    if (["call", "ticket", "agent", "turn", "callback"].includes(message.topic)) this.refreshSoon();
    if (this.open && message.call_id === this.open) this.readSoon();
  }

  async refresh() {
    try {
      this.render(await get("/studio/api/floor"));
    } catch (error) {
      if (error.status) problem(error);
    }
  }

  render({ calls, recent, tickets, agents, callbacks, queues, worked, order }) {
    const waiting = inOrder(tickets.filter(({ state }) => ["waiting", "offered"].includes(state)), order);
    this.tiles(calls, waiting, agents);
    fill($("live"), calls, (call) => this.liveRow(call));
    fill($("queue"), waiting, (ticket, at) => this.queueRow(ticket, at));
    fill($("queues"), queues, measuredRow);
    fill($("callbacks"), callbacks, callbackRow);
    fill($("agents"), agents, (agent) => agentRow(agent, worked[agent.agent]));
    fill($("recent"), recent.filter(({ status }) => status === "ended"), (call) => this.recentRow(call));
    this.showTimes();
  }

  tiles(calls, waiting, agents) {
    const count = (state) => agents.filter((agent) => agent.state === state).length;
    const set = (name, figure, more) => {
      if ($(name).textContent !== String(figure)) $(name).textContent = figure;
      $(`${name}-more`).replaceChildren(...[more].flat());
    };
    const hotline = calls.filter(({ status }) => status === "talking").length;
    set("tile-calls", calls.length, calls.length ? `${hotline} talking to the hotline` : "All is quiet");
    const longest = waiting.reduce((first, next) => (!first || next.entered_at < first.entered_at ? next : first), null);
    set("tile-waiting", waiting.length, longest ? ["longest ", make("span", { class: "timer", "data-since": longest.entered_at })] : "Nobody waits");
    $("tile-waiting-box").classList.toggle("late", Boolean(longest) && secondsSince(longest.entered_at) > LONG_WAIT_S);
    set("tile-ready", count("ready"), `of ${words.many(agents.length, "agent")}, ${count("paused")} paused`);
    set("tile-talking", count("talking"), `${count("ringing")} ringing, ${count("wrap_up")} in wrap-up`);
  }

  liveRow(call) {
    const where = [make("b", {}, words.status(call.status)), sub(words.plain(call.node))];
    return this.callRow(call, cell("Where", ...where), figure("Time", timer(call.started_at)));
  }

  recentRow(call) {
    const length = (Date.parse(call.ended_at) - Date.parse(call.started_at)) / 1000;
    const when = sub(dayAndTime(call.started_at));
    return this.callRow(call, cell("Outcome", words.outcome(call.outcome) || "Ended"), figure("Length", duration(length)), when);
  }

  callRow(call, state, time, under = null) {
    return make(
      "tr",
      { class: "clickable", onclick: () => this.show(call.call_id) },
      cell("Caller", this.opener(call.call_id, call.caller), under),
      state,
      cell("Matter", words.matter(call.matter) || make("span", { class: "muted" }, "not said")),
      time,
    );
  }

  queueRow(ticket, at) {
    const rings = ticket.state === "offered" ? sub(`rings at ${ticket.agent}`) : null;
    return make(
      "tr",
      { class: "clickable", onclick: () => this.show(ticket.call_id) },
      cell("Place", make("b", {}, String(at + 1))),
      cell("Caller", this.opener(ticket.call_id, ticket.summary.caller), sub(words.matter(ticket.matter) || words.plain(ticket.queue)), rings),
      cell("Needs", words.skills(ticket.skills)),
      figure("Waits", timer(ticket.entered_at)),
    );
  }

  opener(id, caller) {
    const button = make("button", { class: "link", "data-key": id, "data-testid": "open-call" }, words.caller(caller));
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      this.show(id);
    });
    return button;
  }

  // ---- one call

  show(id) {
    this.open = id;
    this.transcript.clear();
    $("drawer-more").textContent = "";
    show($("drawer-why"), false);
    $("drawer-heading").textContent = "Call";
    if (!$("drawer").open) $("drawer").showModal();
    this.read();
  }

  async read() {
    const id = this.open;
    if (!id) return;
    try {
      const call = await get(`/studio/api/calls/${encodeURIComponent(id)}`);
      if (id === this.open) this.renderCall(call);
    } catch (error) {
      problem(error);
    }
  }

  renderCall(call) {
    $("drawer-heading").textContent = words.caller(call.caller);
    const state = call.status === "ended" ? words.outcome(call.outcome) : words.status(call.status);
    $("drawer-more").textContent = [dayAndTime(call.started_at), state, words.matter(call.matter)].filter(Boolean).join(" · ");
    call.turns.forEach((turn) => this.transcript.add(turn));
    const steps = call.why.map((step) => whyRow(step));
    if (call.standing && call.status !== "ended") steps.push(make("li", {}, make("b", {}, "Now"), ` ${call.standing}`));
    $("drawer-why").querySelector("ol").replaceChildren(...steps);
    show($("drawer-why"), steps.length > 0);
  }
}

const STEPS = { entered: "Joined", offered: "Rang at", withdrawn: "No longer at", connected: "Connected with", transferred: "Passed on by" };

function whyRow({ at, what, agent, because }) {
  const time = make("span", { class: "muted small" }, new Date(at).toLocaleTimeString([], { timeStyle: "medium" }));
  const who = agent ? ` ${agent}` : "";
  return make("li", {}, time, " ", make("b", {}, `${STEPS[what] ?? words.plain(what)}${who}`), because ? `: ${because}` : "");
}

function agentRow(agent, worked) {
  const busy = worked ? sub(`busy ${percent(worked.occupancy)} of the last hours`) : null;
  const reason = agent.state === "paused" && agent.pause_reason ? sub(words.plain(agent.pause_reason)) : null;
  return make(
    "tr",
    {},
    cell("Agent", make("b", {}, agent.name ?? agent.agent), busy),
    cell("State", make("span", { class: "chip", "data-state": agent.state }, words.agentState(agent.state)), reason),
    cell("Skills", words.skills(agent.skills)),
    figure("Time", timer(agent.since)),
  );
}

const percent = (share) => `${Math.round(100 * share)} %`;

function measuredRow(queue) {
  const { told, held } = queue.announced;
  return make(
    "tr",
    {},
    cell("Queue", make("b", {}, words.plain(queue.queue)), sub(words.many(queue.offered, "caller")), told ? sub(`announced wait held for ${held} of ${told}`) : null),
    figure("In 20 s", percent(queue.service_level)),
    figure("Mean wait", duration(queue.asa)),
    figure("Gave up", percent(queue.abandoned)),
  );
}

function callbackRow(booked) {
  const later = booked.not_before ? sub(`not before ${dayAndTime(booked.not_before)}`) : null;
  return make(
    "tr",
    {},
    cell("Number", make("b", {}, booked.number)),
    cell("Queue", words.plain(booked.queue), later),
    cell("Matter", booked.matter ? words.plain(booked.matter) : "–"),
    figure("Promised", timer(booked.entered_at)),
  );
}

// The router's own order; who it does not know yet comes last, by the time of entry.
function inOrder(tickets, order) {
  const places = new Map(order.map((ticket, place) => [ticket, place]));
  const place = ({ ticket, entered_at }) => places.get(ticket) ?? Date.parse(entered_at);
  return [...tickets].sort((one, other) => place(one) - place(other));
}

function timer(at) {
  return make("span", { class: "timer", "data-since": at });
}
