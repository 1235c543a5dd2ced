// The phone page: call the hotline, press keys, speak or type, and read along.

import { duration } from "./clock.js";
import { $, label, show } from "./dom.js";
import { Feed } from "./feed.js";
import { showLevel } from "./level.js";
import { Line, MicrophoneRefused } from "./line.js";
import { keyTone } from "./ring.js";
import { Transcript } from "./transcript.js";

const HOTLINE = "+15550000";
const STATES = {
  idle: "Ready to call",
  incoming: "The hotline is calling you back",
  dialing: "Calling…",
  ringing: "Ringing",
  connected: "Connected",
  queued: "Waiting in a queue",
  person: "Talking with a person",
  ended: "Ended",
};
const LIVE = ["dialing", "ringing", "connected", "queued", "person"];
const LAST_WORDS_MS = 1500; // turns and sound that are still on their way when the call ends
const TURN_FIRST_MS = 700; // a prompt comes as a turn too; that one is shown, with all that belongs to it

const transcript = new Transcript($("transcript"), { caller: "You", hotline: document.body.dataset.title });
let state = "idle";
let line = null;
let waiting = null; // an open line on which this phone can be called back
let feed = null;
let typed = false;
let answeredAt = 0;
let clock = null;

function enter(next) {
  state = next;
  $("state").dataset.state = next;
  $("state").textContent = STATES[next];
  const live = LIVE.includes(next);
  show($("before"), !live && next !== "incoming");
  show($("incoming"), next === "incoming");
  if (next === "incoming") show($("timer"), false);
  show($("during"), live);
  for (const key of $("pad").children) key.disabled = !live;
  show($("say-form"), typed && next === "connected"); // in a queue nobody reads
  document.body.dataset.call = live ? "live" : "none";
}

// ---- a call's life

async function call({ text }) {
  if (LIVE.includes(state)) return;
  prepare(text);
  try {
    if (!text) await line.openAudio();
    await line.open();
    line.dial({ from: $("caller").value, to: HOTLINE, text });
  } catch (error) {
    fail(error);
  }
}

function prepare(text) {
  waiting?.close();
  waiting = null;
  reachable(false);
  typed = text;
  freshTalk(text);
  line = new Line(document.body.dataset.lineToken);
  listen(line);
  enter("dialing");
}

function freshTalk(text) {
  complain("");
  transcript.clear();
  document.body.dataset.framesHeard = "0";
  $("timer").textContent = "0:00";
  show($("timer"), false);
  show($("level"), !text);
  show($("mute"), !text);
  showMuted(false);
}

// ---- being called back

// Wait for a call back to the number of the last call, as long as the page is open.
async function standBy() {
  const number = $("caller").value;
  waiting?.close();
  waiting = null;
  reachable(false);
  if (!number || LIVE.includes(state)) return;
  const mine = new Line(document.body.dataset.lineToken);
  waiting = mine;
  mine.addEventListener("incoming", ({ detail }) => mine === waiting && !LIVE.includes(state) && rung(mine, detail));
  mine.addEventListener("parted", () => state === "incoming" && enter("idle"));
  try {
    await mine.open();
    mine.beRung(number);
    reachable(true);
  } catch {
    waiting = null; // whoever cannot be rung can still call
  }
}

function reachable(yes) {
  document.body.dataset.reachable = yes ? "yes" : "no";
  show($("reachable"), yes);
}

function rung(mine, { call: id }) {
  show($("reachable"), false);
  enter("incoming");
  $("answer").onclick = () => takeCall(mine, id);
  $("answer").focus();
}

async function takeCall(mine, id) {
  waiting = null;
  reachable(false);
  line = mine;
  freshTalk(false);
  listen(line);
  line.addEventListener("parted", () => mine === line && over());
  try {
    await line.openAudio();
    follow(id);
    line.answer();
    answered();
  } catch (error) {
    line.decline();
    fail(error);
  }
}

function decline() {
  waiting?.decline();
  enter("idle");
}

function fail(error) {
  line?.close();
  enter("idle");
  complain(error.message);
  if (error instanceof MicrophoneRefused) $("type-instead").focus();
}

function complain(words) {
  show($("problem"), Boolean(words));
  $("problem").querySelector("span").textContent = words;
}

function listen(mine) {
  const on = (kind, work) => mine.addEventListener(kind, ({ detail }) => mine === line && work(detail));
  on("ringing", ({ call: id }) => {
    enter("ringing");
    follow(id);
  });
  on("answered", answered);
  on("queued", () => enter("queued"));
  on("left", () => enter("connected"));
  on("bridged", () => {
    enter("person");
    const words = typed ? "A person is on the line now, and reads what was said so far. Call with a microphone to talk." : "A person is on the line now";
    transcript.note(words, "headset");
  });
  on("said", ({ text: words }) => setTimeout(() => mine === line && transcript.announce(words), TURN_FIRST_MS));
  on("frame", ({ count }) => (document.body.dataset.framesHeard = count));
  on("level", ({ level }) => showLevel(level));
  on("microphone-lost", () => complain("Your microphone was switched off or unplugged."));
  on("failed", ({ error }) => complain(`The call did not go through: ${error}.`));
  on("ended", () => over());
  on("closed", () => lost("The connection was lost, and the call with it. Please call again."));
  on("refused", () => lost("This page is too old to call from. Please load it again."));
}

function answered() {
  enter("connected");
  answeredAt = performance.now();
  show($("timer"));
  clock = setInterval(() => ($("timer").textContent = duration((performance.now() - answeredAt) / 1000)), 250);
  if (typed) $("say-text").focus();
}

function lost(words) {
  if (!LIVE.includes(state)) return;
  complain(words);
  over();
}

function over() {
  if (!LIVE.includes(state)) return;
  clearInterval(clock);
  enter("ended");
  label($("call"), "Call again");
  const [oldLine, oldFeed] = [line, feed];
  setTimeout(() => {
    oldLine?.close();
    oldFeed?.close();
    standBy();
  }, LAST_WORDS_MS);
  $("call").focus({ preventScroll: true });
}

function hangUp() {
  line.hangUp();
  transcript.note("You hung up", "hangup");
  over();
}

// ---- the conversation

function follow(id) {
  show($("talk-empty"), false);
  show($("transcript"));
  const mine = new Feed(`/phone/events?call=${encodeURIComponent(id)}`, { replay: true });
  feed = mine;
  mine.addEventListener("message", ({ detail: message }) => {
    if (mine !== feed) return;
    if (message.topic === "turn" && message.event.kind !== "HungUp") transcript.add(message);
    if (message.topic === "timing") transcript.timed(message.turn, message.total_ms);
  });
}

// ---- keys, words, mute

function press(key) {
  if (!LIVE.includes(state)) return;
  line.press(key);
  keyTone(line.context, key);
  const button = $("pad").querySelector(`[data-key="${CSS.escape(key)}"]`);
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), 150);
}

function showMuted(muted) {
  $("mute").setAttribute("aria-pressed", muted);
  label($("mute"), muted ? "Unmute" : "Mute", muted ? "mic-off" : "mic");
  $("level-words").textContent = muted ? "Microphone off" : "Microphone on";
}

$("call").addEventListener("click", () => call({ text: false }));
$("type-instead").addEventListener("click", () => call({ text: true }));
$("hangup").addEventListener("click", hangUp);
$("decline").addEventListener("click", decline);
$("caller").addEventListener("change", () => waiting && standBy());
$("mute").addEventListener("click", () => {
  line.mute(!line.muted);
  showMuted(line.muted);
});
$("pad").addEventListener("click", ({ target }) => {
  const key = target.closest("[data-key]");
  if (key && !key.disabled) press(key.dataset.key);
});
$("say-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = $("say-text").value.trim();
  if (words) line.say(words);
  $("say-text").value = "";
  $("say-text").focus();
});
$("silence").addEventListener("click", () => line.staySilent());
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, select, textarea")) return;
  if ("0123456789*#".includes(event.key)) press(event.key);
});
window.addEventListener("pagehide", () => [line, waiting].forEach((one) => one?.close()));
enter("idle");
