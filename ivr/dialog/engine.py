"""The dialogue engine: flow, state and event in; new state, replies and at most one effect out.

No I/O, no clock, no randomness. `step` is total: no event in any state raises, and an event that a
node does not know changes nothing. The behaviour at a listening node is VoiceXML's (W3C VoiceXML
2.1, sections 2.3 and 5.3): counted misses with tapered prompts, keys and speech side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Literal

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

Understood = Literal["taken", "unsure", "missed", "nothing"]


@dataclass(frozen=True, slots=True)
class Asking:
    """A heard answer that waits for a yes: it fills the node's slot or leads through an exit."""

    value: Value = None
    exit: Exit | None = None
    intent: str | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class CallState:
    """All the engine remembers of a call; small enough for one JSON column (≤ 2 KB)."""

    node: str
    language: str = "en"
    caller: str = ""
    slots: Mapping[str, Value] = field(default_factory=dict)
    misses: int = 0
    refusals: int = 0
    acts: int = 0
    asking: Asking | None = None
    acting: str | None = None
    trail: tuple[str, ...] = ()
    matter: str | None = None
    handled: bool = False
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Where the call stands now, what the caller meets, and what must be done for it.

    `understood` tells what became of the caller's words, for the turn-taking and for reports;
    `path` are the nodes that were passed or reached, in order.
    """

    state: CallState
    replies: tuple[Reply, ...] = ()
    effect: Act | None = None
    understood: Understood = "nothing"
    path: tuple[str, ...] = ()


def begin(flow: Flow) -> CallState:
    """Return the state of a call that has not started yet."""
    return CallState(flow.start, flow.language)


def step(flow: Flow, state: CallState, event: Event) -> Step:
    """Advance one call by one event."""
    if state.outcome is not None:
        return Step(state)
    turn = _Turn(flow, state, event)
    match flow.nodes[state.node], event:
        case _, HungUp():
            return Step(replace(state, outcome=_outcome_of_hang_up(flow, state)))
        case _, CallStarted(caller=caller):
            turn.state = replace(begin(flow), caller=caller)
            return turn.enter(Exit(flow.start))
        case Do() as node, Acted() if event.action == state.acting:
            return turn.acted(node, event)
        case Menu() | Collect() as node, Pressed() | Spoke() | Silent():
            turn.state = replace(state, acts=0)
            return turn.confirmed(node) if state.asking else turn.answered(node)
        case _:
            return Step(state)


def rescue(flow: Flow, state: CallState, event: Event) -> Step:
    """Leave any state for the give-up node with an apology: something broke on our side."""
    if state.outcome is not None:
        return Step(state)
    turn = _Turn(flow, replace(state, asking=None, acting=None), event)
    turn.say(flow.phrases["apology"], state.node)
    return turn.enter(Exit(flow.give_up))


def _outcome_of_hang_up(flow: Flow, state: CallState) -> str:
    """A caller who leaves in a queue was transferred; one whose matter was told is served."""
    if isinstance(flow.nodes[state.node], Queue):
        return "transferred"
    return "resolved" if state.handled else "gave_up"


class _Turn:
    """One step in the making: the state as it changes and the replies as they gather."""

    __slots__ = ("event", "flow", "path", "said", "saying", "state")

    def __init__(self, flow: Flow, state: CallState, event: Event) -> None:
        self.flow, self.state, self.event = flow, state, event
        self.said: list[Reply] = []
        self.path: list[str] = []
        self.saying = Saying(event.at, flow.zone, flow.phrases)

    # ---- arriving

    def enter(self, leave: Exit, understood: Understood = "nothing") -> Step:
        """Go through an exit, on over every node that does not wait, to one that does."""
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
                case Collect() if not again and self.state.slots.get(node.slot) is not None:
                    leave = node.exit
                case Menu() | Collect():
                    return self.open(node, understood)
                case Do():
                    needed = self._missing(node)
                    if needed is None:
                        return self._act(node, understood)
                    leave = Exit(needed, forget=())
                case Queue():
                    return self._queue(node, understood)
                case Goodbye():
                    return self._goodbye(node, understood)
        raise AssertionError(f"the circle through '{leave.goto}' has no listening node")

    def _done(self, understood: Understood, effect: Act | None = None) -> Step:
        return Step(self.state, tuple(self.said), effect, understood, tuple(self.path))

    def _through(self, leave: Exit) -> None:
        if leave.say:
            self.say(leave.say, self.state.node)
        if leave.forget:
            kept = {k: v for k, v in self.state.slots.items() if k not in leave.forget}
            self.state = replace(self.state, slots=kept)

    def open(self, node: Listening, understood: Understood) -> Step:
        """Arrive at a listening node fresh."""
        state = self.state
        handled = state.handled or (isinstance(node, Menu) and node.open and state.acts > 0)
        trail = state.trail if state.trail[-1:] == (node.name,) else (*state.trail, node.name)
        self.state = replace(
            state,
            node=node.name,
            misses=0,
            asking=None,
            acting=None,
            trail=trail[-TRAIL:],
            handled=handled,
        )
        self.say(node.prompts.say, node.name, barge_in=node.prompts.barge_in)
        return self._listening(node, understood)

    def _listening(self, node: Listening, understood: Understood) -> Step:
        self.said.append(self.flow.listens[node.name])
        return self._done(understood)

    def _missing(self, node: Do) -> str | None:
        """Return the node that asks for the first slot the action lacks, if there is one."""
        for value in node.inputs.values():
            if isinstance(value, str) and value.startswith("$"):
                path = tuple(value[1:].split("."))
                if lookup(self.state.slots, path) is None and path[0] in self.flow.collectors:
                    return self.flow.collectors[path[0]]
        return None

    def _act(self, node: Do, understood: Understood) -> Step:
        if self.state.acts >= MAX_ACTS:
            return self._give_up(self.flow.give_up, understood)
        inputs = {name: self._input(value) for name, value in node.inputs.items()}
        self.state = replace(
            self.state, node=node.name, acting=node.action.name, acts=self.state.acts + 1, asking=None
        )
        filler = node.filler or self.flow.phrases["filler"]
        said = Say(render(filler, self.state.slots, self.saying), node.name, self.state.language)
        effect = Act(node.action.name, inputs, node.name, said)
        return self._done(understood, effect)

    def _input(self, value: Value) -> Value:
        if not (isinstance(value, str) and value.startswith("$")):
            return value
        if value == "$caller":
            return self.state.caller
        found = lookup(self.state.slots, tuple(value[1:].split(".")))
        return found.get("number", found) if isinstance(found, dict) else found

    def _queue(self, node: Queue, understood: Understood) -> Step:
        if node.say:
            self.say(node.say, node.name)
        self.state = replace(self.state, node=node.name, acting=None, asking=None)
        skills = {
            (self.state.language if name == "$language" else name): level
            for name, level in node.skills.items()
        }
        self.said.append(
            JoinQueue(node.queue, skills, node.priority, self.state.matter, node.announce_every_ms)
        )
        return self._done(understood)

    def _goodbye(self, node: Goodbye, understood: Understood) -> Step:
        self.say(node.say, node.name, barge_in=False)
        self.said.append(HangUp(node.outcome))
        self.state = replace(self.state, node=node.name, outcome=node.outcome, acting=None)
        return self._done(understood)

    # ---- what came back

    def acted(self, node: Do, event: Acted) -> Step:
        """Take the exit that the action's outcome names."""
        slots = self.state.slots
        if event.data:
            slots = {**slots, node.result: dict(event.data)}
        leave = node.exits.get(event.outcome) or node.exits.get("unavailable")
        if leave is None:
            return self._give_up(self.flow.give_up, "nothing")
        self.state = replace(self.state, slots=slots, acting=None)
        target = self.flow.nodes[leave.goto]
        if isinstance(target, Collect) and self._used(node, target.slot):
            return self._refused(target, leave)
        return self.enter(leave)

    def _used(self, node: Do, slot: str) -> bool:
        return any(
            isinstance(value, str) and value.split(".")[0] == f"${slot}" for value in node.inputs.values()
        )

    def _refused(self, target: Collect, leave: Exit) -> Step:
        """The shop does not accept what was collected: ask again, as often as for a miss."""
        refusals = self.state.refusals + 1
        self.state = replace(self.state, refusals=refusals)
        self._through(replace(leave, forget=(*leave.forget, target.slot)))
        if refusals >= target.patience.tries:
            return self._give_up(target.patience.give_up, "nothing")
        return self.enter(Exit(target.name))

    # ---- what the caller answered

    def answered(self, node: Listening) -> Step:
        """Take the caller's answer by its confidence: take it, ask for a yes, or ask again."""
        heard: Heard | None = None
        match self.event:
            case Pressed(digits=digits):
                heard = hear_keys(self.flow, node, digits)
            case Spoke():
                heard = hear(self.flow, node, self.event, self.state.matter)
        if heard is None:
            return self._missed(node)
        if heard.confidence >= self.flow.confidence.take and not self._must_confirm(node, heard):
            return self._take(node, heard)
        if heard.confidence >= self.flow.confidence.confirm and _can_be_asked(heard):
            return self._ask_back(node, heard)
        return self._missed(node)

    def _must_confirm(self, node: Listening, heard: Heard) -> bool:
        return isinstance(heard, Fill) and isinstance(node, Collect) and node.confirm == "always"

    def _take(self, node: Listening, heard: Heard) -> Step:
        match heard:
            case Order():
                return self._obey(node, heard)
            case Fill():
                slots = {**self.state.slots, heard.slot: heard.value}
                self.state = replace(self.state, slots=slots, asking=None)
                return self.enter(heard.exit, "taken")
            case Move():
                self._note_matter(heard.intent)
                return self.enter(self._with_told(heard.exit), "taken")

    def _note_matter(self, intent: str | None) -> None:
        if intent and intent not in ("yes", "no"):
            self.state = replace(self.state, matter=intent, handled=False, refusals=0)

    def _with_told(self, leave: Exit) -> Exit:
        """Mixed initiative: fill what the same sentence already told; the exit keeps it."""
        if not isinstance(self.event, Spoke) or self.event.confidence < self.flow.confidence.take:
            return leave
        told = slots_in(self.flow, self.event.text)
        if not told:
            return leave
        self.state = replace(self.state, slots={**self.state.slots, **told})
        return replace(leave, forget=tuple(name for name in leave.forget if name not in told))

    def _obey(self, node: Listening, order: Order) -> Step:
        command = order.command
        if command.goto is not None:
            self.state = replace(self.state, matter=self.state.matter or command.name)
            return self.enter(command.goto, "taken")
        match command.do:
            case "back" if len(self.state.trail) > 1:
                return self._back()
            case "help":
                self.say(node.prompts.help or self.flow.phrases["help"], node.name)
            case _:
                pass
        self.state = replace(self.state, asking=None)
        self.say(node.prompts.say, node.name, barge_in=node.prompts.barge_in)
        return self._listening(node, "taken")

    def _back(self) -> Step:
        """Return to the listening node before this one and forget what it had collected."""
        *earlier, before, _ = self.state.trail
        node = self.flow.nodes[before]
        slots = self.state.slots
        if isinstance(node, Collect):
            slots = {k: v for k, v in slots.items() if k != node.slot}
        self.state = replace(self.state, trail=tuple(earlier), slots=slots, asking=None)
        return self.enter(Exit(before), "taken")

    def _ask_back(self, node: Listening, heard: Heard) -> Step:
        match heard:
            case Fill(value=value):
                words = spell(value, _format_of(node), self.saying)
                asking = Asking(value=value, exit=heard.exit, words=words)
                question = "heard_number" if _format_of(node) == "digits" else "heard"
            case Move(exit=leave, intent=intent, label=label):
                asking, question = Asking(exit=leave, intent=intent, words=label), "heard"
            case Order(command=command):
                words = self.flow.labels.get(command.name, command.name)
                asking, question = Asking(exit=command.goto, words=words), "heard"
        self.state = replace(self.state, asking=asking)
        return self._ask_yes(node, question)

    def _ask_yes(self, node: Listening, question: str) -> Step:
        assert self.state.asking is not None
        self.say(self.flow.phrases[question].replace("{heard}", self.state.asking.words), node.name)
        self.said.append(
            Listen(
                Expect("yes_no"),
                node.name,
                self.state.language,
                no_input_ms=node.patience.no_input_ms,
            )
        )
        return self._done("unsure")

    def confirmed(self, node: Listening) -> Step:
        """Take the caller's yes or no to what was read back; a new answer replaces the old one."""
        asking = self.state.asking
        assert asking is not None
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
        changed = self._corrected(node)
        if changed is not None:
            self.state = replace(self.state, asking=None)
            return changed
        self.state = replace(self.state, asking=None)
        if answer is False:
            return self._missed(node, heard_wrong=True)
        return self._missed(node)

    def _take_asked(self, node: Listening, asking: Asking) -> Step:
        self.state = replace(self.state, asking=None)
        leave = asking.exit
        if isinstance(node, Collect) and asking.value is not None:
            slots = {**self.state.slots, node.slot: asking.value}
            self.state = replace(self.state, slots=slots)
            return self.enter(node.exit, "taken")
        if leave is None:
            return self.open(node, "taken")
        self._note_matter(asking.intent)
        return self.enter(leave, "taken")

    def _corrected(self, node: Listening) -> Step | None:
        """Take "no, four six not four five", a command, or another number keyed in instead."""
        match self.event:
            case Spoke():
                heard = hear(self.flow, node, self.event, self.state.matter)
            case Pressed(digits=digits) if digits not in ("1", "2"):
                heard = hear_keys(self.flow, node, digits)
            case _:
                return None
        if heard is None or heard.confidence < self.flow.confidence.take:
            return None
        return self._take(node, heard)

    def _missed(self, node: Listening, *, heard_wrong: bool = False) -> Step:
        """Ask again in other words, or give up to a person after the node's tries."""
        misses = self.state.misses + 1
        self.state = replace(self.state, misses=misses, asking=None)
        if misses >= node.patience.tries:
            return self._give_up(node.patience.give_up, "missed")
        prompts = node.prompts
        if heard_wrong:
            self.say(self.flow.phrases["heard_wrong"], node.name)
            self.say(prompts.say, node.name, barge_in=prompts.barge_in)
        elif prompts.say_again:
            again = prompts.say_again[min(misses, len(prompts.say_again)) - 1]
            self.say(again, node.name, barge_in=prompts.barge_in)
        else:
            nothing = isinstance(self.event, Silent)
            self.say(self.flow.phrases["nothing_heard" if nothing else "sorry"], node.name)
            self.say(prompts.say, node.name, barge_in=prompts.barge_in)
        return self._listening(node, "missed")

    def _give_up(self, target: str, understood: Understood) -> Step:
        self.say(self.flow.phrases["giving_up"], self.state.node)
        self.state = replace(self.state, acting=None, asking=None)
        return self.enter(Exit(target), understood)

    # ---- words

    def say(self, template: str, node: str, *, barge_in: bool = True) -> None:
        """Add one prompt to the replies."""
        text = render(template, self.state.slots, self.saying)
        if text:
            self.said.append(Say(text, node, self.state.language, barge_in))

    def _holds(self, conditions: tuple[Condition, ...]) -> bool:
        return all(_true_of(self._fact(c.slot), c) for c in conditions)

    def _fact(self, name: str) -> Value:
        match name:
            case "caller":
                return self.state.caller or None
            case "language":
                return self.state.language
            case "matter":
                return self.state.matter
            case _:
                return lookup(self.state.slots, tuple(name.split(".")))


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
