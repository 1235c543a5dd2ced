"""What a caller would notice between two versions of a hotline, in words. Pure.

Changes are told by what callers hear and where they come, not by lines of files: a node that was
only renamed is one change, a text that nobody reaches is none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from babel import Locale, UnknownLocaleError

from ivr.dialog.flow import (
    LISTENING,
    Choice,
    Collect,
    Decide,
    Do,
    Exit,
    Flow,
    Forward,
    Goodbye,
    Language,
    Listening,
    Menu,
    Node,
    Queue,
    Recording,
    Subflow,
    exits_of,
    kind_of,
    prompts_of,
)
from ivr.dialog.lint.where import entries, ways_on

MOST_WORDS = 160
"""Letters of a prompt that a sentence shows."""
MOST_NAMES = 4


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One thing that callers would notice.

    `kind` is stable: text, option, way, reach, question, patience, queue, action, command, words,
    policy, message, hotline.
    """

    node: str
    kind: str
    sentence: str

    def as_data(self) -> dict[str, str]:
        """Return the change as JSON data."""
        return {"node": self.node, "kind": self.kind, "sentence": self.sentence}


def compare(old: Flow, new: Flow) -> list[Change]:
    """Return the changes, the hotline's own first, then by node in the order of the new files."""
    old = _with_new_names(old, new)
    reach_old, reach_new = reachable(old), reachable(new)
    changes = [*_hotline(old, new), *_commands(old, new)]
    for name, node in new.nodes.items():
        if name in reach_new and name in reach_old:
            changes += _node(old, new, old.nodes[name], node)
    changes += _arrivals(old, new, reach_old, reach_new)
    changes += _words(old, new)
    for language, tongue in new.tongues.items():
        if language in old.tongues:
            changes += _tongue(old.tongues[language], tongue, reach_old & reach_new)
    changes += _policies("", old.policies, new.policies)
    changes += _policies("routing", old.routing, new.routing)
    return list(dict.fromkeys(changes))


def gathered(changes: Sequence[Change]) -> list[Change]:
    """Return changes for people: what is told of many nodes in the same words is told once."""
    same: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        same.setdefault((change.kind, change.sentence.replace(f"'{change.node}'", "…")), []).append(change)
    return [_of_all(group) for group in same.values()]


def _of_all(group: Sequence[Change]) -> Change:
    first = group[0]
    if len(group) == 1 or not first.node:
        return first
    names = [f"'{change.node}'" for change in group]
    told = (
        names
        if len(names) <= MOST_NAMES
        else [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} more"]
    )
    listed = f"{', '.join(told[:-1])} and {told[-1]}"
    return replace(first, sentence=first.sentence.replace(f"'{first.node}'", listed, 1))


def reachable(flow: Flow) -> set[str]:
    """Return the nodes that some call can come to."""
    seen: set[str] = set()
    waiting = entries(flow)
    while waiting:
        name = waiting.pop()
        if name not in seen and name in flow.nodes:
            seen.add(name)
            waiting += ways_on(flow, name)
    return seen


# ---- names


def _with_new_names(old: Flow, new: Flow) -> Flow:
    """Return the old flow with the names that its nodes have in the new one: nobody hears a name."""
    names: dict[str, str] = {}
    gone = [node for name, node in old.nodes.items() if name not in new.nodes]
    come = [node for name, node in new.nodes.items() if name not in old.nodes]
    for node in gone:
        same = [other for other in come if type(other) is type(node) and _says(other) == _says(node) != ()]
        if len(same) == 1 and same[0].name not in names.values():
            names[node.name] = same[0].name
    return _renamed(old, names) if names else old


def _says(node: Node) -> tuple[tuple[str, str], ...]:
    return tuple(prompts_of(node))


def _renamed(flow: Flow, names: Mapping[str, str]) -> Flow:
    nodes = {names.get(name, name): _named_anew(node, names) for name, node in flow.nodes.items()}
    return replace(
        flow,
        nodes=nodes,
        start=names.get(flow.start, flow.start),
        give_up=names.get(flow.give_up, flow.give_up),
        commands=_named_anew(flow.commands, names),
        intents={intent: _named_anew(leave, names) for intent, leave in flow.intents.items()},
        collectors={slot: names.get(name, name) for slot, name in flow.collectors.items()},
        tongues={language: _renamed(tongue, names) for language, tongue in flow.tongues.items()},
        steps={},
    )


NAMES = frozenset({"goto", "give_up"})


def _named_anew(thing: Any, names: Mapping[str, str]) -> Any:
    """Return a node, or a part of one, with other names of nodes in it."""
    if isinstance(thing, tuple):
        return tuple(_named_anew(one, names) for one in thing)
    if isinstance(thing, dict):
        return {key: _named_anew(one, names) for key, one in thing.items()}
    if not is_dataclass(thing) or isinstance(thing, type):
        return thing
    changes: dict[str, Any] = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        if field.name in NAMES and isinstance(value, str):
            changes[field.name] = names.get(value, value)
        elif field.name == "name" and isinstance(thing, Node):
            changes["name"] = names.get(value, value)
        else:
            changes[field.name] = _named_anew(value, names)
    return replace(thing, **changes)


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
    for language in new.languages:
        if language not in old.languages:
            yield Change("", "hotline", f"The hotline now also speaks {spoken_name(language)}.")
    for language in old.languages:
        if language not in new.languages:
            yield Change("", "hotline", f"The hotline no longer speaks {spoken_name(language)}.")
    yield from _calendars(old, new)
    yield from _proving(old, new)
    yield from _messages(old, new)
    for name, text in new.phrases.items():
        if old.phrases.get(name) != text:
            yield Change(
                "", "text", f"The phrase '{name}' is now {quoted(text)}, was {quoted(old.phrases.get(name))}."
            )


def _proving(old: Flow, new: Flow) -> Iterator[Change]:
    if old.verify != new.verify:
        how = f"in '{new.verify.flow}', else they go to '{new.verify.failed}'" if new.verify else "nowhere"
        yield Change("", "hotline", f"Callers prove who they are {how}.")


def _messages(old: Flow, new: Flow, where: str = "") -> Iterator[Change]:
    for name in dict.fromkeys((*old.messages, *new.messages)):
        was, now = old.messages.get(name), new.messages.get(name)
        if was is None and now is not None:
            yield Change("", "message", f"There is a new message '{name}'{where}: {quoted(now.text)}.")
        elif now is None:
            yield Change("", "message", f"The message '{name}' is gone{where}.")
        elif was is not None and was != now:
            before = f"{was.subject} {was.text}".strip()
            yield Change(
                "",
                "message",
                f"The message '{name}'{where} is now {quoted(f'{now.subject} {now.text}'.strip())}, "
                f"was {quoted(before)}.",
            )


def _calendars(old: Flow, new: Flow) -> Iterator[Change]:
    for name in dict.fromkeys((*old.calendars, *new.calendars)):
        if name not in old.calendars:
            yield Change("", "hours", f"There is a new calendar '{name}'.")
        elif name not in new.calendars:
            yield Change("", "hours", f"The calendar '{name}' is gone.")
        elif old.calendars[name] != new.calendars[name]:
            yield Change("", "hours", f"The opening hours or holidays of '{name}' are others than before.")


def spoken_name(language: str) -> str:
    """Return what a language is called in English; its code where nobody knows it."""
    try:
        return str(Locale.parse(language).get_display_name("en"))
    except (UnknownLocaleError, ValueError):
        return language


def _tongue(old: Flow, new: Flow, both: set[str]) -> Iterator[Change]:
    """Tell what callers hear otherwise in another language of the hotline."""
    name = spoken_name(new.language)
    for node in both:
        yield from _texts(old.nodes[node], new.nodes[node], f"In {name}, at")
    for phrase, text in new.phrases.items():
        if old.phrases.get(phrase) != text:
            yield Change("", "text", f"In {name} the phrase '{phrase}' is now {quoted(text)}.")
    yield from _messages(old, new, f" in {name}")
    yield from _words(old, new, f"In {name} ")


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


def _node(  # noqa: C901, PLR0915  # one case a node kind
    old: Flow, new: Flow, was: Node, now: Node
) -> Iterator[Change]:
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
        case Recording(), Recording():
            yield from _recording(was, now)
        case Forward(), Forward() if was.to != now.to:
            yield Change(
                now.name, "way", f"Callers at '{now.name}' are transferred to {now.to} instead of {was.to}."
            )
        case Subflow(), Subflow() if (was.flow, was.inputs, was.results) != (
            now.flow,
            now.inputs,
            now.results,
        ):
            yield Change(
                now.name, "way", f"'{now.name}' calls the sub-flow '{now.flow}' in another way than before."
            )
        case Language(), Language() if was.language != now.language:
            yield Change(
                now.name, "way", f"From '{now.name}' on the hotline speaks {spoken_name(now.language)}."
            )
        case Goodbye(), Goodbye() if was.outcome != now.outcome:
            yield Change(
                now.name,
                "way",
                f"Calls that end at '{now.name}' count as {now.outcome or 'what they came to'}, "
                f"were {was.outcome or 'what they came to'}.",
            )
        case Decide(), Decide() if [r.conditions for r in was.rules] != [r.conditions for r in now.rules]:
            yield Change(now.name, "way", f"'{now.name}' decides by other conditions than before.")
    if not isinstance(now, Menu):
        yield from _ways(new, was, now)
    if isinstance(was, LISTENING) and isinstance(now, LISTENING):
        yield from _patience(was, now)


def _texts(was: Node, now: Node, at: str = "At") -> Iterator[Change]:
    before, after = dict(prompts_of(was)), dict(prompts_of(now))
    for field, text in after.items():
        if field in before and before[field] != text:
            when = _when(field)
            yield Change(
                now.name,
                "text",
                f"{at} '{now.name}'{when} callers now hear {quoted(text)} instead of {quoted(before[field])}.",
            )
        elif field not in before and field != "say" and not field.endswith(".say"):
            yield Change(
                now.name, "text", f"{at} '{now.name}'{_when(field)} callers now hear {quoted(text)}."
            )
    for field, text in before.items():
        if field not in after and not field.endswith(".say"):
            yield Change(
                now.name, "text", f"{at} '{now.name}'{_when(field)} callers no longer hear {quoted(text)}."
            )


def _when(field: str) -> str:
    name, _, number = field.partition(".")
    match name:
        case "say" if number:
            return f", in the wording '{number}',"
        case "say":
            return ""
        case "say_again":
            return f", asked again ({int(number) + 1}),"
        case "when_silent":
            return f", after silence ({int(number) + 1}),"
        case "when_unclear":
            return f", when not understood ({int(number) + 1}),"
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
    if was.secret != now.secret:
        kept = "neither shown nor kept any more" if now.secret else "shown and kept like any other now"
        yield Change(now.name, "question", f"At '{now.name}' the answer is {kept}.")
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

    if was.overflow_after_ms != now.overflow_after_ms:
        yield Change(
            now.name,
            "queue",
            f"Callers at '{now.name}' wait at most {_time(now.overflow_after_ms)}, was {_time(was.overflow_after_ms)}.",
        )
    if was.callback_after_ms != now.callback_after_ms:
        how = (
            f"is offered after {_time(now.callback_after_ms)}"
            if now.callback_after_ms
            else "is no longer offered"
        )
        yield Change(now.name, "queue", f"At '{now.name}' a call back {how}.")
    if was.music != now.music or (was.announce, was.announce_every_ms) != (
        now.announce,
        now.announce_every_ms,
    ):
        yield Change(
            now.name, "queue", f"Callers who wait at '{now.name}' hear other music or announcements."
        )


def _time(ms: int | None) -> str:
    if ms is None:
        return "without a limit"
    return f"{ms // 60_000} min" if ms % 60_000 == 0 else f"{ms / 1000:g} s"


def _recording(was: Recording, now: Recording) -> Iterator[Change]:
    if was.longest_ms != now.longest_ms:
        yield Change(
            now.name,
            "question",
            f"At '{now.name}' callers may speak for {_time(now.longest_ms)}, was {_time(was.longest_ms)}.",
        )
    if was.silence_ms != now.silence_ms or was.beep != now.beep:
        yield Change(now.name, "question", f"At '{now.name}' the recording begins or ends in another way.")


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
    between = _asked_between(new, now, was)
    if between:
        then = new.nodes.get(was)
        before = f"the {_slot(then)}" if isinstance(then, Collect) else f"they come to '{was}'"
        return f"{after}, callers are now asked for {' and '.join(between)} before {before}."
    return f"{after}, callers now come to '{now}' instead of '{was}'."


def _asked_between(new: Flow, first: str, last: str) -> list[str]:
    """Return what is asked on the way from one node to another, if nothing but questions lies there."""
    asked: list[str] = []
    here = new.nodes.get(first)
    while isinstance(here, Collect) and here.name != last and len(asked) < 10:
        asked.append(f"a {_slot(here)}" if _slot(here)[:1] not in "aeiou" else f"an {_slot(here)}")
        here = new.nodes.get(here.exit.goto)
    return asked if here is not None and here.name == last else []


def _slot(node: Collect) -> str:
    return node.slot.replace("_", " ")


def _patience(was: Listening, now: Listening) -> Iterator[Change]:
    before, after = was.question.patience, now.question.patience
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
    if before.inter_digit_ms != after.inter_digit_ms:
        yield Change(
            now.name,
            "patience",
            f"At '{now.name}' the hotline waits {after.inter_digit_ms / 1000:g} s for a further key, was {before.inter_digit_ms / 1000:g} s.",
        )
    if before.end_ms != after.end_ms:
        how = f"after {after.end_ms / 1000:g} s of silence" if after.end_ms else "by the kind of the question"
        yield Change(now.name, "patience", f"At '{now.name}' an answer by speech now ends {how}.")
    if was.question.confidence != now.question.confidence:
        yield Change(
            now.name, "patience", f"At '{now.name}' answers are taken or read back at another confidence."
        )
    if was.question.prompts.barge_in != now.question.prompts.barge_in:
        how = "may talk over" if now.question.prompts.barge_in else "can no longer talk over"
        yield Change(now.name, "patience", f"At '{now.name}' callers {how} the prompt.")
    yield from _own_commands(was, now)


def _own_commands(was: Listening, now: Listening) -> Iterator[Change]:
    """Tell which commands a node gained or lost, beside those of the whole hotline."""
    before, after = ({c.name: c for c in node.question.commands} for node in (was, now))
    if bool(before) != bool(after):
        how = "are understood again" if after else "are no longer understood"
        yield Change(now.name, "command", f"At '{now.name}' the commands understood everywhere {how}.")
        return
    for name, command in after.items():
        own = command.goto is not None and command.goto.name.startswith(f"{now.name}.")
        if own and (name not in before or before[name].goto != command.goto):
            assert command.goto is not None
            yield Change(now.name, "command", f"At '{now.name}' “{name}” leads to '{command.goto.goto}'.")


# ---- words and figures


def _words(old: Flow, new: Flow, where: str = "") -> Iterator[Change]:
    for intent in dict.fromkeys((*old.examples, *new.examples)):
        gained = len(set(new.examples.get(intent, ())) - set(old.examples.get(intent, ())))
        lost = len(set(old.examples.get(intent, ())) - set(new.examples.get(intent, ())))
        label = new.labels.get(intent) or old.labels.get(intent) or intent
        if gained or lost:
            what = " and ".join(f"{n} examples {how}" for n, how in ((gained, "more"), (lost, "fewer")) if n)
            yield Change(
                "", "words", f"{where}“{label}” is understood from {what}.".replace("1 examples", "1 example")
            )


def _policies(path: str, old: object, new: object) -> Iterator[Change]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*old, *new)):
            yield from _policies(f"{path}.{name}".lstrip("."), old.get(name), new.get(name))
    elif old != new:
        yield Change("", "policy", f"The policy {path} is {new}, was {old}.")
