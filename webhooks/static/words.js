// The program's names in plain words, for people who have never seen a menu file.

const MATTERS = {
  track_order: "Track an order",
  get_refund: "Get a refund",
  return_item: "Return an item",
  opening_hours: "Opening hours",
  agent: "Talk to a person",
};
const OUTCOMES = {
  resolved: "Solved",
  transferred: "Handed to a person",
  abandoned: "Hung up early",
  gave_up: "Gave up",
  failed: "Failed",
  callback: "Wants a call back",
  voicemail: "Left a message",
};
const STATUSES = { talking: "With the hotline", queued: "Waiting for a person", agent: "With a person", ended: "Ended" };
const AGENT_STATES = {
  away: "Away",
  ready: "Ready",
  ringing: "Ringing",
  talking: "On a call",
  wrap_up: "Wrap-up",
  paused: "Paused",
};
const ACTIONS = {
  "order.lookup": "Looked up the order",
  "refund.check": "Checked the refund rules",
  "refund.request": "Asked the shop for the refund",
};
const ACTION_OUTCOMES = {
  found: "found",
  not_found: "not found",
  unavailable: "the shop did not answer",
  eligible: "a refund is possible",
  needs_return: "the item has to come back first",
  too_late: "too late for a refund",
  over_limit: "a person has to decide",
  already: "a refund is under way already",
  accepted: "accepted",
  rejected: "refused",
};
const DETAILS = { eta: "arrives", delivered_on: "delivered", method: "paid by", days: "working days" };
const CASE_KINDS = { close_account: "Close the account", security: "Locked out" };
const SEVERITIES = { 1: "Normal", 2: "Serious", 3: "Severe" };
const CASE_EVENTS = {
  note: "Note",
  reopened: "Opened again",
  "put off": "Put off",
  given: "Given to",
  due: "Due",
  "call back booked": "Call back booked",
};
const MESSAGE_STATES = { waiting: "Waiting", sending: "Being sent", sent: "Sent", unsure: "Not sure", failed: "Not sent" };
const CHANNELS = { sms: "Text message", email: "E-mail" };
const FIRST = ["number", "order", "status", "amount", "total"];
const LEFT_OUT = ["window_days"];
const LANGUAGES = { en: "English", es: "Spanish", de: "German", fr: "French", it: "Italian", pt: "Portuguese", nl: "Dutch", zh: "Chinese" };
const MOST_DETAILS = 5;

// "ask_order" becomes "Ask order".
export function plain(name) {
  const words = String(name ?? "").replace(/[_.]+/g, " ").trim();
  return sentence(words);
}

export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const named = (table) => (name) => (name ? (table[name] ?? plain(name)) : "");
export const matter = named(MATTERS);
export const outcome = named(OUTCOMES);
export const status = named(STATUSES);
export const agentState = named(AGENT_STATES);
export const action = named(ACTIONS);
export const caseKind = named(CASE_KINDS);
export const severity = named(SEVERITIES);
export const caseEvent = named(CASE_EVENTS);
export const messageState = named(MESSAGE_STATES);
export const channel = named(CHANNELS);
export const actionOutcome = (name) => ACTION_OUTCOMES[name] ?? plain(name).toLowerCase();
export const language = (code) => LANGUAGES[code] ?? code ?? "";

export function caller(number) {
  return number && number !== "anonymous" ? number : "Number withheld";
}

// A case that is due and has a number is called back by the hotline; without one it waits for a person.
export function caseState({ state, phone }) {
  if (state !== "calling") return plain(state);
  return phone ? "Calling back" : "Due";
}

// "order.lookup: found" becomes "Looked up the order: found".
export function tried(line) {
  const [name, result = ""] = line.split(": ");
  return `${action(name)}: ${actionOutcome(result)}`;
}

// {orders: 2, en: 1} becomes "Orders 2, English 1".
export function skills(levels) {
  return Object.entries(levels ?? {})
    .map(([name, level]) => `${LANGUAGES[name] ?? plain(name)} ${level}`)
    .join(", ");
}

// What an action brought, as short pairs: [["status", "shipped"], …].
export function details(data) {
  return Object.entries(data ?? {})
    .filter(([name]) => !LEFT_OUT.includes(name))
    .sort(([one], [other]) => rank(one) - rank(other))
    .map(([name, value]) => [DETAILS[name] ?? plain(name).toLowerCase(), shown(value)])
    .filter(([, value]) => value !== "")
    .slice(0, MOST_DETAILS);
}

const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

function shown(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(shown).join(", ");
  if (typeof value === "object") return "amount" in value ? `${value.amount} ${value.currency ?? ""}`.trim() : "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return /^\d{4}-\d\d-\d\d$/.test(value) ? day(value) : String(value);
}

function day(date) {
  return new Date(date).toLocaleDateString("en", { day: "numeric", month: "long", timeZone: "UTC" });
}

export function many(count, one, more = `${one}s`) {
  return `${count} ${count === 1 ? one : more}`;
}
