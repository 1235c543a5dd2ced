"""What an answer means at one node: a way through, a slot's value, or a command.

Keys and words are read against what the node offers first, then against the commands that are
understood everywhere, then against the other matters of the hotline.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ivr.dialog.events import Intent, Spoke, Value
from ivr.dialog.flow import Choice, Collect, Command, Exit, Flow, Listening, Menu
from ivr.dialog.spoken import amount, digits_in, words, yes_or_no

LONG_ANSWER = 6
"""Words beyond a phrase that make it doubtful: a key word somewhere in a long sentence is no answer."""


@dataclass(frozen=True, slots=True)
class Move:
    """The caller chose a way on. `label` is how it is read back."""

    exit: Exit
    confidence: float
    intent: str | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Fill:
    """The caller told what a slot asks for."""

    slot: str
    value: Value
    exit: Exit
    confidence: float


@dataclass(frozen=True, slots=True)
class Order:
    """The caller gave a command that is understood everywhere."""

    command: Command
    confidence: float


Heard = Move | Fill | Order


# ---- keys


def hear_keys(flow: Flow, node: Listening, digits: str) -> Heard | None:
    """Return what keys mean here; keys are always sure."""
    found = _keyed_choice(flow, node, digits) if isinstance(node, Menu) else _keyed(node, digits)
    if found is None and node.always:
        command = next((c for c in flow.commands if digits in c.keys), None)
        return Order(command, 1.0) if command else None
    return found


def _keyed_choice(flow: Flow, node: Menu, digits: str) -> Heard | None:
    choice = next((c for c in node.choices if c.key == digits), None)
    return _move(flow, choice, 1.0) if choice else None


def _move(flow: Flow, choice: Choice, confidence: float) -> Move:
    intent = choice.intents[0] if choice.intents else None
    label = flow.labels.get(intent or "", choice.phrases[0] if choice.phrases else "")
    return Move(choice.exit, confidence, intent, label or (intent or "").replace("_", " "))


def _keyed(node: Collect, digits: str) -> Fill | None:
    least, greatest = node.digits
    match node.kind:
        case "digits" | "order_number" | "phone":
            fits = digits.isdigit() and least <= len(digits) <= greatest
            return Fill(node.slot, digits, node.exit, 1.0) if fits else None
        case "yes_no":
            answer = {"1": True, "2": False}.get(digits)
            return Fill(node.slot, answer, node.exit, 1.0) if answer is not None else None
        case "amount":
            value = digits.replace("*", ".")
            fits = value.replace(".", "", 1).isdigit()
            return Fill(node.slot, value, node.exit, 1.0) if fits else None
        case "one_of":
            names = list(node.values)
            place = int(digits) - 1 if digits.isdigit() else -1
            found = names[place] if 0 <= place < len(names) else None
            return Fill(node.slot, found, node.exit, 1.0) if found else None
        case "date" | "text":
            return None


# ---- words


def hear(flow: Flow, node: Listening, said: Spoke, matter: str | None = None) -> Heard | None:
    """Return the best reading of a sentence at a node, or None when nothing fits.

    The confidence is never above the recogniser's own. Naming once more the `matter` that the
    call is about already is no answer: else a caller could go in circles for ever.
    """
    found = max(_readings(flow, node, said, matter), key=lambda heard: heard.confidence, default=None)
    if found is None or found.confidence <= said.confidence:
        return found
    return _at_most(found, said.confidence)


def _at_most(heard: Heard, confidence: float) -> Heard:
    match heard:
        case Move():
            return Move(heard.exit, confidence, heard.intent, heard.label)
        case Fill():
            return Fill(heard.slot, heard.value, heard.exit, confidence)
        case Order():
            return Order(heard.command, confidence)


def _readings(flow: Flow, node: Listening, said: Spoke, matter: str | None) -> Iterator[Heard]:
    """Yield the readings; where two are equally sure, the earlier one wins (`max` keeps it)."""
    line = words(said.text)
    if isinstance(node, Menu):
        yield from _chosen(flow, node, said, line)
    else:
        yield from _filled(node, said, line)
    if node.always:
        yield from _commanded(flow, said, line)
    yield from _elsewhere(flow, node, said.intents, matter)


def _chosen(flow: Flow, node: Menu, said: Spoke, line: Sequence[str]) -> Iterator[Heard]:
    for choice in node.choices:
        sure = max(_by_phrase(choice.phrases, line), _by_intent(choice.intents, said, line))
        if sure:
            yield _move(flow, choice, sure)


def _by_phrase(phrases: Sequence[str], line: Sequence[str]) -> float:
    """Return how surely one of the phrases was said: whole, or inside a short sentence."""
    text = f" {' '.join(line)} "
    best = 0.0
    for phrase in phrases:
        wanted = words(phrase)
        if wanted == list(line):
            return 1.0
        if wanted and f" {' '.join(wanted)} " in text:
            extra = len(line) - len(wanted)
            best = max(best, 0.9 if extra <= LONG_ANSWER else 0.5)
    return best


def _by_intent(intents: Sequence[str], said: Spoke, line: Sequence[str]) -> float:
    sure = max((i.confidence for i in said.intents if i.name in intents), default=0.0)
    if ("yes" in intents or "no" in intents) and len(line) <= LONG_ANSWER:
        answer = yes_or_no(said.text)
        if answer is not None and ("yes" if answer else "no") in intents:
            return 0.95
    return sure


def _filled(node: Collect, said: Spoke, line: Sequence[str]) -> Iterator[Fill]:
    value, sure = _value(node, said.text, line)
    if value is not None:
        yield Fill(node.slot, value, node.exit, sure)


def _value(node: Collect, text: str, line: Sequence[str]) -> tuple[Value, float]:
    match node.kind:
        case "digits" | "order_number" | "phone":
            found = digits_in(text, *node.digits)
            return (found[0], 1.0 if found[1] else 0.6) if found else (None, 0.0)
        case "yes_no":
            answer = yes_or_no(text) if len(line) <= LONG_ANSWER else None
            return answer, 0.95
        case "amount":
            return amount(text), 0.9
        case "one_of":
            sure = {name: _by_phrase((name, *said), line) for name, said in node.values.items()}
            best = max(sure, key=lambda name: sure[name], default=None)
            return (best, sure[best]) if best and sure[best] else (None, 0.0)
        case "text":
            return (text.strip() or None), 0.8
        case "date":
            return None, 0.0


def _commanded(flow: Flow, said: Spoke, line: Sequence[str]) -> Iterator[Order]:
    for command in flow.commands:
        sure = max(
            _by_phrase(command.phrases, line),
            max((i.confidence for i in said.intents[:1] if i.name in command.intents), default=0.0),
        )
        if sure:
            yield Order(command, sure)


def _elsewhere(flow: Flow, node: Listening, intents: Sequence[Intent], matter: str | None) -> Iterator[Move]:
    """Yield the matters that other menus of the hotline know: the caller changes the subject."""
    offered = _offered(node)
    for intent in intents[:1]:
        leave = flow.intents.get(intent.name)
        if leave is not None and intent.name not in offered and intent.name != matter:
            label = flow.labels.get(intent.name, intent.name.replace("_", " "))
            yield Move(leave, intent.confidence, intent.name, label)


def _offered(node: Listening) -> Mapping[str, bool]:
    if isinstance(node, Collect):
        return {}
    return {intent: True for choice in node.choices for intent in choice.intents}


def slots_in(flow: Flow, text: str) -> dict[str, Value]:
    """Return the order numbers that a sentence names without being asked (mixed initiative)."""
    told: dict[str, Value] = {}
    for slot, name in flow.collectors.items():
        node = flow.nodes[name]
        if isinstance(node, Collect) and node.kind == "order_number":
            found = digits_in(text, *node.digits)
            if found:
                told[slot] = found[0]
    return told
