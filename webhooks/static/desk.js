// The agent's desk: ready or paused, the offer that rings, the call, the wrap-up.

import { get, post, postAndLeave } from "./api.js";
import { duration, keepTimes, secondsSince, secondsUntil } from "./clock.js";
import { $, debounced, facts, label, make, show } from "./dom.js";
import { Feed } from "./feed.js";
import { showLevel } from "./level.js";
import { Line } from "./line.js";
import { OpenCases } from "./open-cases.js";
import { Ring } from "./ring.js";
import { problem, toast } from "./toast.js";
import { Transcript } from "./transcript.js";
import * as words from "./words.js";

const SINCE = { away: "since", ready: "waiting for", ringing: "for", talking: "for", wrap_up: "for", paused: "for" };
const IDLE = {
  away: "You are away. Press “Ready for calls” when you want to begin.",
  ready: "You are ready. The next call rings here, and you hear it.",
  paused: "You are paused. No calls ring until you are ready again.",
};
const REASONS = { lunch: "lunch", break: "a break", training: "training", other: "another reason" };
const LONGEST_WAIT_MS = 15_000;

const page = document.body.dataset;
const pageTitle = document.title;
const line = new Line(page.lineToken);
const ring = new Ring();
const transcript = new Transcript($("transcript"));
const showTimes = keepTimes();
const openCases = new OpenCases($("open-cases"), showTimes);
let me = { state: "loading", call: null };
let accepting = null; // the ticket whose phone call is answered by itself
let lineWanted = false;
let lineWait = 500;
let busy = false;
let noteOf = null; // the ticket that the note field belongs to
let noteKept = "";

// ---- what is shown

// An answer that was under way while the feed told of something newer is old: the call rings already.
function render(state) {
  if (Date.parse(state.since) < Date.parse(me.since)) return;
  me = state;
  const called = ["ringing", "talking", "wrap_up"].includes(me.state) && me.call;
  $("presence").dataset.state = me.state;
  $("state").textContent = words.agentState(me.state);
  $("since-words").textContent = sinceWords();
  $("since").dataset.since = me.since;
  showButtons();
  show($("idle"), !called);
  $("idle-words").textContent = IDLE[me.state] ?? "";
  show($("offer"), me.state === "ringing" && Boolean(called));
  show($("call-view"), Boolean(called) && me.state !== "ringing");
  if (me.state === "ringing" && called) renderOffer(me.call);
  if (me.state !== "ringing" && called) renderCall(me.call);
  if (me.state !== "talking") accepting = null;
  if (me.state !== "ringing") announce("");
  alarm(me.state === "ringing");
  showLine();
  showTimes();
}

function sinceWords() {
  if (me.state === "paused" && me.pause_reason) return `${REASONS[me.pause_reason] ?? me.pause_reason}, for`;
  return SINCE[me.state] ?? "";
}

function showButtons() {
  show($("ready"), ["away", "paused"].includes(me.state));
  show($("pause-group"), ["ready", "away"].includes(me.state));
  show($("away"), ["ready", "paused"].includes(me.state));
}

const whoCalls = ({ name, caller }) => (name ? `${name} · ${words.caller(caller)}` : words.caller(caller));

function renderOffer(call) {
  const { summary } = call;
  $("offer-heading").textContent = call.callback ? "A call back for you" : "A call for you";
  $("offer-who").textContent = whoCalls(summary);
  announce(`${$("offer-heading").textContent}: ${whoCalls(summary)}. ${words.matter(call.matter)}`);
  facts($("offer-facts"), [...aboutCall(call), ["Will be rung at", call.callback ? words.caller(call.number) : null], ["Has waited", make("span", { class: "timer", "data-since": call.entered_at })], ...historyOf(summary)]);
  show($("offer-why"), Boolean(call.reason));
  $("offer-why").textContent = `Why you: ${call.reason}`;
  countDown();
}

// Said once by a screen reader; the card itself changes every second.
function announce(text) {
  if ($("offer-alert").textContent !== text) $("offer-alert").textContent = text;
}

function aboutCall({ summary, matter, language }) {
  return [
    ["Is calling about", words.matter(matter) || "Not said yet"],
    ["Order", summary.order],
    ["Language", words.language(language)],
  ];
}

const passedOn = ({ by, from, note }) => `${by}, ${words.plain(from)}${note ? `: ${note}` : ""}`;

function historyOf(summary) {
  const list = (lines) => (lines?.length ? make("ul", {}, ...lines.map((text) => make("li", {}, text))) : null);
  return [
    ["Goes before others", list(summary.urgency?.map(({ because }) => because))],
    ["Passed on by", list(summary.passed_on?.map(passedOn))],
    ["What the hotline tried", list(summary.tried?.map(words.tried))],
    ["What was said", list(summary.said?.map((text) => `“${text}”`))],
    ["Not understood", summary.misses ? words.many(summary.misses, "time") : null],
  ];
}

function countDown() {
  if (me.state !== "ringing" || !me.call?.offer_expires_at) return;
  const left = secondsUntil(me.call.offer_expires_at);
  const whole = Math.max(left, secondsUntil(me.call.offer_expires_at) + secondsSince(me.since));
  $("countdown").textContent = duration(Math.ceil(left));
  $("countdown-bar").value = whole ? (100 * left) / whole : 0;
}

function renderCall(call) {
  const talking = me.state === "talking";
  const { summary } = call;
  const passed = call.agent !== me.agent && !talking;
  $("call-kind").textContent = talking ? "On a call with" : passed ? `Passed on to ${words.plain(call.queue)}` : "The call has ended";
  $("call-heading").textContent = whoCalls(summary);
  facts($("call-facts"), [...aboutCall(call), ...historyOf(summary).slice(0, 3)]);
  show($("call-actions"), talking);
  show($("pass-on"), talking && !call.callback);
  show($("wrap-up-actions"), !talking);
  show($("call-timer"), talking);
  $("call-timer").dataset.since = me.since;
  if (noteOf !== call.ticket) beginNote(call);
}

function beginNote(call) {
  noteOf = call.ticket;
  noteKept = call.note ?? "";
  $("note").value = noteKept;
  $("note-state").textContent = "";
  showMuted(false);
  transcript.clear();
  fetchTalk(call.call_id);
  openCases.clear();
  openCases.read();
}

async function fetchTalk(call) {
  try {
    const { turns } = await get(`/desk/api/calls/${encodeURIComponent(call)}`);
    turns.filter((turn) => turn.event.kind !== "HungUp").forEach((turn) => transcript.add(turn));
    show($("talk-empty"), turns.length === 0);
  } catch (error) {
    problem(error);
  }
}

let flash = null;
function alarm(on) {
  if (!on) ring.stop();
  if (on) ring.start(line.context);
  if (on && !flash) {
    flash = setInterval(() => (document.title = document.title === pageTitle ? "● A call for you" : pageTitle), 900);
  } else if (!on && flash) {
    clearInterval(flash);
    flash = null;
    document.title = pageTitle;
  }
}

// ---- the agent's phone

async function connectLine() {
  await line.openAudio();
  lineWanted = true;
  if (!line.isOpen) await line.open();
  showLine();
}

function showLine() {
  const open = line.isOpen;
  $("line").dataset.line = open ? "open" : "closed";
  $("line").querySelector("span:last-child").textContent = lineWords(open);
  show($("connect"), !open && !lineWanted && ["ready", "ringing"].includes(me.state));
  show($("level"), open && line.talking);
}

function lineWords(open) {
  if (line.talking) return "Your phone is on the call.";
  if (open) return "Your phone is connected.";
  if (lineWanted) return "Your phone has lost its connection. Trying to get it back…";
  if (["ready", "ringing"].includes(me.state)) return "Your phone is not connected: you would hear nothing.";
  return "Your phone connects when you press Ready.";
}

line.addEventListener("opened", () => {
  lineWait = 500;
  showLine();
});
line.addEventListener("closed", () => {
  showLine();
  if (!lineWanted) return;
  setTimeout(() => lineWanted && !line.isOpen && line.open().catch(() => {}), lineWait);
  lineWait = Math.min(LONGEST_WAIT_MS, lineWait * 2);
});
line.addEventListener("refused", () => {
  lineWanted = false;
  problem(new Error("Your log-in has become too old. Please load the page again."));
});
line.addEventListener("incoming", ({ detail }) => {
  const mine = me.state === "talking" ? me.call?.ticket : null;
  if ([accepting, mine].includes(detail.parameters.ticket)) line.answer();
  else line.decline();
});
line.addEventListener("bridged", () => {
  page.framesHeard = "0";
  showLine();
});
line.addEventListener("parted", showLine);
line.addEventListener("frame", ({ detail }) => (page.framesHeard = detail.count));
line.addEventListener("level", ({ detail }) => showLevel(detail.level));
line.addEventListener("microphone-lost", () => {
  line.closeAudio();
  problem(new Error("Your microphone was switched off or unplugged. Pause, plug it in, and press Ready again."));
});

// ---- what the agent does

async function act(work) {
  if (busy) return;
  busy = true;
  document.body.classList.add("busy");
  try {
    await work();
  } catch (error) {
    problem(error);
    await refresh();
  } finally {
    busy = false;
    document.body.classList.remove("busy");
  }
}

async function refresh() {
  try {
    render(await get("/desk/api/me"));
  } catch (error) {
    if (error.status === 401) problem(error);
  }
}

const become = async (state, reason) => render(await post("/desk/api/state", { state, reason }));

async function leave() {
  await become("away");
  lineWanted = false;
  line.close();
  showLine();
}

async function accept() {
  const { call } = me;
  if (me.state !== "ringing" || !call) return;
  ring.stop();
  if (!line.isOpen || !line.context) await connectLine();
  accepting = call.ticket;
  line.mute(false);
  render(await post(`/desk/api/offers/${encodeURIComponent(call.offer)}/accept`));
}

async function decline() {
  const { call } = me;
  if (me.state !== "ringing" || !call) return;
  ring.stop();
  await post(`/desk/api/offers/${encodeURIComponent(call.offer)}/reject`);
  await refresh();
}

async function keepNote() {
  const text = $("note").value;
  if (!noteOf || text === noteKept) return;
  const ticket = noteOf;
  $("note-state").textContent = "Saving…";
  await post("/desk/api/note", { ticket, note: text });
  if (ticket !== noteOf) return;
  noteKept = text;
  $("note-state").textContent = "Saved";
}

async function finish(state, reason) {
  await keepNote();
  if (state === "ready") await connectLine();
  await become(state, reason);
  toast(state === "ready" ? "Thank you. You are ready for the next call." : "Thank you. You are paused.");
}

async function offerQueues() {
  if (!$("pass-on").open) return;
  const { queues } = await get("/desk/api/queues");
  const named = ({ queue, ready, waiting }) => `${words.plain(queue)} (${ready ? `${ready} ready` : "nobody ready"}${waiting ? `, ${waiting} waiting` : ""})`;
  $("pass-queue").replaceChildren(...queues.map((one) => make("option", { value: one.queue }, named(one))));
}

async function passOn() {
  await keepNote();
  const queue = $("pass-queue").value;
  render(await post("/desk/api/transfer", { queue, note: $("note").value }));
  $("pass-on").open = false;
  toast(`Passed on to ${words.plain(queue)}. They hear that they are being connected.`);
}

function showMuted(muted) {
  line.mute(muted);
  $("mute").setAttribute("aria-pressed", muted);
  label($("mute"), muted ? "Unmute" : "Mute", muted ? "mic-off" : "mic");
}

const noteSoon = debounced(() => keepNote().catch(noteLost), 1500);
const noteLost = () => ($("note-state").textContent = "Not saved yet. It is tried again when you go on writing or finish.");

const does = (id, work) => $(id).addEventListener("click", () => act(work));
does("ready", async () => {
  await connectLine();
  await become("ready");
});
does("connect", connectLine);
does("pause", () => become("paused", $("pause-reason").value));
does("away", leave);
does("accept", accept);
does("decline", decline);
does("pass", passOn);
$("pass-on").addEventListener("toggle", () => offerQueues().catch(problem));
does("hangup", () => post("/desk/api/hangup"));
does("done", () => finish("ready"));
does("done-pause", () => finish("paused", "break"));
$("mute").addEventListener("click", () => showMuted(!line.muted));
$("note").addEventListener("blur", () => keepNote().catch(noteLost));
$("note").addEventListener("input", () => {
  $("note-state").textContent = "";
  noteSoon();
});
document.addEventListener("keydown", (event) => {
  const free = !document.activeElement || document.activeElement === document.body;
  if (event.key === "Enter" && free && me.state === "ringing") act(accept);
});

// An agent who closes or reloads the page cannot answer: nobody must ring at an empty desk.
function stepAway() {
  if (["ready", "ringing"].includes(me.state)) postAndLeave("/desk/api/state", { state: "away" });
}
window.addEventListener("pagehide", stepAway);
$("log-out").closest("form").addEventListener("submit", stepAway);
window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

// ---- what happens

const feed = new Feed(`/events?token=${encodeURIComponent(page.watchToken)}`);
feed.addEventListener("open", () => {
  show($("offline"), false);
  refresh();
});
feed.addEventListener("lost", () => show($("offline")));
feed.addEventListener("refused", () => problem(new Error("Your log-in has become too old. Please load the page again.")));
feed.addEventListener("message", ({ detail }) => detail.topic === "agent" && render(detail));
setInterval(countDown, 250);
