"""One step in the making: a call going through nodes until it waits for somebody.

`Arriving` holds the call's state as it changes, the replies as they gather, and all that happens
without the caller: texts, slots, decisions, actions, sub-flows. What answers mean to it is the
business of `ivr.dialog.answering`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation

from ivr.dialog.actions import Act, Expect, HangUp, JoinQueue, Listen, Reply, Say, Transfer
from ivr.dialog.events import CallStarted, Event, Spoke, Value
from ivr.dialog.flow import (
    LATER,
    Collect,
    Condition,
    Decide,
    Do,
    Exit,
    Flow,
    Forward,
    Goodbye,
    Language,
    Listening,
    Menu,
    Prompt,
    Queue,
    Recording,
    Return,
    Subflow,
    Tell,
    Variants,
)
from ivr.dialog.prompts import Saying, holes, lookup, render, spell
from ivr.dialog.state import Asking, CallState, Facts, Place, Step, Told, Understood
from ivr.dialog.values import zone_of

MAX_HOPS = 60
"""Nodes passed in one step; the loader makes sure that every circle has a listening node."""
MAX_ACTS = 5
"""Actions run in a row before the caller is heard again."""
TRAIL = 8
"""Listening nodes remembered for "back"."""
MOST_HEARD = 12
"""Nodes remembered whose long prompt was heard; who comes back after more hears it in full."""


CUSTOMER = "customer"
"""The slot that holds what is known of who calls."""
_LATER = re.compile(r"(\{(?:" + "|".join(LATER) + r")\})")


class Arriving:
    """A call on its way through the nodes.

    `fixed` becomes false as soon as slots, the caller or the time come into it.
    """

    __slots__ = (
        "acting", "acts", "asking", "base", "came_to", "effect", "event", "exits", "facts", "fixed", "flow",
        "frames", "language", "matter", "misses", "node", "outcome", "path", "refusals", "said", "silences",
        "suspended", "trail", "understood",
    )  # fmt: skip

    def __init__(self, flow: Flow, state: CallState, event: Event) -> None:
        self.base, self.event = flow, event
        (
            self.node, self.language, self.misses, self.silences, self.refusals, self.acts, self.asking,
            self.acting, self.trail, self.matter, self.came_to, self.frames, self.suspended, self.outcome,
        ) = state.place  # fmt: skip
        self.facts = state.facts
        self.flow = flow if self.language == flow.language else flow.speaking(self.language)
        self.said: list[Reply] = []
        self.path: list[str] = []
        self.exits: list[str] = []
        self.effect: Act | None = None
        self.understood: Understood = "nothing"
        self.fixed = True

    def start(self, event: CallStarted) -> None:
        """Begin a call, forgetting whatever there was."""
        language = event.language if event.language in self.base.languages else self.base.language
        place = Place(self.base.start, language)
        slots: dict[str, Value] = {CUSTOMER: dict(event.known)} if event.known else {}
        facts = Facts(event.caller, slots, called=event.called, draw=event.draw)
        self.__init__(self.base, CallState(place, facts), self.event)  # type: ignore[misc]
        self.enter(Exit(self.base.start))

    def done(self) -> Step:
        """Return the finished step."""
        place = Place(
            self.node, self.language, self.misses, self.silences, self.refusals, self.acts, self.asking,
            self.acting, self.trail, self.matter, self.came_to, self.frames, self.suspended, self.outcome,
        )  # fmt: skip
        told = Told(tuple(self.said), self.effect, self.understood, tuple(self.path), tuple(self.exits))
        return Step(CallState(place, self.facts), told)

    # ---- arriving

    def enter(self, leave: Exit) -> None:
        """Go through an exit, on over every node that does not wait, to one that does."""
        self.asking = self.acting = None
        for _ in range(MAX_HOPS):
            following = self._arrive(leave)
            if following is None:
                return
            leave = following
        raise AssertionError(f"the circle through '{leave.goto}' has no listening node")

    def _arrive(self, leave: Exit) -> Exit | None:  # noqa: C901  # one case a node kind
        """Come to one node; return the way on, or None where the call waits or ends."""
        self._through(leave)
        if self.frames:
            self._unwind(leave.goto)
        node = self.flow.nodes[leave.goto]
        again = node.name in self.path
        self.path.append(node.name)
        if node.name in self.flow.counted:
            self._count(node.name)
        match node:
            case Tell():
                self.prompt(node.say, node.name, barge_in=node.barge_in)
                return node.exit
            case Decide():
                return next(rule.exit for rule in node.rules if self._holds(rule.conditions))
            case Collect() if not again and self.knows(node.slot):
                return self._known(node)
            case Menu() | Collect() | Recording():
                self.open(node)
            case Do():
                missing = self._missing(node)
                if missing is not None:
                    return Exit(missing)
                self._act(node)
            case Subflow():
                return self._call(node)
            case Return():
                return self._return(node)
            case Language():
                return self._speak(node)
            case Queue():
                self._queue(node)
            case Forward():
                self._forward(node)
            case Goodbye():
                self._goodbye(node)
        return None

    def _through(self, leave: Exit) -> None:
        if leave.name:
            self.exits.append(leave.name)
        if leave.say:
            self.say(leave.say, self.node)
        if leave.forget:
            self.forget(leave.forget)

    def _count(self, name: str) -> None:
        self.fixed = False
        visits = dict(self.facts.visits)
        visits[name] = visits.get(name, 0) + 1
        self.facts = self.facts._replace(visits=visits)

    def _known(self, node: Collect) -> Exit | None:
        """Pass a question whose answer is known; what was told unasked may want a yes first."""
        self._note_via(node)
        if node.confirm == "always" and node.slot in self.facts.told:
            self.node, self.misses, self.silences = node.name, 0, 0
            self.trail = (*self.trail, node.name)[-TRAIL:]
            self.read_back(node, node.slot, self.slot(node.slot))
            return None
        return node.exit

    def ask_back(self, node: Listening, asking: Asking) -> None:
        """Say what was understood and ask whether it is right."""
        self.asking, self.understood = asking, "unsure"
        asked = self.flow.phrases[asking.question].replace("{heard}", asking.words)
        self.say(asked.replace("{other}", asking.other_words), node.name)
        patience = node.question.patience
        both = asking.question == "which"
        expect = Expect("phrases", (asking.words, asking.other_words)) if both else Expect("yes_no")
        self.said.append(Listen(expect, node.name, self.language, no_input_ms=patience.no_input_ms))

    def read_back(self, node: Listening, slot: str, value: Value, exit: Exit | None = None) -> None:
        """Read a slot's value back and ask whether it is right."""
        asker = self.flow.nodes.get(self.asker_of(slot) or node.name)
        how = _format_of(node if isinstance(node, Collect) and node.slot == slot else asker)
        words = spell(value, how, self.saying())
        question = "heard_number" if how in ("digits", "phone") else "heard"
        self.ask_back(node, Asking(value, exit, words=words, slot=slot, question=question))

    def open(self, node: Listening) -> None:
        """Arrive at a listening node fresh, and ask."""
        self.come_to(node)
        self.ask(node)

    def come_to(self, node: Listening) -> None:
        """Arrive at a listening node fresh. Back where any matter is taken, the last one is done."""
        self.node, self.misses, self.silences, self.asking, self.acting = node.name, 0, 0, None, None
        if isinstance(node, Menu) and node.open and self.matter and self._was_helped():
            self.came_to = self.came_to or "resolved"
        if self.trail[-1:] != (node.name,):
            self.trail = (*self.trail, node.name)[-TRAIL:]

    def _was_helped(self) -> bool:
        """Return whether something was done or told on the way."""
        return self.acts > 0 or any(isinstance(self.flow.nodes[name], Tell) for name in self.path)

    def ask(self, node: Listening, *, whole: bool = False) -> None:
        """Say what the node asks, and listen. `whole` says the long wording even if it was heard."""
        prompts = node.question.prompts
        if isinstance(node, Collect) and node.kind == "language":
            self._ask_in_every_language(node)
        else:
            self.prompt(prompts.say, node.name, barge_in=prompts.barge_in, whole=whole)
        self.listen(node)

    def listen(self, node: Listening) -> None:
        """Listen for the node's answer; words with slots in them are those of this call."""
        listen = self.flow.listens[node.name]
        if isinstance(listen, Listen) and any("{" in phrase for phrase in listen.expect.phrases):
            phrases = tuple(filter(None, map(self.worded, listen.expect.phrases)))
            listen = replace(listen, expect=replace(listen.expect, phrases=phrases))
        self.said.append(listen)

    def _ask_in_every_language(self, node: Collect) -> None:
        for language in (self.language, *(name for name in node.values if name != self.language)):
            asking = self.base.speaking(language).nodes[node.name]
            assert isinstance(asking, Collect)
            for prompt in asking.question.prompts.say[:1]:
                self.said.append(Say(prompt.text, node.name, language, asking.question.prompts.barge_in))

    # ---- slots

    def slot(self, name: str) -> Value:
        """Return what a slot holds, or None."""
        self.fixed = False
        return self.facts.slots.get(name)

    def knows(self, name: str) -> bool:
        """Return whether a slot is filled."""
        return self.slot(name) is not None

    def forget(self, names: Iterable[str]) -> None:
        """Empty slots."""
        self.fixed = False
        gone = frozenset(names)
        slots = {name: value for name, value in self.facts.slots.items() if name not in gone}
        self.facts = self.facts._replace(slots=slots)

    def fill(self, values: Mapping[str, Value], *, unasked: bool = False) -> None:
        """Fill slots, and forget what was worked out from their old values.

        The slot `language` changes the language instead.
        """
        self.fixed = False
        for name, value in values.items():
            if name == "language":
                self.speak(str(value))
                continue
            slots = {**self._without_stale(name, value), name: value}
            told = tuple(one for one in self.facts.told if one != name) + ((name,) if unasked else ())
            self.facts = self.facts._replace(slots=slots, told=told)

    def _without_stale(self, name: str, value: Value) -> Mapping[str, Value]:
        before = number_of(self.facts.slots.get(name))
        if before is None or before == number_of(value):
            return self.facts.slots
        stale = self.flow.depends.get(name, frozenset())
        return {slot: held for slot, held in self.facts.slots.items() if slot not in stale}

    def _note_via(self, node: Collect) -> None:
        self.fixed = False
        self.facts = self.facts._replace(via={**self.facts.via, node.slot: node.name})

    def filled(self, node: Collect, value: Value) -> None:
        """Fill the slot that a node asks for."""
        self._note_via(node)
        self.fill({node.slot: value})

    # ---- languages

    def speak(self, language: str) -> None:
        """Go on in another language; one that the hotline does not speak changes nothing."""
        if language in self.base.languages:
            self.language, self.flow = language, self.base.speaking(language)

    def _speak(self, node: Language) -> Exit:
        self.speak(node.language)
        return node.exit or Exit(self.trail[-1] if self.trail else self.flow.start)

    # ---- sub-flows

    def _call(self, node: Subflow) -> Exit:
        return self._begin(node, {name: self.input(value) for name, value in node.inputs.items()})

    def prove(self, node: Do, asked: Mapping[str, Value]) -> None:
        """Let the caller prove who they are, then run the action again; without a way a person takes over."""
        caller = self.flow.called_by(node.name)
        if caller is None or self.home == caller.flow:
            return self.give_up(Exit(self.flow.give_up))
        wanted = self.flow.subflows[caller.flow].inputs
        return self.enter(self._begin(caller, {name: asked.get(name) for name in wanted}))

    def _begin(self, node: Subflow, given: Mapping[str, Value]) -> Exit:
        """Begin a sub-flow: its own slots are empty but for its inputs; what they hide comes back."""
        self.fixed = False
        head = self.flow.subflows[node.flow]
        slots = self.facts.slots
        hidden = {name: value for name, value in slots.items() if name in head.own}
        inside = {name: value for name, value in slots.items() if name not in head.own}
        inside |= {name: value for name, value in given.items() if value is not None}
        self.frames = (*self.frames, node.name)
        self.facts = self.facts._replace(slots=inside, shadows=(*self.facts.shadows, hidden))
        return Exit(head.start)

    def _return(self, node: Return) -> Exit:
        if not self.frames:  # reached by the way back, after the sub-flow had ended
            return Exit(self.flow.give_up)
        caller = self.flow.called_by(self.frames[-1])
        assert caller is not None
        found = {kept: self.facts.slots.get(name) for name, kept in caller.results.items()}
        self._leave_frame()
        self.fill({name: value for name, value in found.items() if value is not None})
        return caller.exits[node.end]

    def _leave_frame(self) -> None:
        self.fixed = False
        caller = self.flow.called_by(self.frames[-1])
        assert caller is not None
        own = self.flow.subflows[caller.flow].own
        slots = {name: value for name, value in self.facts.slots.items() if name not in own}
        slots |= self.facts.shadows[-1]
        self.frames = self.frames[:-1]
        self.facts = self.facts._replace(slots=slots, shadows=self.facts.shadows[:-1])
        self.trail = tuple(name for name in self.trail if self.flow.homes.get(name) != caller.flow)

    def _unwind(self, target: str) -> None:
        """Leave the sub-flows that a target is not in, as when a caller asks for a person in one."""
        home = self.flow.homes.get(target)
        while self.frames and self.home != home:
            self._leave_frame()

    @property
    def home(self) -> str:
        """Return the sub-flow that is running, "" for none."""
        caller = self.flow.called_by(self.frames[-1]) if self.frames else None
        return caller.flow if caller else ""

    # ---- actions, queues, the end

    def _missing(self, node: Do) -> str | None:
        """Return the node that asks for the first slot the action lacks, if there is one."""
        self.fixed = False
        for name, value in node.inputs.items():
            optional = node.action.inputs.get(name, "").endswith("?")
            if isinstance(value, str) and value.startswith("$") and not optional:
                path = tuple(value[1:].split("."))
                asker = self.asker_of(path[0])
                if asker is not None and lookup(self.facts.slots, path) is None:
                    return asker
        return None

    def asker_of(self, slot: str) -> str | None:
        """Return the node that asks for a slot, here or in the sub-flow that is running."""
        collectors = self.flow.collectors
        return collectors.get(f"{self.home}.{slot}") or collectors.get(slot)

    def _act(self, node: Do) -> None:
        if self.acts >= MAX_ACTS:
            return self.give_up(Exit(self.flow.give_up))
        kinds = node.action.inputs
        inputs = {
            name: self.message(str(value)) if kinds.get(name, "").startswith("message") else self.input(value)
            for name, value in node.inputs.items()
        }
        self.node, self.acting, self.acts = node.name, node.action.name, self.acts + 1
        words = self.worded(node.filler or self.flow.phrases["filler"])
        self.effect = Act(node.action.name, inputs, node.name, Say(words, node.name, self.language))

    def input(self, value: Value) -> Value:
        """Return what an input of an action or sub-flow comes to: a constant, or a `$slot`."""
        if not (isinstance(value, str) and value.startswith("$")):
            return value
        return number_of(self.fact(value[1:]))

    def message(self, name: str) -> Value:
        """Return what is written to a customer, with its slots filled; holes of LATER stay for the action."""
        template = self.flow.messages.get(name)
        if template is None:
            return None
        return {
            "name": name,
            "subject": self._written(template.subject),
            "text": self._written(template.text),
        }

    def _written(self, template: str) -> str:
        parts = _LATER.split(template)
        return "".join(part if number % 2 else self.worded(part) for number, part in enumerate(parts))

    def _queue(self, node: Queue) -> None:
        if node.say:
            self.say(node.say, node.name)
        self.node = node.name
        self.wait(node)

    def wait(self, node: Queue) -> None:
        """Let the caller wait for a person, or go on waiting."""
        skills = {}
        for name, level in node.skills.items():
            wanted = self.fact(name[1:]) if name.startswith("$") else name
            if wanted is not None:
                skills[str(wanted)] = level
        self.said.append(
            JoinQueue(
                node.queue,
                skills,
                node.priority,
                self.matter,
                node.announce_every_ms,
                node.announce,
                node.music,
                node.callback_after_ms,
                node.overflow_after_ms,
            )
        )

    def _forward(self, node: Forward) -> None:
        if node.say:
            self.say(node.say, node.name)
        self.node = node.name
        self.said.append(Transfer(node.to, node.name, node.timeout_ms))

    def _goodbye(self, node: Goodbye) -> None:
        self.say(node.say, node.name, barge_in=False)
        self.node = node.name
        self.end(node.outcome or self.came_to or "resolved")

    def end(self, outcome: str) -> None:
        """Hang up."""
        self.said.append(HangUp(outcome))
        self.outcome = outcome

    def give_up(self, leave: Exit) -> None:
        """Leave for a person with a word of regret; a way of a node's own needs none."""
        if leave.goto == self.flow.give_up:
            self.say(self.flow.phrases["giving_up"], self.node)
        self.enter(leave)

    # ---- words

    def prompt(self, variants: Variants, node: str, *, barge_in: bool = True, whole: bool = False) -> None:
        """Say one of a prompt's wordings: the call's own, and shorter from its second time on."""
        prompt = variants[0]
        if len(variants) > 1:
            self.fixed = False
            prompt = drawn(variants, self.facts.draw)
        text = prompt.text
        if prompt.short is not None and not whole:
            self.fixed = False
            if node in self.facts.heard:
                text = prompt.short
            else:
                self.facts = self.facts._replace(heard=(*self.facts.heard, node)[-MOST_HEARD:])
        self.say(text, node, barge_in=barge_in, variant=prompt.variant)

    def say(self, template: str, node: str, *, barge_in: bool = True, variant: str = "") -> None:
        """Add one prompt to the replies."""
        text = self.worded(template) if "{" in template else template
        if text:
            self.said.append(Say(text, node, self.language, barge_in, variant))

    def worded(self, template: str) -> str:
        """Return a text with its slots filled."""
        if "{" not in template:
            return template
        self.fixed = False
        facts: dict[str, Value] = dict(self.facts.slots)
        for hole in holes(template):
            if hole.path[0] not in facts:
                facts[hole.path[0]] = self.fact(hole.path[0])
        return render(template, facts, self.saying())

    def saying(self) -> Saying:
        """Return what texts need beside the slots."""
        return Saying(self.event.at, self.flow.zone, self.flow.phrases, self.language)

    @property
    def today(self) -> date:
        """Return the day at the shop."""
        self.fixed = False
        return self.event.at.astimezone(zone_of(self.flow.zone)).date()

    # ---- facts and conditions

    def _holds(self, conditions: tuple[Condition, ...]) -> bool:
        return all(true_of(self.fact(c.slot), c) for c in conditions)

    def fact(self, name: str) -> Value:
        """Return a slot, or one of the things that the engine itself knows."""
        self.fixed = False
        match name.split("."):
            case ["caller"]:
                return self.facts.caller or None
            case ["called"]:
                return self.facts.called or None
            case ["said"]:
                return self.event.text if isinstance(self.event, Spoke) else None
            case ["language"]:
                return self.language
            case ["matter"]:
                return self.matter
            case ["draw"]:
                return self.facts.draw
            case ["tries", node]:
                return self.facts.visits.get(node, 0)
            case ["hours"]:
                return {name: self._hours(name) for name in self.flow.calendars}
            case ["hours", calendar]:
                return self._hours(calendar)["state"]
            case ["hours", calendar, part]:
                return self._hours(calendar).get(part)
            case path:
                return lookup(self.facts.slots, tuple(path))

    def _hours(self, calendar: str) -> dict[str, Value]:
        status = self.flow.calendars[calendar].status(self.event.at)
        return {
            "state": status.state,
            "opens": status.opens.isoformat() if status.opens else None,
            "closes": status.closes.isoformat() if status.closes else None,
            "holiday": status.holiday,
        }


def drawn(variants: Variants, draw: int) -> Prompt:
    """Return the wording that falls to a lot of 0 to 99, by the shares of the wordings."""
    at = draw % 100 * sum(prompt.share for prompt in variants) // 100
    for prompt in variants:
        at -= prompt.share
        if at < 0:
            return prompt
    return variants[-1]


def _format_of(node: object) -> str:
    """Return the format in which the answer to a question is read back."""
    if not isinstance(node, Collect):
        return "text"
    match node.kind:
        case "digits" | "order_number":
            return "digits"
        case "phone":
            return "phone"
        case "amount":
            return "money"
        case "date":
            return "day"
        case "text" if node.spelled:
            return "letters"
        case _:
            return "text"


def number_of(value: Value) -> Value:
    """Return a value as actions take it: a record stands for its number."""
    return value.get("number", value) if isinstance(value, dict) else value


def true_of(value: Value, condition: Condition) -> bool:
    """Return whether a condition holds of a value; an unknown slot only fails to be known."""
    match condition.test:
        case "known":
            return (value is not None) == bool(condition.value)
        case "is":
            return value is not None and _text(value) == _text(condition.value)
        case "one_of":
            wanted = condition.value if isinstance(condition.value, list) else [condition.value]
            return value is not None and _text(value) in map(_text, wanted)
        case "at_least":
            return _number(value) >= _number(condition.value)
        case "at_most":
            return value is not None and _number(value) <= _number(condition.value)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(number_of(value))


def _number(value: Value) -> Decimal:
    try:
        number = Decimal(str(value.get("amount") if isinstance(value, dict) else value))
    except InvalidOperation:
        return Decimal("-Infinity")
    return Decimal("-Infinity") if number.is_nan() else number
