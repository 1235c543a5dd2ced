// The studio: its views, and the messages that keep them fresh.

import { Cases } from "./cases.js";
import { keepTimes } from "./clock.js";
import { $, show } from "./dom.js";
import { Feed } from "./feed.js";
import { Floor } from "./floor.js";
import { Menus } from "./menus.js";
import { Messages } from "./messages.js";
import { problem } from "./toast.js";

const VIEWS = ["floor", "cases", "messages", "menus"];
const showTimes = keepTimes();
const floor = new Floor(showTimes);
const cases = new Cases(showTimes, (call) => floor.show(call));
const messages = new Messages();
const menus = new Menus();

// "#cases/481290" is a view and what is open in it.
function showView() {
  const [wanted, which = null] = location.hash.slice(1).split("/");
  const view = VIEWS.includes(wanted) ? wanted : "floor";
  for (const name of VIEWS) {
    show($(`view-${name}`), name === view);
    $(`tab-${name}`).setAttribute("aria-selected", name === view);
    $(`tab-${name}`).tabIndex = name === view ? 0 : -1;
  }
  if (view === "menus") menus.shown();
  if (view === "cases") cases.choose(which);
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
  cases.refresh();
  cases.read();
  messages.refresh();
});
feed.addEventListener("lost", () => show($("offline")));
feed.addEventListener("refused", () => problem(new Error("Your log-in has become too old. Please load the page again.")));
feed.addEventListener("message", ({ detail }) => {
  for (const part of [floor, cases, messages]) part.happened(detail);
  if (detail.topic === "menus") menus.published(detail);
  if (detail.topic === "prompts") menus.prepared(detail);
});

showView();
await menus.load();
