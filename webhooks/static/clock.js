// Times as people read them, on the server's clock: the computer's own may be wrong.

let offsetMs = 0;
const TRUSTED_MS = 2000; // the Date header counts whole seconds; smaller differences mean nothing

export function noteServerTime(response) {
  const date = Date.parse(response.headers.get("Date") ?? "");
  const difference = date - Date.now();
  if (!Number.isNaN(difference)) offsetMs = Math.abs(difference) > TRUSTED_MS ? difference : 0;
}

export function now() {
  return Date.now() + offsetMs;
}

export function secondsSince(at) {
  return Math.max(0, (now() - Date.parse(at)) / 1000);
}

export function secondsUntil(at) {
  return Math.max(0, (Date.parse(at) - now()) / 1000);
}

// 125 becomes "2:05", 3725 becomes "1:02:05".
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

const MINUTE_S = 60;
const UNITS = [[36 * 3600, 86_400, "day"], [90 * MINUTE_S, 3600, "hour"], [0, MINUTE_S, "minute"]];

// How a promised time stands to now: "in 3 hours", "overdue by 2 days".
export function dueWords(at) {
  const left = (Date.parse(at) - now()) / 1000;
  if (Math.abs(left) < MINUTE_S) return left < 0 ? "overdue" : "now";
  const [, seconds, unit] = UNITS.find(([from]) => Math.abs(left) >= from);
  const count = Math.round(Math.abs(left) / seconds);
  return `${left < 0 ? "overdue by" : "in"} ${count} ${unit}${count === 1 ? "" : "s"}`;
}

export const isOverdue = (at) => Date.parse(at) < now();

// Keep every element that has `data-since`, `data-until` or `data-due` at its time, once a second.
export function keepTimes() {
  const show = () => {
    for (const element of document.querySelectorAll("[data-since]")) setText(element, duration(secondsSince(element.dataset.since)));
    for (const element of document.querySelectorAll("[data-until]")) setText(element, duration(Math.ceil(secondsUntil(element.dataset.until))));
    for (const element of document.querySelectorAll("[data-due]")) {
      setText(element, dueWords(element.dataset.due));
      element.classList.toggle("overdue", isOverdue(element.dataset.due));
    }
  };
  setInterval(show, 500);
  return show;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function dayAndTime(at) {
  return new Date(at).toLocaleString("en", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
}
