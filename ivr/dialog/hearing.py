"""What an answer means at one node: a way through, slots' values, or a command.

Keys and words are read against what the node offers first, then against the commands that are
understood there, then against what the caller told before (a correction), then against the other
matters of the hotline. One sentence may hold several of these.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from rapidfuzz.fuzz import ratio

from ivr.dialog.events import Intent, Spoke, Value
from ivr.dialog.flow import Choice, Collect, Command, Exit, Flow, Listening, Menu
from ivr.dialog.prompts import holes, lookup
from ivr.dialog.spoken import (
    Span,
    amount_in,
    coded_in,
    date_in,
    digit_spans,
    fillers,
    is_number_word,
    letters_in,
    passes,
    position_in,
    words,
    yes_or_no,
)
from ivr.dialog.values import key_of

LONG_ANSWER = 6
"""Words beyond a phrase that make it doubtful: a key word somewhere in a long sentence is no answer."""
SURE, UNSURE = 1.0, 0.6
LITTLE_MORE = 1
"""Words beside a day in a sentence that says nothing else."""
CORRECTED = 0.97
"""A new value for what was told before beats the "no" that it usually comes with."""
FUZZY_FROM = 84
"""Likeness (0 to 100) from which a phrase that was heard a little differently is worth a look."""
SHORTEST_FUZZY = 5
"""Letters below which every phrase resembles some other."""
CUES: Mapping[str, frozenset[str]] = {
    "order_number": frozenset(["order", "orders", "parcel", "package", "订", "单"]),
    "phone": frozenset(["phone", "telephone", "mobile", "cell", "电", "话", "手", "机"]),
}
"""Words that tell which number a sentence means while another one is asked for."""
PLAIN = frozenset([
    "my", "order", "number", "is", "it's", "its", "it", "the", "a", "an", "that's", "thats", "this", "that",
    "i", "think", "please", "so", "yes", "yeah", "no", "well", "okay", "ok", "number's", "have", "for", "of",
    "be", "here", "with", "about", "and", "uh", "um", "er",
    "我", "的", "订", "单", "号", "码", "是", "嗯", "呃", "那", "个", "请", "查", "一", "下",
])  # fmt: skip
"""Words around a number that name no matter."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a sentence is heard against: the call's matter and whether it is done, what was told, the day."""

    matter: str | None = None
    slots: Mapping[str, Value] = field(default_factory=dict)
    today: date = date(2000, 1, 1)
    home: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """The caller chose a way on. `label` is how it is read back, `told` what else was said."""

    exit: Exit
    confidence: float
    intent: str | None = None
    label: str = ""
    told: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fill:
    """The caller told what a slot asks for, or corrected what was told before."""

    slot: str
    value: Value
    confidence: float
    told: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """The caller gave a command that is understood everywhere."""

    command: Command
    confidence: float


Heard = Move | Fill | Order


# ---- keys


def hear_keys(flow: Flow, node: Listening, digits: str) -> Heard | None:
    """Return what keys mean here; keys are always sure."""
    found: Heard | None = None
    match node:
        case Menu():
            choice = next((c for c in node.choices if c.key == digits), None)
            found = _move(flow, choice, SURE) if choice else None
        case Collect():
            value = _keyed(node, digits)
            found = Fill(node.slot, value, SURE) if value is not None else None
    if found is None:
        command = next((c for c in node.question.commands if digits in c.keys), None)
        return Order(command, SURE) if command else None
    return found


def _move(flow: Flow, choice: Choice, confidence: float) -> Move:
    intent = choice.intents[0] if choice.intents else None
    label = flow.labels.get(intent or "", choice.phrases[0] if choice.phrases else "")
    return Move(choice.exit, confidence, intent, label or (intent or "").replace("_", " "))


def _keyed(node: Collect, digits: str) -> Value:
    least, greatest = node.digits
    match node.kind:
        case "digits" | "order_number" | "phone":
            fits = digits.isdigit() and least <= len(digits) <= greatest and passes(node.check, digits)
            return (node.prefixes[0] if len(node.prefixes) == 1 else "") + digits if fits else None
        case "yes_no":
            return {"1": True, "2": False}.get(digits)
        case "amount":
            value = digits.replace("*", ".")
            return value if value.replace(".", "", 1).isdigit() else None
        case "one_of" | "language":
            names = list(node.values)
            place = int(digits) - 1 if digits.isdigit() else -1
            return names[place] if 0 <= place < len(names) else None
        case "scale":
            return int(digits) if digits.isdigit() and least <= int(digits) <= greatest else None
        case "date":
            return _keyed_date(digits)
        case "text":
            return None


def _keyed_date(digits: str) -> str | None:
    """Read eight keys as year-month-day, day-month-year or month-day-year, whichever exists first."""
    if len(digits) != 8 or not digits.isdigit():
        return None
    for year, month, day in (
        (digits[:4], digits[4:6], digits[6:]),
        (digits[4:], digits[2:4], digits[:2]),
        (digits[4:], digits[:2], digits[2:4]),
    ):
        if not 1900 <= int(year) <= 2100:
            continue
        try:
            return date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            continue
    return None


# ---- words


def hear(flow: Flow, node: Listening, said: Spoke, situation: Situation) -> Heard | None:
    """Return the best reading of a sentence at a node, or None when nothing fits.

    The confidence is never above the recogniser's own. Naming once more the matter that the call is
    about already is no answer: else a caller could go in circles for ever.
    """
    line = words(said.text)
    if not line:
        return None
    node = with_slots(node, situation.slots)
    told = told_in(flow, node, said.text, line, situation)
    readings = list(_readings(flow, node, said, line, told, situation))
    if all(heard.confidence < 0.5 for heard in readings):
        readings += _resembling(flow, node, line)
    found = max(readings, key=lambda heard: heard.confidence, default=None)
    if found is None or found.confidence <= said.confidence:
        return found
    return replace(found, confidence=said.confidence)


def with_slots(node: Listening, slots: Mapping[str, Value]) -> Listening:
    """Return a question with the slots in the words of its values filled: "the first", "{mine.one}"."""
    if not isinstance(node, Collect) or not any("{" in one for said in node.values.values() for one in said):
        return node
    values = {
        name: tuple(filter(None, (_with_slots(one, slots) for one in said)))
        for name, said in node.values.items()
    }
    return replace(node, values=values)


def _with_slots(text: str, slots: Mapping[str, Value]) -> str:
    """Return a text with its slots as they are; "" where one is not known."""
    for hole in holes(text):
        text = text.replace("{" + ".".join(hole.path) + "}", key_of(lookup(slots, hole.path)))
    return text.strip()


def _readings(
    flow: Flow,
    node: Listening,
    said: Spoke,
    line: Sequence[str],
    told: Mapping[str, Span],
    situation: Situation,
) -> Iterator[Heard]:
    """Yield the readings; where two are equally sure, the earlier one wins (`max` keeps it)."""
    extra = _clear(told)
    if isinstance(node, Collect) and node.kind == "text":
        yield from (
            order for order in _commanded(node.question.commands, said, line) if order.confidence == SURE
        )
        yield from _filled(flow, node, said.text, line, {}, situation)
        return
    matter = None if situation.done else situation.matter
    moves = [*_elsewhere(flow, node, said, matter, extra)] if _names_more(line) else []
    match node:
        case Menu():
            yield from _chosen(flow, node, said, line, extra)
            if node.open:
                yield from _same_matter(flow, extra, situation)
        case Collect():
            filled = [*_filled(flow, node, said.text, line, told, situation)]
            if _is_the_answer(flow, node, said.text, line, situation):
                moves = []  # "on Friday" is not about opening hours where a day is asked
            moves = [_also(move, filled) for move in moves]
            if not any(move.confidence >= node.question.confidence.take for move in moves):
                yield from filled
    yield from _commanded(node.question.commands, said, line)
    if not any(move.confidence >= node.question.confidence.take for move in moves):
        yield from _corrected(told, situation.slots)
    yield from moves


def _is_the_answer(flow: Flow, node: Collect, text: str, line: Sequence[str], situation: Situation) -> bool:
    """Return whether a sentence is the day that is asked and hardly a word more."""
    if node.kind != "date":
        return False
    day = date_in(text, situation.today, flow.language, past=node.past)
    return day is not None and day.sure and len(line) - (day.end - day.start) <= LITTLE_MORE


def _clear(told: Mapping[str, Span]) -> dict[str, Value]:
    """Return what was told beyond doubt; the rest is asked for in its turn."""
    return {slot: span.value for slot, span in told.items() if span.sure}


def _also(move: Move, filled: Sequence[Fill]) -> Move:
    """Keep what the slot in question was told by a sentence that changes the subject."""
    return replace(move, told={**move.told, **{fill.slot: fill.value for fill in filled}})


def _names_more(line: Sequence[str]) -> bool:
    """Return whether a sentence holds more than a number and the words that go with one."""
    return any(word not in PLAIN and not is_number_word(word) for word in line)


# ---- the choices of a menu


def _chosen(
    flow: Flow, node: Menu, said: Spoke, line: Sequence[str], told: Mapping[str, Value]
) -> Iterator[Move]:
    named = _named_choice(flow, node, said.text) if len(line) <= LONG_ANSWER else None
    answer = _answer(flow, node, said.text) if len(line) <= LONG_ANSWER else None
    about = _surely_about(flow, node, said)
    for choice in node.choices:
        phrase = _by_phrase(choice.phrases, line)
        if about and phrase < SURE and about.name not in choice.intents:
            phrase = min(phrase, about.confidence - 0.01)  # "refund" is in it, but it is about an order
        sure = max(phrase, _by_intent(choice.intents, said, answer))
        if choice is named:
            sure = max(sure, 0.9)
        if sure:
            yield replace(_move(flow, choice, sure), told=told)


def _surely_about(flow: Flow, node: Menu, said: Spoke) -> Intent | None:
    """Return the matter that a whole sentence is surely about, at a menu that takes any; None for none."""
    best = next(iter(said.intents), None)
    if best is None or not node.open or best.name not in flow.intents:
        return None
    return best if best.confidence >= node.question.confidence.take else None


def _named_choice(flow: Flow, node: Menu, text: str) -> Choice | None:
    """Return the choice that is named by its place: "the second one", "number two"."""
    if any(intent in ("yes", "no") for choice in node.choices for intent in choice.intents):
        return None
    place = position_in(text, flow.language)
    if place is None or not node.choices:
        return None
    by_key = next((c for c in node.choices if c.key == str(place)), None)
    if by_key is not None:
        return by_key
    return node.choices[place - 1] if 1 <= place <= len(node.choices) else _last(node, place)


def _last(node: Menu, place: int) -> Choice | None:
    return node.choices[-1] if place == -1 else None


def _by_phrase(phrases: Sequence[str], line: Sequence[str]) -> float:
    """Return how surely one of the phrases was said: whole, or inside a short sentence."""
    if not phrases:
        return 0.0
    text = f" {' '.join(line)} "
    best = 0.0
    for phrase in phrases:
        wanted, size = _padded(phrase)
        if wanted in text and size:
            if size == len(line):
                return SURE
            best = max(best, 0.9 if len(line) - size <= LONG_ANSWER else 0.5)
    return best


@lru_cache(maxsize=16_384)
def _padded(phrase: str) -> tuple[str, int]:
    """Return a phrase's words between blanks, to be looked for in a line, and their count."""
    wanted = words(phrase)
    return f" {' '.join(wanted)} ", len(wanted)


def _answer(flow: Flow, node: Menu, text: str) -> str | None:
    """Return "yes" or "no" where a menu asks for one and a sentence is one."""
    if not any(intent in ("yes", "no") for choice in node.choices for intent in choice.intents):
        return None
    answer = yes_or_no(text, flow.language)
    return None if answer is None else "yes" if answer else "no"


def _by_intent(intents: Sequence[str], said: Spoke, answer: str | None) -> float:
    if answer in intents:
        return 0.95
    return max((i.confidence for i in said.intents if i.name in intents), default=0.0)


def _same_matter(flow: Flow, told: Mapping[str, Value], situation: Situation) -> Iterator[Move]:
    """Yield the present matter once more for another number: "and one zero zero three one one?"."""
    leave = flow.intents.get(situation.matter or "")
    if leave is not None and any(situation.slots.get(slot) != value for slot, value in told.items()):
        assert situation.matter is not None
        label = flow.labels.get(situation.matter, situation.matter.replace("_", " "))
        yield Move(leave, 0.9, situation.matter, label, told)


def _resembling(flow: Flow, node: Listening, line: Sequence[str]) -> Iterator[Heard]:
    """Yield what was said almost: "refunt pleas" for "refund please"."""
    heard = " ".join(word for word in line if word not in fillers(flow.language))
    match node:
        case Menu():
            for choice in node.choices:
                if sure := _likeness(choice.phrases, heard):
                    yield _move(flow, choice, sure)
        case Collect():
            for name, phrases in node.values.items():
                if sure := _likeness(phrases, heard):
                    yield Fill(node.slot, name, sure)
    for command in node.question.commands:
        if sure := _likeness(command.phrases, heard):
            yield Order(command, sure)


def _likeness(phrases: Sequence[str], heard: str) -> float:
    best = max((ratio(" ".join(words(p)), heard) for p in phrases if len(p) >= SHORTEST_FUZZY), default=0.0)
    return 0.5 + (best - FUZZY_FROM) / (100 - FUZZY_FROM) * 0.35 if best >= FUZZY_FROM else 0.0


# ---- the slot that is asked for


def _filled(
    flow: Flow,
    node: Collect,
    text: str,
    line: Sequence[str],
    told: Mapping[str, Span],
    situation: Situation,
) -> Iterator[Fill]:
    rest = _without(line, told.values()) if told and node.kind != "text" else text
    value, sure = _value(flow, node, rest, situation.today)
    if value is None:
        return
    yield Fill(node.slot, value, sure, _clear(told))


def _without(line: Sequence[str], spans: Iterable[Span]) -> str:
    taken = {place for span in spans for place in range(span.start, span.end)}
    return " ".join(word for place, word in enumerate(line) if place not in taken)


def _value(flow: Flow, node: Collect, text: str, today: date) -> tuple[Value, float]:
    """Return what a sentence says for the slot of a node, and how surely."""
    language = flow.language
    line = words(text)
    match node.kind:
        case "digits" | "order_number" | "phone":
            return _best(_numbers(node, text, language))
        case "yes_no":
            answer = yes_or_no(text, language) if len(line) <= LONG_ANSWER else None
            return answer, 0.95
        case "amount":
            found = amount_in(text, language)
            return (found.value, 0.9 if found.sure else UNSURE) if found else (None, 0.0)
        case "date":
            day = date_in(text, today, language, past=node.past)
            return (day.value, 0.9 if day.sure else UNSURE) if day else (None, 0.0)
        case "one_of" | "language":
            return _one_of(node, text, line, language)
        case "scale":
            return _on_scale(node, text, language)
        case "text":
            spelled = letters_in(text, language) if node.spelled else None
            return (spelled or text.strip() or None), 0.8


def _numbers(node: Collect, text: str, language: str) -> list[Span]:
    if node.prefixes:
        return coded_in(text, node.prefixes, *node.digits, language, node.check)
    return digit_spans(text, *node.digits, language, node.check)


def _best(spans: Sequence[Span]) -> tuple[Value, float]:
    if not spans:
        return None, 0.0
    return spans[0].value, SURE if spans[0].sure else UNSURE


def _one_of(node: Collect, text: str, line: Sequence[str], language: str) -> tuple[Value, float]:
    sure = {name: _by_phrase((name.replace("_", " "), *said), line) for name, said in node.values.items()}
    best = max(sure, key=lambda name: sure[name], default=None)
    if best and sure[best]:
        return best, sure[best]
    place = position_in(text, language)
    names = list(node.values)
    if place is None or not (place == -1 or 1 <= place <= len(names)):
        return None, 0.0
    return names[place - 1 if place > 0 else -1], 0.9


def _on_scale(node: Collect, text: str, language: str) -> tuple[Value, float]:
    least, greatest = node.digits
    for span in digit_spans(text, 1, 2, language):
        if least <= int(span.value) <= greatest:
            return int(span.value), 0.95 if span.sure else 0.8
    return None, 0.0


# ---- what is told unasked


def told(flow: Flow, node: Listening, said: Spoke, situation: Situation) -> dict[str, Value]:
    """Return every slot that a sentence fills at a node, the one asked for and the others."""
    line = words(said.text)
    found = _clear(told_in(flow, node, said.text, line, situation))
    heard = hear(flow, node, said, situation)
    if isinstance(heard, Fill):
        found |= {heard.slot: heard.value, **heard.told}
    return found


def told_in(
    flow: Flow, node: Listening, text: str, line: Sequence[str], situation: Situation
) -> dict[str, Span]:
    """Return the slots that a sentence fills without being asked for them, each with its words.

    What has a word of its own (money, days, names of values) is taken out before numbers are read:
    else "for 49 euros" would be the end of an order number.
    """
    found: dict[str, Span] = {}
    numbers: list[Collect] = []
    asked = node.slot if isinstance(node, Collect) else None
    for collector in _collectors(flow, situation.home):
        if collector.slot == asked:
            continue
        if collector.kind in ("order_number", "phone"):
            numbers.append(collector)
        elif span := _told(flow, node, collector, text, line, situation.today):
            found[collector.slot] = span
    rest = _blanked(line, found.values()) if found else line
    for collector in numbers:
        if span := _told_number(flow, node, collector, rest):
            found[collector.slot] = span
    return found


def _collectors(flow: Flow, home: str) -> Iterator[Collect]:
    """Yield the questions whose answers may be told unasked: the hotline's and a running sub-flow's."""
    for slot, name in flow.collectors.items():
        where = slot.rpartition(".")[0]
        collector = flow.nodes[name]
        if isinstance(collector, Collect) and where in ("", home):
            yield collector


def _told(
    flow: Flow, asked: Listening, node: Collect, text: str, line: Sequence[str], today: date
) -> Span | None:
    """Return what a sentence tells of a slot that is not the one asked for, beside numbers."""
    match node.kind:
        case "amount":
            return _sure(amount_in(text, flow.language, bare=False))
        case "date" if not _asks_number(asked):
            return _sure(date_in(text, today, flow.language, past=node.past))
        case "one_of":
            return _named_value(node, line)
        case _:
            return None


def _told_number(flow: Flow, asked: Listening, node: Collect, line: Sequence[str]) -> Span | None:
    if _asks_number(asked) and not CUES[node.kind] & set(line):
        return None
    spans = _numbers(node, " ".join(line), flow.language)
    return _alone(flow, node, spans[0], line) if spans else None


def _asks_number(node: Listening) -> bool:
    kinds = ("digits", "order_number", "phone", "amount", "date")
    return isinstance(node, Collect) and node.kind in kinds


def _sure(span: Span | None) -> Span | None:
    """Return what its own words make certain, whatever else was said."""
    return replace(span, sure=True) if span is not None else None


def _blanked(line: Sequence[str], spans: Iterable[Span]) -> list[str]:
    """Return a line with the words of some spans replaced by words that mean nothing."""
    taken = {place for span in spans for place in range(span.start, span.end)}
    return ["x" if place in taken else word for place, word in enumerate(line)]


def _alone(flow: Flow, node: Collect, span: Span, line: Sequence[str]) -> Span:
    """Return a number with its sureness by its own words: what else was said does not make it doubtful."""
    again = _numbers(node, " ".join(line[span.start : span.end]), flow.language)
    return replace(span, sure=bool(again) and again[0].sure and again[0].value == span.value)


def _named_value(node: Collect, line: Sequence[str]) -> Span | None:
    if any("{" in phrase for phrases in node.values.values() for phrase in phrases):
        return None  # "the first" means something only where it is asked
    text = f" {' '.join(line)} "
    for name, phrases in node.values.items():
        for phrase in phrases:
            wanted, size = _padded(phrase)
            if len(wanted) > 3 and wanted in text:
                at = text[: text.index(wanted)].count(" ")
                return Span(name, at, at + size, True)
    return None


def _corrected(told: Mapping[str, Span], known: Mapping[str, Value]) -> Iterator[Fill]:
    """Yield new values for what was told before: "no, the other order, one zero zero three"."""
    for slot, span in told.items():
        before = known.get(slot)
        before = before.get("number", before) if isinstance(before, dict) else before
        if before is not None and before != span.value:
            extra = {other: value for other, value in _clear(told).items() if other != slot}
            yield Fill(slot, span.value, CORRECTED if span.sure else UNSURE, extra)


# ---- commands and other matters


def _commanded(commands: Sequence[Command], said: Spoke, line: Sequence[str]) -> Iterator[Order]:
    for command in commands:
        sure = max(
            _by_phrase(command.phrases, line),
            max((i.confidence for i in said.intents[:1] if i.name in command.intents), default=0.0),
        )
        if sure:
            yield Order(command, sure)


def _elsewhere(
    flow: Flow, node: Listening, said: Spoke, matter: str | None, told: Mapping[str, Value]
) -> Iterator[Move]:
    """Yield the matters that other menus of the hotline know: the caller changes the subject."""
    offered = {i for choice in node.choices for i in choice.intents} if isinstance(node, Menu) else set()
    for intent in said.intents[:1]:
        leave = flow.intents.get(intent.name)
        if leave is not None and intent.name not in offered and intent.name != matter:
            label = flow.labels.get(intent.name, intent.name.replace("_", " "))
            yield Move(leave, intent.confidence, intent.name, label, told)
