"""What synthetic callers say and what it means, from the text lists beside this file.

The lists `development.yaml` (for fitting) and `test.yaml` (for the benchmark) share no voice, and of
texts only what everybody says ("yes", "agent"). What an answer means is judged by the dialogue itself,
at nodes of a small hotline.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from ivr.dialog.actions import Expect, Listen
from ivr.dialog.events import Spoke
from ivr.dialog.flow import Confidence, Flow, Listening
from ivr.dialog.hearing import Fill, Heard, Move, Order, Situation, hear
from ivr.dialog.script import NOON
from ivr.dialog.spoken import digit_spans
from ivr.errors import Unavailable
from ivr.service.menus import DEMO_MENUS, check, read_folder
from ivr.understanding.store import Models

TEXTS = Path(__file__).parent / "texts"
TAKE, CONFIRM = Confidence().take, Confidence().confirm
NOTHING = "nothing"
"""What an utterance means that no answer of the node is meant by."""
Task = Literal["length", "check", "number", "yes_no", "phrases", "outside", "sentence"]
PARTED = 3
"""Voices that say the same text are so many places apart in the list of voices."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text, in a voice, at a node, and what it means there (a choice, a number, True, NOTHING)."""

    task: Task
    text: str
    voice: str
    node: str
    meaning: str


def material(name: str, voices: Sequence[str], each: int) -> list[Said]:
    """Return what is said; every text is said by `each` voices, which take turns."""
    spoken: list[Said] = []
    for turn, (task, text, node, meaning) in enumerate(_texts(_lists(name))):
        chosen = dict.fromkeys(voices[(turn + PARTED * n) % len(voices)] for n in range(each))
        spoken += [Said(task, text, voice, node, meaning) for voice in chosen]
    return spoken


@cache
def _lists(name: str) -> Mapping[str, Any]:
    lists: Mapping[str, Any] = yaml.safe_load((TEXTS / f"{name}.yaml").read_text("utf-8"))
    return lists


def _texts(lists: Mapping[str, Any]) -> Iterator[tuple[Task, str, str, str]]:
    for one in lists["digits"]:
        task: Task = "check" if "check" in one else "length" if len(set(one["length"])) == 1 else "number"
        yield task, one["say"], _number_node(one), one["number"]
    for answer in ("yes", "no"):
        for text in lists["yes_no"][answer]:
            yield "yes_no", text, "confirm", answer
    for text in lists["yes_no"]["outside"]:
        yield "outside", text, "confirm", NOTHING
    for place, menu in enumerate(lists["menus"]):
        for choice, texts in menu["says"].items():
            for text in texts:
                yield "phrases", text, f"menu{place}", _way(place, choice, menu)
        for text in menu["outside"]:
            yield "outside", text, f"menu{place}", NOTHING
    for text in lists["sentences"]:
        yield "sentence", text, "open", text


def _way(place: int, choice: str, menu: Mapping[str, Any]) -> str:
    return f"to_{place}_{choice}" if choice in menu["choices"] else choice


def _number_node(one: Mapping[str, Any]) -> str:
    """Return the name of the node that asks for a number of so many digits."""
    least, most = one["length"]
    return f"number_{least}_{most}_{one.get('check', 'any')}"


# ---- the hotline that hears them

_HEAD = """\
hotline: Bench
language: en
start: open
always:
  agent: {keys: ["0"], intents: [agent], phrases: [agent, a person, human, operator], goto: person}
  repeat: {keys: ["*"], phrases: [repeat, say that again], do: repeat}
  back: {phrases: [go back], do: back}
  help: {phrases: [help], do: help}
  menu: {phrases: [main menu, start over], goto: open}
  goodbye: {phrases: [goodbye, bye], goto: bye}
patience: {give_up: person}
queues: {support: }
nodes:
  person: {queue: support, say: "One moment."}
  bye: {goodbye: "Goodbye."}
  open: {menu: open, say: "How can I help?", choices: [{key: "1", phrases: [my order], goto: bye}]}
  confirm: {collect: answer, as: yes_no, say: "Is that right?", goto: bye}
"""


class Hotline:
    """The nodes of a list of texts, in a flow of their own."""

    def __init__(self, name: str) -> None:
        lists = _lists(name)
        loaded = check({"hotline.yaml": _HEAD + "".join(_nodes(lists)), **_intents()})
        if loaded.flow is None:
            raise Unavailable("; ".join(map(str, loaded.errors[:3])))
        self.flow: Flow = loaded.flow
        self._models = Models(loaded.flow)

    def node(self, name: str) -> Listening:
        """Return a node that listens."""
        node: Any = self.flow.nodes[name]
        return node  # type: ignore[no-any-return]

    def expect(self, name: str) -> Expect:
        """Return what a node tells the recogniser to expect."""
        listen = self.flow.listens[name]
        assert isinstance(listen, Listen)
        return listen.expect

    def means(self, said: "Said") -> str:
        """Return what is right to understand; outside the grammar, what the text itself says, if anything."""
        if said.task != "outside":
            return said.meaning
        meaning, sure = self.understood(said.node, said.text, 1.0)
        return meaning if sure >= TAKE else NOTHING

    def understood(self, name: str, text: str, confidence: float) -> tuple[str, float]:
        """Return what the dialogue understands at a node, and how surely; NOTHING if nothing.

        Where a number is asked for, that is the best number in the text.
        """
        if name.startswith("number_"):
            expect = self.expect(name)
            spans = digit_spans(text, *expect.digits, check=expect.check)
            return (spans[0].value, confidence) if spans else (NOTHING, 0.0)
        intents = self._models.rank(text, "en")
        heard = hear(self.flow, self.node(name), Spoke(NOON, text, confidence, intents), Situation())
        return (_meaning(heard), heard.confidence) if heard else (NOTHING, 0.0)


def _meaning(heard: Heard) -> str:
    match heard:
        case Move(exit=leave):
            return leave.goto
        case Fill(value=value):
            return ("yes" if value else "no") if isinstance(value, bool) else str(value)
        case Order(command=command):
            return command.name


def _intents() -> Mapping[str, str]:
    return {name: text for name, text in read_folder(DEMO_MENUS).items() if name == "intents/en.yaml"}


def _nodes(lists: Mapping[str, Any]) -> Iterator[str]:
    for place, menu in enumerate(lists["menus"]):
        yield f'  menu{place}:\n    menu: closed\n    say: "Which?"\n    choices:\n'
        for key, (choice, phrases) in enumerate(menu["choices"].items(), 1):
            yield f'      - {{key: "{key}", phrases: {list(phrases)!r}, goto: to_{place}_{choice}}}\n'
        for choice in menu["choices"]:
            yield f'  to_{place}_{choice}: {{goodbye: "Done."}}\n'
    for name, one in {_number_node(one): one for one in lists["digits"]}.items():
        checked = f", check: {one['check']}" if "check" in one else ""
        wanted = f"collect: {name}, as: digits, length: {one['length']}{checked}"
        yield f'  {name}: {{{wanted}, say: "Number?", goto: bye}}\n'
