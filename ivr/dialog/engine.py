"""The dialogue engine: flow, state and event in; new state, replies and at most one effect out.

No I/O, no clock, no randomness. `step` is total: no event in any state raises, and an event that a
node does not know changes nothing. The behaviour at a listening node is VoiceXML's (W3C VoiceXML
2.1, sections 2.3 and 5.3): counted misses with tapered prompts, keys and speech side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Literal, NamedTuple

from ivr.dialog.actions import Act, Expect, HangUp, JoinQueue, Listen, Reply, Say
from ivr.dialog.events import Acted, CallStarted, Event, HungUp, Pressed, Silent, Spoke, Value
from ivr.dialog.flow import (
    Collect,
    Condition,
    Decide,
    Do,
    Exit,
    Flow,
    Goodbye,
    Listening,
    Menu,
    Queue,
    Tell,
    give_up_of,
)
from ivr.dialog.hearing import Fill, Heard, Move, Order, hear, hear_keys, slots_in
from ivr.dialog.prompts import Saying, lookup, render, spell
from ivr.dialog.spoken import yes_or_no

MAX_HOPS = 60
"""Nodes passed in one step; the loader makes sure that every circle has a listening node."""
MAX_ACTS = 5
"""Actions run in a row before the caller is heard again."""
TRAIL = 8
"""Listening nodes remembered for "back"."""

MOST_REMEMBERED = 50_000
"""Steps kept in a flow; beyond it all are forgotten."""

Understood = Literal["taken", "unsure", "missed", "nothing"]


@dataclass(frozen=True, slots=True)
class Asking:
    """A heard answer that waits for a yes: it fills the node's slot or leads through an exit."""

    value: Value = None
    exit: Exit | None = None
    intent: str | None = None
    words: str = ""


class Place(NamedTuple):
    """Where a call stands, apart from who calls and what was told. Equal for many calls."""

    node: str
    language: str = "en"
    misses: int = 0
    refusals: int = 0
    acts: int = 0
    asking: Asking | None = None
    acting: str | None = None
    trail: tuple[str, ...] = ()
    matter: str | None = None
    handled: bool = False
    outcome: str | None = None


class Facts(NamedTuple):
    """Who calls, and what was told or found."""

    caller: str = ""
    slots: Mapping[str, Value] = MappingProxyType({})


class CallState(NamedTuple):
    """All the engine remembers of a call; small enough for one JSON column (≤ 2 KB)."""

    place: Place
    facts: Facts = Facts()

    @property
    def node(self) -> str:
        """Return the node at which the call stands."""
        return self.place.node

    @property
    def outcome(self) -> str | None:
        """Return what the call came to, None while it goes on."""
        return self.place.outcome

    @property
    def misses(self) -> int:
        """Return the misses at this node so far."""
        return self.place.misses

    @property
    def matter(self) -> str | None:
        """Return the intent that the call is about."""
        return self.place.matter

    @property
    def slots(self) -> Mapping[str, Value]:
        """Return what was told or found."""
        return self.facts.slots


class Told(NamedTuple):
    """What a step makes of an event: what the caller meets, and what must be done."""

    replies: tuple[Reply, ...] = ()
    effect: Act | None = None
    understood: Understood = "nothing"
    path: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()


class Step(NamedTuple):
    """Where the call stands now, what the caller meets, and what must be done for it.

    `understood` tells what became of the caller's words, for the turn-taking and for reports;
    `path` are the nodes that were passed or reached, in order.
    """

    state: CallState
    told: Told = Told()

    @property
    def replies(self) -> tuple[Reply, ...]:
        """Return what the caller meets, in order."""
        return self.told.replies

    @property
    def effect(self) -> Act | None:
        """Return the business action to run, if there is one."""
        return self.told.effect

    @property
    def understood(self) -> Understood:
        """Return what became of the caller's answer."""
        return self.told.understood

    @property
    def path(self) -> tuple[str, ...]:
        """Return the nodes passed or reached."""
        return self.told.path

    @property
    def exits(self) -> tuple[str, ...]:
        """Return the names of the exits taken."""
        return self.told.exits


_new = tuple.__new__
"""Makes a state without the argument handling of its class: half the cost of a remembered step."""


def begin(flow: Flow) -> CallState:
    """Return the state of a call that has not started yet."""
    return CallState(Place(flow.start, flow.language))


def step(flow: Flow, state: CallState, event: Event) -> Step:
    """Advance one call by one event.

    What a key does at a place is the same for every caller unless slots, the caller or the time
    come into it. Such steps are remembered in the flow, by value.
    """
    if type(event) is not Pressed:
        return _stepped(flow, state, event)[0]
    key = (state.place, event.digits)
    known = flow.steps.get(key)
    if known is not None:
        place, told = known
        return _new(Step, (_new(CallState, (place, state.facts)), told))
    done, fixed = _stepped(flow, state, event)
    if fixed:
        if len(flow.steps) >= MOST_REMEMBERED:
            flow.steps.clear()
        flow.steps[key] = done.state.place, done.told
    return done


def _stepped(flow: Flow, state: CallState, event: Event) -> tuple[Step, bool]:
    """Work a step out; the flag tells whether it depends on nothing but place and event."""
    if state.place.outcome is not None:
        return Step(state), False
    turn = _Turn(flow, state, event)
    match flow.nodes[turn.node], event:
        case Queue(), HungUp():
            turn.outcome = "transferred"  # a caller who leaves in a queue was handed over
        case _, HungUp():
            turn.outcome = "resolved" if turn.handled else "gave_up"
        case _, CallStarted(caller=caller):
            turn.restart(caller)
            turn.enter(Exit(flow.start))
        case Do() as node, Acted() if event.action == turn.acting:
            turn.acted(node, event)
        case Menu() | Collect() as node, Pressed() | Spoke() | Silent():
            turn.acts = 0
            if turn.asking is not None:
                turn.confirmed(node, turn.asking)
            else:
                turn.answered(node)
        case _:
            return Step(state), False
    return turn.done(), turn.fixed


def rescue(flow: Flow, state: CallState, event: Event) -> Step:
    """Leave any state for the give-up node with an apology: something broke on our side."""
    if state.outcome is not None:
        return Step(state)
    turn = _Turn(flow, state, event)
    turn.say(flow.phrases["apology"], turn.node)
    turn.enter(Exit(flow.give_up))
    return turn.done()


class _Turn:
    """One step in the making: the place as it changes and the replies as they gather.

    `fixed` becomes false as soon as slots, the caller or the time come into it.
    """

    __slots__ = (
        "acting", "acts", "asking", "caller", "effect", "event", "exits", "fixed", "flow", "handled",
        "language", "matter", "misses", "node", "outcome", "path", "refusals", "said", "slots", "trail",
        "understood",
    )  # fmt: skip

    def __init__(self, flow: Flow, state: CallState, event: Event) -> None:
        self.flow, self.event = flow, event
        (
            self.node, self.language, self.misses, self.refusals, self.acts, self.asking, self.acting,
            self.trail, self.matter, self.handled, self.outcome,
        ) = state.place  # fmt: skip
        self.caller, self.slots = state.facts
        self.said: list[Reply] = []
        self.path: list[str] = []
        self.exits: list[str] = []
        self.effect: Act | None = None
        self.understood: Understood = "nothing"
        self.fixed = True

    def restart(self, caller: str) -> None:
        """Begin a call afresh."""
        self.__init__(self.flow, begin(self.flow), self.event)  # type: ignore[misc]
        self.caller = caller

    def done(self) -> Step:
        """Return the finished step."""
        place = Place(
            self.node, self.language, self.misses, self.refusals, self.acts, self.asking, self.acting,
            self.trail, self.matter, self.handled, self.outcome,
        )  # fmt: skip
        told = Told(tuple(self.said), self.effect, self.understood, tuple(self.path), tuple(self.exits))
        return Step(CallState(place, Facts(self.caller, self.slots)), told)

    # ---- arriving

    def enter(self, leave: Exit) -> None:
        """Go through an exit, on over every node that does not wait, to one that does."""
        self.asking = self.acting = None
        for _ in range(MAX_HOPS):
            self._through(leave)
            node = self.flow.nodes[leave.goto]
            again = node.name in self.path
            self.path.append(node.name)
            match node:
                case Tell():
                    self.say(node.say, node.name, barge_in=node.barge_in)
                    leave = node.exit
                case Decide():
                    leave = next(rule.exit for rule in node.rules if self._holds(rule.conditions))
                case Collect() if not again and self._knows(node.slot):
                    leave = node.exit
                case Menu() | Collect():
                    return self.open(node)
                case Do():
                    needed = self._missing(node)
                    if needed is None:
                        return self._act(node)
                    leave = Exit(needed)
                case Queue():
                    return self._queue(node)
                case Goodbye():
                    return self._goodbye(node)
        raise AssertionError(f"the circle through '{leave.goto}' has no listening node")

    def _through(self, leave: Exit) -> None:
        if leave.name:
            self.exits.append(leave.name)
        if leave.say:
            self.say(leave.say, self.node)
        if leave.forget:
            self._forget(*leave.forget)

    def _forget(self, *names: str) -> None:
        self.fixed = False
        self.slots = {name: value for name, value in self.slots.items() if name not in names}

    def _fill(self, name: str, value: Value) -> None:
        self.fixed = False
        self.slots = {**self.slots, name: value}

    def _knows(self, slot: str) -> bool:
        self.fixed = False
        return self.slots.get(slot) is not None

    def open(self, node: Listening) -> None:
        """Arrive at a listening node fresh."""
        self.node, self.misses, self.asking, self.acting = node.name, 0, None, None
        self.handled = self.handled or (isinstance(node, Menu) and node.open and self.acts > 0)
        if self.trail[-1:] != (node.name,):
            self.trail = (*self.trail, node.name)[-TRAIL:]
        self.say(node.prompts.say, node.name, barge_in=node.prompts.barge_in)
        self._listen(node)

    def _listen(self, node: Listening) -> None:
        self.said.append(self.flow.listens[node.name])

    def _missing(self, node: Do) -> str | None:
        """Return the node that asks for the first slot the action lacks, if there is one."""
        self.fixed = False
        for value in node.inputs.values():
            if isinstance(value, str) and value.startswith("$"):
                path = tuple(value[1:].split("."))
                if lookup(self.slots, path) is None and path[0] in self.flow.collectors:
                    return self.flow.collectors[path[0]]
        return None

    def _act(self, node: Do) -> None:
        if self.acts >= MAX_ACTS:
            return self._give_up(Exit(self.flow.give_up))
        inputs = {name: self._input(value) for name, value in node.inputs.items()}
        self.node, self.acting, self.acts = node.name, node.action.name, self.acts + 1
        words = render(node.filler or self.flow.phrases["filler"], self.slots, self._saying())
        self.effect = Act(node.action.name, inputs, node.name, Say(words, node.name, self.language))

    def _input(self, value: Value) -> Value:
        if not (isinstance(value, str) and value.startswith("$")):
            return value
        if value == "$caller":
            return self.caller
        found = lookup(self.slots, tuple(value[1:].split(".")))
        return found.get("number", found) if isinstance(found, dict) else found

    def _queue(self, node: Queue) -> None:
        if node.say:
            self.say(node.say, node.name)
        self.node = node.name
        skills = {
            (self.language if name == "$language" else name): level for name, level in node.skills.items()
        }
        self.said.append(JoinQueue(node.queue, skills, node.priority, self.matter, node.announce_every_ms))

    def _goodbye(self, node: Goodbye) -> None:
        self.say(node.say, node.name, barge_in=False)
        self.said.append(HangUp(node.outcome))
        self.node, self.outcome = node.name, node.outcome

    # ---- what came back

    def acted(self, node: Do, event: Acted) -> None:
        """Take the exit that the action's outcome names."""
        if event.data:
            self._fill(node.result, dict(event.data))
        leave = node.exits.get(event.outcome) or node.exits.get("unavailable")
        if leave is None:
            return self._give_up(Exit(self.flow.give_up))
        target = self.flow.nodes[leave.goto]
        if isinstance(target, Collect) and _uses(node, target.slot):
            return self._refused(target, leave)
        return self.enter(leave)

    def _refused(self, target: Collect, leave: Exit) -> None:
        """The shop does not accept what was collected: ask again, as often as for a miss."""
        self.refusals += 1
        self._through(leave)
        self._forget(target.slot)
        if self.refusals >= target.patience.tries:
            return self._give_up(give_up_of(target))
        return self.enter(Exit(target.name))

    # ---- what the caller answered

    def answered(self, node: Listening) -> None:
        """Take the caller's answer by its confidence: take it, ask for a yes, or ask again."""
        heard = self._heard(node)
        if heard is None:
            return self._missed(node)
        if heard.confidence >= self.flow.confidence.take and not _must_confirm(node, heard):
            return self._take(node, heard)
        if heard.confidence >= self.flow.confidence.confirm and _can_be_asked(heard):
            return self._ask_back(node, heard)
        return self._missed(node)

    def _heard(self, node: Listening) -> Heard | None:
        match self.event:
            case Pressed(digits=digits):
                return hear_keys(self.flow, node, digits)
            case Spoke():
                return hear(self.flow, node, self.event, self.matter)
            case _:
                return None

    def _take(self, node: Listening, heard: Heard) -> None:
        self.understood = "taken"
        match heard:
            case Order():
                return self._obey(node, heard)
            case Fill():
                self._fill(heard.slot, heard.value)
                return self.enter(heard.exit)
            case Move():
                self._note_matter(heard.intent)
                return self.enter(self._with_told(heard.exit))

    def _note_matter(self, intent: str | None) -> None:
        if intent and intent not in ("yes", "no"):
            self.matter, self.handled, self.refusals = intent, False, 0

    def _with_told(self, leave: Exit) -> Exit:
        """Mixed initiative: fill what the same sentence already told; the exit keeps it."""
        if not isinstance(self.event, Spoke) or self.event.confidence < self.flow.confidence.take:
            return leave
        told = slots_in(self.flow, self.event.text)
        if not told:
            return leave
        for name, value in told.items():
            self._fill(name, value)
        return replace(leave, forget=tuple(name for name in leave.forget if name not in told))

    def _obey(self, node: Listening, order: Order) -> None:
        command = order.command
        if command.goto is not None:
            self.matter = self.matter or command.name
            return self.enter(command.goto)
        match command.do:
            case "back" if len(self.trail) > 1:
                return self._back()
            case "help":
                self.say(node.prompts.help or self.flow.phrases["help"], node.name)
            case _:
                pass
        self.asking = None
        self.say(node.prompts.say, node.name, barge_in=node.prompts.barge_in)
        return self._listen(node)

    def _back(self) -> None:
        """Return to the listening node before this one and forget what it had collected."""
        *earlier, before, _ = self.trail
        node = self.flow.nodes[before]
        if isinstance(node, Collect):
            self._forget(node.slot)
        self.trail = tuple(earlier)
        self.enter(Exit(before))

    def _ask_back(self, node: Listening, heard: Heard) -> None:
        question = "heard"
        match heard:
            case Fill(value=value):
                words = spell(value, _format_of(node), self._saying())
                self.asking = Asking(value=value, exit=heard.exit, words=words)
                question = "heard_number" if _format_of(node) == "digits" else "heard"
            case Move(exit=leave, intent=intent, label=label):
                self.asking = Asking(exit=leave, intent=intent, words=label)
            case Order(command=command):
                words = self.flow.labels.get(command.name, command.name)
                self.asking = Asking(exit=command.goto, words=words)
        self.understood = "unsure"
        assert self.asking is not None
        self.say(self.flow.phrases[question].replace("{heard}", self.asking.words), node.name)
        expect, patience = Expect("yes_no"), node.patience.no_input_ms
        self.said.append(Listen(expect, node.name, self.language, no_input_ms=patience))

    def confirmed(self, node: Listening, asking: Asking) -> None:
        """Take the caller's yes or no to what was read back; a new answer replaces the old one."""
        self.asking = None
        answer: bool | None = None
        match self.event:
            case Pressed(digits="1"):
                answer = True
            case Pressed(digits="2"):
                answer = False
            case Spoke(text=text):
                answer = yes_or_no(text)
        if answer is True:
            return self._take_asked(node, asking)
        heard = self._corrected(node)
        if heard is not None:
            return self._take(node, heard)
        return self._missed(node, heard_wrong=answer is False)

    def _take_asked(self, node: Listening, asking: Asking) -> None:
        self.understood = "taken"
        if isinstance(node, Collect) and asking.value is not None:
            self._fill(node.slot, asking.value)
            return self.enter(node.exit)
        if asking.exit is None:
            return self.open(node)
        self._note_matter(asking.intent)
        return self.enter(asking.exit)

    def _corrected(self, node: Listening) -> Heard | None:
        """Return a sure new answer: "no, four six not four five", a command, another number."""
        if isinstance(self.event, Pressed) and self.event.digits in ("1", "2"):
            return None
        heard = self._heard(node)
        return heard if heard is not None and heard.confidence >= self.flow.confidence.take else None

    def _missed(self, node: Listening, *, heard_wrong: bool = False) -> None:
        """Ask again in other words, or give up to a person after the node's tries."""
        self.misses += 1
        self.understood = "missed"
        if self.misses >= node.patience.tries:
            return self._give_up(give_up_of(node))
        prompts = node.prompts
        if heard_wrong:
            self.say(self.flow.phrases["heard_wrong"], node.name)
            self.say(prompts.say, node.name, barge_in=prompts.barge_in)
        elif prompts.say_again:
            again = prompts.say_again[min(self.misses, len(prompts.say_again)) - 1]
            self.say(again, node.name, barge_in=prompts.barge_in)
        else:
            nothing = isinstance(self.event, Silent)
            self.say(self.flow.phrases["nothing_heard" if nothing else "sorry"], node.name)
            self.say(prompts.say, node.name, barge_in=prompts.barge_in)
        return self._listen(node)

    def _give_up(self, leave: Exit) -> None:
        self.say(self.flow.phrases["giving_up"], self.node)
        self.enter(leave)

    # ---- words

    def say(self, template: str, node: str, *, barge_in: bool = True) -> None:
        """Add one prompt to the replies."""
        text = template
        if "{" in template:
            self.fixed = False
            text = render(template, self.slots, self._saying())
        if text:
            self.said.append(Say(text, node, self.language, barge_in))

    def _saying(self) -> Saying:
        return Saying(self.event.at, self.flow.zone, self.flow.phrases)

    def _holds(self, conditions: tuple[Condition, ...]) -> bool:
        self.fixed = False
        return all(_true_of(self._fact(c.slot), c) for c in conditions)

    def _fact(self, name: str) -> Value:
        match name:
            case "caller":
                return self.caller or None
            case "language":
                return self.language
            case "matter":
                return self.matter
            case _:
                return lookup(self.slots, tuple(name.split(".")))


def _uses(node: Do, slot: str) -> bool:
    return any(isinstance(value, str) and value.split(".")[0] == f"${slot}" for value in node.inputs.values())


def _must_confirm(node: Listening, heard: Heard) -> bool:
    return isinstance(heard, Fill) and isinstance(node, Collect) and node.confirm == "always"


def _true_of(value: Value, condition: Condition) -> bool:
    """Return whether a condition holds of a value; an unknown slot only fails to be known."""
    match condition.test:
        case "known":
            return (value is not None) == bool(condition.value)
        case "is":
            return value is not None and str(value) == str(condition.value)
        case "one_of":
            wanted = condition.value if isinstance(condition.value, list) else [condition.value]
            return value is not None and str(value) in map(str, wanted)
        case "at_least":
            return _number(value) >= _number(condition.value)


def _number(value: Value) -> Decimal:
    try:
        return Decimal(str(value.get("amount") if isinstance(value, dict) else value))
    except InvalidOperation:
        return Decimal("-Infinity")


def _can_be_asked(heard: Heard) -> bool:
    return not (isinstance(heard, Order) and heard.command.goto is None)


def _format_of(node: Listening) -> str:
    if isinstance(node, Collect) and node.kind in ("digits", "order_number", "phone"):
        return "digits"
    return "money" if isinstance(node, Collect) and node.kind == "amount" else "text"
