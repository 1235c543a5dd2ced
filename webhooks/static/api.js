// The JSON API: every failure becomes an Error with words for the person.

import { noteServerTime } from "./clock.js";

export class ApiError extends Error {
  constructor(code, message, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, body);
export const del = (path) => ask("DELETE", path);

// Send something on the way out of the page; nobody waits for the answer.
export function postAndLeave(path, body) {
  fetch(path, { method: "POST", headers: headers(), body: JSON.stringify(body), keepalive: true }).catch(() => {});
}

async function ask(method, path, body) {
  let response;
  try {
    response = await fetch(path, { method, headers: headers(), body: body && JSON.stringify(body) });
  } catch {
    throw new ApiError("offline", "The hotline cannot be reached right now. Please try again in a moment.", 0);
  }
  noteServerTime(response);
  if (response.redirected) {
    throw new ApiError("logged_out", "You have been logged out. Please load the page again and log in.", 401);
  }
  const data = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(data.code ?? "error", sentence(data.message), response.status);
  return data;
}

function headers() {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  return { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token };
}

function sentence(words) {
  if (!words) return "Something went wrong on our side. Please try again.";
  const first = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
