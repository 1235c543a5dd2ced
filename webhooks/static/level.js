// The microphone's level on a bar, for a few times a second.

import { $ } from "./dom.js";

const EVERY_MS = 80;
let shownAt = 0;
let peak = 0;

export function showLevel(level) {
  peak = Math.max(peak, level);
  if (performance.now() - shownAt < EVERY_MS) return;
  const percent = Math.round(Math.min(1, Math.sqrt(peak) * 1.6) * 100);
  $("level-bar").setAttribute("aria-valuenow", percent);
  $("level-bar").firstElementChild.style.transform = `scaleX(${percent / 100})`;
  shownAt = performance.now();
  peak = 0;
}
