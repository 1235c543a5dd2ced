"""What a caller would notice between two versions of a hotline, in words. Pure.

Changes are told by what callers hear and where they come, not by lines of files: a node that was
only renamed is one change, a text that nobody reaches is none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.dialog.flow import (
    Choice,
    Collect,
    Decide,
    Do,
    Exit,
    Flow,
    Goodbye,
    Menu,
    Node,
    Queue,
    exits_of,
    kind_of,
    prompts_of,
)

MOST_WORDS = 160
"""Letters of a prompt that a sentence shows."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One thing that callers would notice.

    `kind` is stable: text, option, way, reach, question, patience, queue, action, command, words,
    policy, hotline.
    """

    node: str
    kind: str
    sentence: str

    def as_data(self) -> dict[str, str]:
        """Return the change as JSON data."""
        return {"node": self.node, "kind": self.kind, "sentence": self.sentence}


def compare(old: Flow, new: Flow) -> list[Change]:
    """Return the changes, the hotline's own first, then by node in the order of the new files."""
    reach_old, reach_new = reachable(old), reachable(new)
    changes = [*_hotline(old, new), *_commands(old, new)]
    for name, node in new.nodes.items():
        if name in reach_new and name in reach_old:
            changes += _node(old, new, old.nodes[name], node)
    changes += _arrivals(old, new, reach_old, reach_new)
    changes += _words(old, new)
    changes += _policies("", old.policies, new.policies)
    return list(dict.fromkeys(changes))


def reachable(flow: Flow) -> set[str]:
    """Return the nodes that some call can come to."""
    seen: set[str] = set()
    waiting = [flow.start, flow.give_up, *(c.goto.goto for c in flow.commands if c.goto)]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in flow.nodes:
            continue
        seen.add(name)
        waiting += [leave.goto for _, leave in exits_of(flow.nodes[name])]
        waiting += _asked_first(flow, flow.nodes[name])
    return seen


def _asked_first(flow: Flow, node: Node) -> list[str]:
    """Nodes that ask for what an action lacks."""
    if not isinstance(node, Do):
        return []
    slots = [
        str(v)[1:].split(".")[0] for v in node.inputs.values() if isinstance(v, str) and v.startswith("$")
    ]
    return [flow.collectors[slot] for slot in slots if slot in flow.collectors]


# ---- the whole


def _hotline(old: Flow, new: Flow) -> Iterator[Change]:
    if old.title != new.title:
        yield Change("", "hotline", f"The hotline is called “{new.title}” instead of “{old.title}”.")
    if old.language != new.language:
        yield Change("", "hotline", f"The hotline speaks {new.language} instead of {old.language}.")
    if old.zone != new.zone:
        yield Change("", "hotline", f"Days are counted in {new.zone} instead of {old.zone}.")
    if old.start != new.start:
        yield Change("", "way", f"Calls begin at '{new.start}' instead of '{old.start}'.")
    if old.confidence != new.confidence:
        yield Change("", "hotline", "Answers are taken or read back at another confidence than before.")
    for name, text in new.phrases.items():
        if old.phrases.get(name) != text:
            yield Change(
                "", "text", f"The phrase '{name}' is now {quoted(text)}, was {quoted(old.phrases.get(name))}."
            )


def _commands(old: Flow, new: Flow) -> Iterator[Change]:
    before = {command.name: command for command in old.commands}
    after = {command.name: command for command in new.commands}
    for name in before.keys() - after.keys():
        yield Change("", "command", f"“{name}” is no longer understood everywhere.")
    for name, command in after.items():
        was = before.get(name)
        if was is None:
            yield Change("", "command", f"“{name}” is now understood everywhere{_by_keys(command.keys)}.")
            continue
        if was.keys != command.keys:
            how = _by_keys(command.keys) or " without a key"
            yield Change(
                "", "command", f"“{name}” is now reached{how}, was{_by_keys(was.keys) or ' without a key'}."
            )
        if (was.goto and was.goto.goto) != (command.goto and command.goto.goto) or was.do != command.do:
            yield Change(
                "",
                "command",
                f"“{name}” now leads to {_target(command.goto, command.do)}, was {_target(was.goto, was.do)}.",
            )


def _by_keys(keys: tuple[str, ...]) -> str:
    return f" by key {' or '.join(keys)}" if keys else ""


def _target(leave: Exit | None, do: str | None) -> str:
    return f"'{leave.goto}'" if leave else f"“{do}”"


def _arrivals(old: Flow, new: Flow, before: set[str], after: set[str]) -> Iterator[Change]:
    for name in old.nodes:
        if name in before and name not in after:
            yield Change(name, "reach", f"Nobody reaches '{name}' any more.")
    for name in new.nodes:
        if name in after and name not in before:
            yield Change(name, "reach", f"Callers can now reach '{name}'{_hears(new.nodes[name])}.")


def _hears(node: Node) -> str:
    said = next((text for field, text in prompts_of(node) if field == "say"), None)
    return f" and hear {quoted(said)}" if said else ""


# ---- one node


def _node(old: Flow, new: Flow, was: Node, now: Node) -> Iterator[Change]:
    if type(was) is not type(now):
        yield Change(now.name, "way", f"'{now.name}' is a {kind_of(now)} now, it was a {kind_of(was)}.")
        return
    yield from _texts(was, now)
    match was, now:
        case Menu(), Menu():
            yield from _options(was, now)
            if was.open != now.open:
                how = "any matter of the hotline" if now.open else "only its own options"
                yield Change(now.name, "question", f"At '{now.name}' callers may now say {how}.")
        case Collect(), Collect():
            yield from _question(was, now)
        case Do(), Do():
            yield from _action(was, now)
        case Queue(), Queue():
            yield from _queue(was, now)
        case Goodbye(), Goodbye() if was.outcome != now.outcome:
            yield Change(
                now.name, "way", f"Calls that end at '{now.name}' count as {now.outcome}, were {was.outcome}."
            )
        case Decide(), Decide() if [r.conditions for r in was.rules] != [r.conditions for r in now.rules]:
            yield Change(now.name, "way", f"'{now.name}' decides by other conditions than before.")
    if not isinstance(now, Menu):
        yield from _ways(new, was, now)
    if isinstance(was, Menu | Collect) and isinstance(now, Menu | Collect):
        yield from _patience(was, now)


def _texts(was: Node, now: Node) -> Iterator[Change]:
    before, after = dict(prompts_of(was)), dict(prompts_of(now))
    for field, text in after.items():
        if field in before and before[field] != text:
            when = _when(field)
            yield Change(
                now.name,
                "text",
                f"At '{now.name}'{when} callers now hear {quoted(text)} instead of {quoted(before[field])}.",
            )
        elif field not in before and field != "say" and not field.endswith(".say"):
            yield Change(now.name, "text", f"At '{now.name}'{_when(field)} callers now hear {quoted(text)}.")
    for field, text in before.items():
        if field not in after and not field.endswith(".say"):
            yield Change(
                now.name, "text", f"At '{now.name}'{_when(field)} callers no longer hear {quoted(text)}."
            )


def _when(field: str) -> str:
    name, _, number = field.partition(".")
    match name:
        case "say":
            return ""
        case "say_again":
            return f", asked again ({int(number) + 1}),"
        case "help":
            return ", on “help”,"
        case "filler":
            return ", while they wait,"
        case _:
            return f", after '{name}',"


def quoted(text: str | None) -> str:
    """Return a text in quotation marks, cut where it is long."""
    words = text or ""
    return f"“{words if len(words) <= MOST_WORDS else words[: MOST_WORDS - 1] + '…'}”"


def _options(was: Menu, now: Menu) -> Iterator[Change]:
    """Match the options by what is said for them, else by where they lead, else by key."""
    left = list(was.choices)
    for choice in now.choices:
        before = _same(choice, left)
        if before is None:
            yield Change(
                now.name,
                "option",
                f"At '{now.name}' there is a new option {_named(choice)}, leading to '{choice.exit.goto}'.",
            )
            continue
        left.remove(before)
        yield from _option(now.name, before, choice)
    for gone in left:
        yield Change(now.name, "option", f"At '{now.name}' the option {_named(gone)} is gone.")


def _same(choice: Choice, others: list[Choice]) -> Choice | None:
    tests = (
        lambda o: bool(o.intents) and o.intents == choice.intents,
        lambda o: bool(o.phrases) and o.phrases == choice.phrases,
        lambda o: bool(set(o.intents) & set(choice.intents)),
        lambda o: o.exit.goto == choice.exit.goto,
        lambda o: o.key is not None and o.key == choice.key,
    )
    return next((other for test in tests for other in others if test(other)), None)


def _named(choice: Choice) -> str:
    words = (choice.intents or choice.phrases or ("",))[0].replace("_", " ")
    return " ".join(part for part in (choice.key or "", f"“{words}”" if words else "") if part)


def _option(node: str, was: Choice, now: Choice) -> Iterator[Change]:
    label = (
        _named(now) if not now.key else _named(Choice(now.exit, None, now.intents, now.phrases)) or now.key
    )
    if was.key and now.key and was.key != now.key:
        yield Change(node, "option", f"At '{node}' option {was.key} moved to {now.key} ({label}).")
    elif was.key != now.key:
        how = f"by key {now.key} too" if now.key else f"no longer by key {was.key}"
        yield Change(node, "option", f"At '{node}' {label} is reached {how}.")
    if was.exit.goto != now.exit.goto:
        yield Change(
            node, "way", f"At '{node}' {label} now leads to '{now.exit.goto}' instead of '{was.exit.goto}'."
        )
    if set(was.intents) != set(now.intents) or set(was.phrases) != set(now.phrases):
        yield Change(node, "option", f"At '{node}' {label} is understood by other words than before.")


def _question(was: Collect, now: Collect) -> Iterator[Change]:
    if (was.slot, was.kind) != (now.slot, now.kind):
        yield Change(
            now.name,
            "question",
            f"'{now.name}' asks for {now.slot} ({now.kind}) instead of {was.slot} ({was.kind}).",
        )
    if was.digits != now.digits:
        yield Change(
            now.name,
            "question",
            f"At '{now.name}' {_count(now.digits)} digits are expected, were {_count(was.digits)}.",
        )
    if was.confirm != now.confirm:
        how = {
            "always": "always read back",
            "never": "never read back",
            "when_unsure": "read back when unsure",
        }
        yield Change(
            now.name, "question", f"At '{now.name}' the answer is {how[now.confirm]}, was {how[was.confirm]}."
        )
    if was.values != now.values:
        yield Change(
            now.name,
            "question",
            f"At '{now.name}' callers choose among {', '.join(now.values)}, were {', '.join(was.values)}.",
        )


def _count(digits: tuple[int, int]) -> str:
    return str(digits[0]) if digits[0] == digits[1] else f"{digits[0]} to {digits[1]}"


def _action(was: Do, now: Do) -> Iterator[Change]:
    if was.action.name != now.action.name:
        yield Change(now.name, "action", f"'{now.name}' runs {now.action.name} instead of {was.action.name}.")
    if was.inputs != now.inputs:
        yield Change(now.name, "action", f"'{now.name}' gives {now.action.name} other inputs than before.")


def _queue(was: Queue, now: Queue) -> Iterator[Change]:
    if was.queue != now.queue:
        yield Change(
            now.name,
            "queue",
            f"Callers at '{now.name}' wait in the queue {now.queue} instead of {was.queue}.",
        )
    if was.skills != now.skills:
        yield Change(
            now.name,
            "queue",
            f"Callers at '{now.name}' wait for {_skills(now.skills)} instead of {_skills(was.skills)}.",
        )
    if was.priority != now.priority:
        how = "sooner" if now.priority > was.priority else "later"
        yield Change(now.name, "queue", f"Callers at '{now.name}' are taken {how} than before.")


def _skills(skills: Mapping[str, int]) -> str:
    return " and ".join(f"{name} {level}" for name, level in skills.items()) or "anybody"


def _ways(new: Flow, was: Node, now: Node) -> Iterator[Change]:
    before, after = dict(exits_of(was)), dict(exits_of(now))
    for why, leave in after.items():
        if why == "give_up" or why not in before or before[why].goto == leave.goto:
            continue
        yield Change(now.name, "way", _instead(new, now.name, why, before[why].goto, leave.goto))


def _instead(new: Flow, node: str, why: str, was: str, now: str) -> str:
    """Tell a changed way; a question put in between is told as one that comes first."""
    after = f"After '{node}'" + ("" if why == "goto" else f" ({why})")
    target = new.nodes.get(now)
    if isinstance(target, Collect) and target.exit.goto == was:
        return f"{after}, callers are now asked for {target.slot} before they come to '{was}'."
    return f"{after}, callers now come to '{now}' instead of '{was}'."


def _patience(was: Menu | Collect, now: Menu | Collect) -> Iterator[Change]:
    before, after = was.patience, now.patience
    if before.tries != after.tries:
        yield Change(
            now.name,
            "patience",
            f"At '{now.name}' callers are asked {after.tries} times at most, were {before.tries}.",
        )
    if before.no_input_ms != after.no_input_ms:
        yield Change(
            now.name,
            "patience",
            f"At '{now.name}' the hotline waits {after.no_input_ms / 1000:g} s for an answer, was {before.no_input_ms / 1000:g} s.",
        )
    if before.give_up != after.give_up:
        yield Change(
            now.name,
            "patience",
            f"Who is not understood at '{now.name}' now comes to '{after.give_up}' instead of '{before.give_up}'.",
        )
    if was.prompts.barge_in != now.prompts.barge_in:
        how = "may talk over" if now.prompts.barge_in else "can no longer talk over"
        yield Change(now.name, "patience", f"At '{now.name}' callers {how} the prompt.")
    if was.always != now.always:
        how = "are understood again" if now.always else "are no longer understood"
        yield Change(now.name, "command", f"At '{now.name}' the commands understood everywhere {how}.")


# ---- words and figures


def _words(old: Flow, new: Flow) -> Iterator[Change]:
    for intent in dict.fromkeys((*old.examples, *new.examples)):
        gained = len(set(new.examples.get(intent, ())) - set(old.examples.get(intent, ())))
        lost = len(set(old.examples.get(intent, ())) - set(new.examples.get(intent, ())))
        label = new.labels.get(intent) or old.labels.get(intent) or intent
        if gained or lost:
            what = " and ".join(f"{n} examples {how}" for n, how in ((gained, "more"), (lost, "fewer")) if n)
            yield Change(
                "", "words", f"“{label}” is understood from {what}.".replace("1 examples", "1 example")
            )


def _policies(path: str, old: object, new: object) -> Iterator[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*old, *new)):
            yield from _policies(f"{path}.{name}".lstrip("."), old.get(name), new.get(name))
    elif old != new:
        yield Change("", "policy", f"The policy {path} is {new}, was {old}.")
