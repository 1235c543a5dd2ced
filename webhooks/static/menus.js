// The menu editor: files, faults at their lines, the draft, publishing, and the way back.

import { del, get, post } from "./api.js";
import { ask, confirmed } from "./ask.js";
import { dayAndTime } from "./clock.js";
import { $, debounced, icon, label, make, show } from "./dom.js";
import { problem, toast } from "./toast.js";
import * as words from "./words.js";

const CHECK_AFTER_MS = 500;
const DARK = matchMedia("(prefers-color-scheme: dark)");
const MAIN = "hotline.yaml";

export class Menus {
  constructor() {
    this.draft = { files: {}, versions: [], faults: [], changes: [], changed: false, revision: 0 };
    this.sessions = new Map(); // an editing session for each file that was opened
    this.name = null;
    this.faults = [];
    this.changes = [];
    this.asked = 0;
    this.busy = false;
    this.checkSoon = debounced(() => this.check(), CHECK_AFTER_MS);
    this.editor = editor();
    $("save").addEventListener("click", () => this.act(() => this.save()));
    $("discard").addEventListener("click", () => this.act(() => this.discard()));
    $("publish-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!$("publish").disabled) this.act(() => this.publish());
    });
    window.addEventListener("beforeunload", (event) => this.unsaved().length && event.preventDefault());
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== "s" || $("view-menus").hidden) return;
      event.preventDefault();
      if (!$("save").disabled) this.act(() => this.save());
    });
  }

  shown() {
    this.editor.resize();
  }

  // Somebody has published: our list of versions is old.
  published() {
    if (!this.busy) this.load().catch(problem);
  }

  // Prompts of the version in use are being spoken ahead of time.
  prepared(prompts) {
    this.draft.prompts = prompts;
    this.renderVersions();
  }

  async load() {
    try {
      this.take(await get("/studio/api/menus"));
    } catch (error) {
      problem(error);
    }
  }

  async act(work) {
    if (this.busy) return;
    this.busy = true;
    this.render();
    try {
      await work();
    } catch (error) {
      problem(error);
    } finally {
      this.busy = false;
      this.render();
    }
  }

  // ---- the draft as it came

  take(draft, { replace = false } = {}) {
    const before = this.draft;
    this.draft = draft;
    this.faults = draft.faults;
    this.changes = draft.changes;
    for (const [name, session] of this.sessions) this.bringUp(name, session, before, replace);
    if (!(this.name in draft.files)) this.name = null;
    if (!this.name) this.openFile(MAIN in draft.files ? MAIN : Object.keys(draft.files)[0]);
    this.render();
    if (this.unsaved().length) this.checkSoon();
  }

  // A file that nobody edits here takes the new text; one with unsaved text keeps it.
  bringUp(name, session, before, replace) {
    const text = this.draft.files[name];
    if (text === undefined) {
      this.sessions.delete(name);
    } else if (session.getValue() !== text && (replace || session.getValue() === before.files[name])) {
      const at = session.selection.getCursor();
      session.setValue(text);
      session.selection.moveTo(at.row, at.column);
    }
  }

  unsaved() {
    return [...this.sessions].filter(([name, session]) => session.getValue() !== this.draft.files[name]).map(([name]) => name);
  }

  // ---- files and editor

  openFile(name, line = null) {
    if (!name) return;
    this.name = name;
    if (!this.sessions.has(name)) this.sessions.set(name, this.session(this.draft.files[name]));
    this.editor.setSession(this.sessions.get(name));
    if (line) {
      this.editor.gotoLine(line, 0, false);
      this.editor.focus();
    }
    this.render();
  }

  session(text) {
    const session = window.ace.createEditSession(text);
    session.setOptions({ useWorker: false, tabSize: 2, useSoftTabs: true, wrap: false });
    session.setMode("ace/mode/yaml"); // after useWorker: a worker is not allowed here, and our own check is better
    session.on("change", () => {
      this.render();
      this.checkSoon();
    });
    return session;
  }

  // Check what is in the editor; with several unsaved files the others count as they were saved.
  async check() {
    this.asked += 1;
    const asked = this.asked;
    try {
      const text = this.sessions.get(this.name).getValue();
      const { faults, changes } = await post("/studio/api/check", { name: this.name, text });
      if (asked !== this.asked) return;
      this.faults = faults;
      this.changes = changes;
      this.render();
    } catch (error) {
      if (error.status) problem(error);
    }
  }

  // ---- what is shown

  render() {
    if (!this.name) return;
    const errors = this.faults.filter(({ severity }) => severity === "error");
    const unsaved = this.unsaved();
    $("file-name").textContent = this.name;
    $("draft-state").textContent = draftState(this.draft, unsaved);
    $("save").disabled = this.busy || unsaved.length === 0;
    $("discard").disabled = this.busy || !(this.draft.changed || unsaved.length);
    label($("discard"), this.draft.changed ? "Discard draft" : "Undo my changes");
    const why = whyNot(this.draft, unsaved, errors);
    $("publish").disabled = this.busy || Boolean(why);
    $("publish-why").textContent = why || "New calls use it at once. Running calls stay with the version they began with.";
    show($("tab-faults"), errors.length > 0);
    $("tab-faults").replaceChildren(String(errors.length), make("span", { class: "visually-hidden" }, errors.length === 1 ? " error" : " errors"));
    this.renderFiles(unsaved);
    this.renderFaults();
    this.renderChanges();
    this.renderVersions();
  }

  // What a caller would notice, told before it is published; broken menus cannot be compared.
  renderChanges() {
    const told = (this.changes || []).map(({ sentence, kind }) => make("li", { "data-kind": kind }, sentence));
    const none = make("li", { class: "muted" }, this.changes ? "Nothing: callers hear what is published now." : "This is told once the errors are mended.");
    replaceIfNew($("changes"), told.length ? told : [none]);
  }

  renderFiles(unsaved) {
    const items = Object.keys(this.draft.files).sort(mainFirst).map((name) => this.fileItem(name, unsaved.includes(name)));
    replaceIfNew($("files"), items);
  }

  fileItem(name, unsaved) {
    const count = this.faults.filter(({ file, severity }) => file === name && severity !== "allowed").length;
    const worst = this.faults.some(({ file, severity }) => file === name && severity === "error") ? "error" : "warning";
    const button = make(
      "button",
      { class: "file", "aria-current": name === this.name ? "true" : null, "data-file": name, "data-testid": `file-${name}` },
      icon("file"),
      make("span", { class: "grow" }, name),
      unsaved ? make("span", { class: "unsaved", title: "Not saved yet" }, make("span", { class: "visually-hidden" }, "not saved yet")) : null,
      count ? make("span", { class: `count ${worst}` }, String(count), make("span", { class: "visually-hidden" }, " to look at")) : null,
    );
    button.addEventListener("click", () => this.openFile(name));
    return make("li", {}, button);
  }

  renderFaults() {
    const here = this.faults.filter(({ file, severity }) => file === this.name && severity !== "allowed");
    const marks = here.map(({ line, message, severity }) => ({ row: Math.max(0, (line || 1) - 1), column: 0, text: message, type: severity === "error" ? "error" : "warning" }));
    const session = this.sessions.get(this.name);
    if (JSON.stringify(session.getAnnotations()) !== JSON.stringify(marks)) session.setAnnotations(marks);
    const items = this.faults.map((fault) => this.faultItem(fault));
    const none = make("li", { class: "fine" }, icon("check"), "No faults. Everything fits together.");
    replaceIfNew($("faults"), items.length ? items : [none]);
  }

  faultItem(fault) {
    const where = fault.line ? `${fault.file}, line ${fault.line}` : fault.file || "The whole hotline";
    const kind = { error: "Error", warning: "Hint", allowed: "Allowed" }[fault.severity];
    const what = fault.reason ? `${fault.message} (${fault.reason})` : fault.message;
    const button = make(
      "button",
      { class: `fault ${fault.severity}`, "data-testid": "fault", "data-line": fault.line ?? "", "data-file": fault.file ?? "" },
      icon({ error: "error", warning: "warning", allowed: "check" }[fault.severity]),
      make("span", {}, make("span", { class: "fault-where" }, `${kind} · ${where}`), make("span", { class: "fault-what" }, what)),
    );
    button.addEventListener("click", () => fault.file in this.draft.files && this.openFile(fault.file, fault.line || 1));
    return make("li", {}, button);
  }

  renderVersions() {
    replaceIfNew($("versions"), this.draft.versions.map((version) => this.versionItem(version)));
  }

  // "412 of 430 prompts ready" while they are in the making, and where some could not be spoken.
  prompts(version) {
    const { prompts } = this.draft;
    if (!version.published || prompts?.version !== version.id || !prompts.total) return null;
    if (prompts.done === prompts.total) return make("p", { class: "small muted", "data-testid": "prompts" }, `${words.many(prompts.total, "prompt")} ready`);
    const failed = prompts.failed ? `, ${prompts.failed} could not be spoken ahead of time` : "";
    return make("p", { class: "small", role: "status", "data-testid": "prompts" }, `${prompts.done} of ${words.many(prompts.total, "prompt")} ready${failed}`);
  }

  versionItem(version) {
    const back = make("button", { class: "small", "data-testid": `rollback-${version.number}` }, "Use again");
    back.addEventListener("click", () => this.act(() => this.rollBack(version)));
    const inUse = make("span", { class: "chip", "data-state": "ready" }, "In use");
    return make(
      "li",
      { class: version.published ? "version in-use" : "version" },
      make("div", { class: "grow" }, make("b", {}, `Version ${version.number}`), make("p", { class: "small" }, version.note || "No note"), make("p", { class: "small muted" }, `${version.author}, ${dayAndTime(version.at)}`), this.prompts(version)),
      version.published ? inUse : back,
    );
  }

  // ---- what the supervisor does

  async save() {
    for (const name of this.unsaved()) {
      const saved = await this.saveFile(name);
      if (!saved) return;
    }
    toast("The draft is saved.");
  }

  async saveFile(name) {
    const text = this.sessions.get(name).getValue();
    try {
      this.take(await post("/studio/api/draft", { name, text, revision: this.draft.revision }));
      return true;
    } catch (error) {
      if (error.status !== 409) throw error;
      await this.settle();
      return false;
    }
  }

  // Somebody else has saved meanwhile: whose text counts is for the person to say.
  async settle() {
    const theirs = await get("/studio/api/menus");
    const choice = await ask({
      title: "The draft has changed meanwhile",
      words: `${theirs.by ? words.plain(theirs.by) : "Somebody"} was faster. You can take the saved draft and lose what you have just written, or keep your text and save it over theirs.`,
      choices: [
        { value: "mine", label: "Keep my text" },
        { value: "theirs", label: "Take the saved draft", kind: "primary" },
      ],
    });
    if (choice === "theirs") this.take(theirs, { replace: true });
    if (choice === "mine") this.keepMine(theirs);
  }

  keepMine(theirs) {
    this.take(theirs);
    toast("Your text is kept. Press “Save draft” once more to save it.");
  }

  async discard() {
    const title = this.draft.changed ? "Discard the draft?" : "Undo your changes?";
    const sure = await confirmed(title, "Everything that has not been published is lost. Callers do not notice: they hear the published version.", "Discard", "danger");
    if (!sure) return;
    this.take(this.draft.changed ? await del("/studio/api/draft") : await get("/studio/api/menus"), { replace: true });
    toast("You are back at the published version.");
  }

  async publish() {
    const sure = await confirmed("Publish the draft?", "From now on, new callers hear this version. You can go back to an earlier one at any time.", "Publish");
    if (!sure) return;
    this.take(await post("/studio/api/publish", { note: $("publish-note").value.trim() }));
    $("publish-note").value = "";
    toast("Published. New calls use it now.");
  }

  async rollBack(version) {
    const sure = await confirmed(`Use version ${version.number} again?`, `New callers hear version ${version.number} (“${version.note || "no note"}”) from now on. Nothing is lost: all versions stay here.`, `Use version ${version.number}`);
    if (!sure) return;
    this.take(await post("/studio/api/rollback", { version: version.id }));
    toast(`Version ${version.number} is in use again.`);
  }
}

function editor() {
  const { ace } = window;
  ace.config.set("useStrictCSP", true);
  ace.config.set("basePath", "/static/vendor/ace");
  const made = ace.edit("editor", { useWorker: false, showPrintMargin: false, fontSize: 14, enableKeyboardAccessibility: true, scrollPastEnd: 0.2 });
  const theme = () => made.setTheme(DARK.matches ? "ace/theme/github_dark" : "ace/theme/github_light_default");
  DARK.addEventListener("change", theme);
  theme();
  return made;
}

function draftState(draft, unsaved) {
  if (unsaved.length) return `Not saved yet: ${unsaved.join(", ")}`;
  if (draft.changed) return `A saved draft${draft.by ? ` by ${draft.by}` : ""}, not published yet`;
  return "As published";
}

function whyNot(draft, unsaved, errors) {
  if (errors.length) return `Publishing is off: there ${errors.length === 1 ? "is" : "are"} ${words.many(errors.length, "error")} to mend first.`;
  if (unsaved.length) return "Save the draft first, then publish it.";
  if (!draft.changed) return "There is nothing new to publish.";
  return "";
}

function mainFirst(one, other) {
  return (one !== MAIN) - (other !== MAIN) || one.includes("/") - other.includes("/") || one.localeCompare(other);
}

// Put items into a list only when they differ, so that a focused button keeps its focus.
function replaceIfNew(list, items) {
  const next = make("div", {}, ...items);
  if (list.innerHTML === next.innerHTML) return;
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.file : null;
  list.replaceChildren(...next.children);
  if (focused) list.querySelector(`[data-file="${CSS.escape(focused)}"]`)?.focus();
}
