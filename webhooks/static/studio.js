// The studio: its two views, and the messages that keep them fresh.

import { keepTimes } from "./clock.js";
import { $, show } from "./dom.js";
import { Feed } from "./feed.js";
import { Floor } from "./floor.js";
import { Menus } from "./menus.js";
import { problem } from "./toast.js";

const VIEWS = ["floor", "menus"];
const showTimes = keepTimes();
const floor = new Floor(showTimes);
const menus = new Menus();

function showView() {
  const wanted = location.hash.slice(1);
  const view = VIEWS.includes(wanted) ? wanted : "floor";
  for (const name of VIEWS) {
    show($(`view-${name}`), name === view);
    $(`tab-${name}`).setAttribute("aria-selected", name === view);
    $(`tab-${name}`).tabIndex = name === view ? 0 : -1;
  }
  if (view === "menus") menus.shown();
}

for (const [at, name] of VIEWS.entries()) {
  $(`tab-${name}`).addEventListener("keydown", ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!step) return;
    const next = $(`tab-${VIEWS[(at + step + VIEWS.length) % VIEWS.length]}`);
    next.click();
    next.focus();
  });
}
window.addEventListener("hashchange", showView);

const feed = new Feed(`/events?token=${encodeURIComponent(document.body.dataset.watchToken)}`);
feed.addEventListener("open", () => {
  show($("offline"), false);
  floor.refresh();
});
feed.addEventListener("lost", () => show($("offline")));
feed.addEventListener("refused", () => problem(new Error("Your log-in has become too old. Please load the page again.")));
feed.addEventListener("message", ({ detail }) => {
  floor.happened(detail);
  if (detail.topic === "menus") menus.published(detail);
  if (detail.topic === "prompts") menus.prepared(detail);
});

await menus.load();
showView();
