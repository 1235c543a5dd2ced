"""Random callers: walks through a hotline that try to break what every call is promised.

Promises: every call ends or waits for a person; no caller hears more misses in a row than a node
allows; every outcome that an action names is handled; nothing raises. The dice come as an argument:
a seeded `random.Random`, or hypothesis, which shrinks a failing walk to its shortest form.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ivr.dialog.actions import UNVERIFIED, HangUp, JoinQueue, Listen, Record, Reply, Say, Transfer
from ivr.dialog.engine import begin, step
from ivr.dialog.events import (
    Acted,
    CallStarted,
    Event,
    HungUp,
    Intent,
    Pressed,
    Recorded,
    Silent,
    Spoke,
    Transferred,
    Value,
    Waited,
)
from ivr.dialog.flow import LISTENING, Collect, Do, Flow, Forward, Menu, Node, Queue, Recording
from ivr.dialog.script import NOON
from ivr.dialog.state import CallState, Step

MOST_TURNS = 60
"""Answers that a random caller gives before hanging up; nobody is patient for ever."""
Rank = Callable[[str, str], tuple[Intent, ...]]


@dataclass(slots=True)
class Walk:
    """One random call. `broken` says which promise did not hold."""

    lines: list[str] = field(default_factory=list)
    nodes: set[str] = field(default_factory=set)
    exits: set[str] = field(default_factory=set)
    turns: int = 0
    outcome: str | None = None
    broken: str | None = None


def walk(flow: Flow, rank: Rank, dice: random.Random) -> Walk:
    """Place one random call."""
    call = _Caller(flow, rank, dice)
    try:
        call.run()
    except Exception as error:  # any error is what the walk looks for
        if type(error).__module__.startswith("hypothesis"):
            raise  # the dice have run out: no fault of the hotline
        call.walk.broken = f"{type(error).__name__}: {error}"
    return call.walk


def walks(flow: Flow, rank: Rank, count: int, seed: int) -> Iterator[Walk]:
    """Place `count` random calls by plain dice, for speed; the same seed places the same calls."""
    for number in range(count):
        yield walk(flow, rank, random.Random(f"{seed}:{number}"))


KNOWN: tuple[Mapping[str, Value], ...] = (
    {},
    {"name": "Ada", "rating": "due"},
    {"likely": "late"},
    {"likely": "today"},
)
"""What may be known of a random caller."""


class _Caller:
    def __init__(self, flow: Flow, rank: Rank, dice: random.Random) -> None:
        self.flow, self.rank, self.dice, self.walk = flow, rank, dice, Walk()
        self.now = NOON + timedelta(hours=dice.randint(0, 167))
        self.state: CallState = begin(flow)
        self.replies: tuple[Reply, ...] = ()
        self.misses = ("", 0)

    def run(self) -> None:
        """Call, answer, hang up."""
        language = self.dice.choice(self.flow.languages)
        known = self.dice.choice(KNOWN)
        lot = self.dice.randint(0, 99)
        self._happen(CallStarted(self.now, "+15550101", "", lot, language, known))
        while self.walk.broken is None and self.walk.turns < MOST_TURNS and self.state.outcome is None:
            self.walk.turns += 1
            event = self._answer()
            if isinstance(event, HungUp):
                break
            self._happen(event)
        if self.state.outcome is None:
            self._step(HungUp(self.now))
        self.walk.outcome = self.state.outcome
        if self.walk.broken is None and self.walk.outcome is None:
            self.walk.broken = "the call has no outcome after it ended"

    def _happen(self, event: Event) -> None:
        before = self.state
        done = self._step(event)
        if done.state == before and not done.replies:
            return  # an event that means nothing here, such as a key in a queue
        said = list(done.replies)
        self._count_misses(done, before.node)
        for _ in range(20):
            if done.effect is None:
                break
            done = self._step(self._outcome(done))
            said += done.replies
        else:
            self.walk.broken = f"actions never end at '{self.state.node}'"
        self.replies = tuple(said)
        if not self.replies or not isinstance(
            self.replies[-1], Listen | Record | JoinQueue | Transfer | HangUp
        ):
            self.walk.broken = self.walk.broken or f"nobody listens after '{self.state.node}'"

    def _step(self, event: Event) -> Step:
        done = step(self.flow, self.state, event)
        self.state = done.state
        self.walk.nodes.update(done.path)
        self.walk.exits.update(done.exits)
        self.walk.lines += [f"  hotline  {r.text}   [{r.node}]" for r in done.replies if isinstance(r, Say)]
        return done

    def _count_misses(self, done: Step, at: str) -> None:
        node, count = self.misses
        if done.understood != "missed":
            self.misses = ("", 0)
            return
        self.misses = (at, count + 1 if node == at else 1)
        asked = self.flow.nodes[at]
        if isinstance(asked, LISTENING) and self.misses[1] > asked.question.patience.tries:
            self.walk.broken = f"{self.misses[1]} misses in a row at '{at}'"

    def _outcome(self, done: Step) -> Acted:
        node = self._node()
        assert done.effect is not None
        assert isinstance(node, Do)
        ends = [one for one in node.action.outcomes if node.action.unless.get(one) not in node.inputs]
        unsure = [UNVERIFIED] if node.action.level and self.flow.verify else []
        outcome = self.dice.choice([*ends, *unsure])
        if outcome not in node.exits and "unavailable" not in node.exits:
            self.walk.broken = f"'{node.name}' does not handle '{outcome}'"
        self.walk.lines.append(f"           · {node.action.name} → {outcome}")
        data: dict[str, Value] = {
            "number": "100245",
            "status": self.dice.choice(("paid", "shipped", "delivered", "cancelled")),
            "count": self.dice.randint(1, 3),
            "payment": self.dice.choice(("paid", "failed")),
            "gift": self.dice.random() < 0.2,
            "points_expire": self.dice.choice((None, "2027-06-30")),
            "by": self.dice.choice(("postcode", "pin", "code", "order", "locked")),
        }
        return Acted(self.now, node.action.name, outcome, data if self.dice.random() < 0.8 else {})

    def _node(self) -> Node:
        return self.flow.speaking(self.state.language).nodes[self.state.node]

    # ---- what a random caller does

    def _answer(self) -> Event:
        self.now += timedelta(seconds=self.dice.randint(1, 20))
        node = self._node()
        match node:
            case Queue():
                return self._waiting()
            case Forward():
                return Transferred(self.now, self._noted(self.dice.choice(("answered", *node.exits))))
            case _:
                return self._speaking(node)

    def _waiting(self) -> Event:
        what = self.dice.choice(("waits too long", "key 1", "key 7", "the person hangs up", "hangs up"))
        self._noted(what)
        match what:
            case "waits too long":
                return Waited(self.now, 3_600_000)
            case "the person hangs up":
                return Transferred(self.now, "answered")
            case "hangs up":
                return HungUp(self.now)
            case key:
                return Pressed(self.now, key[-1])

    def _speaking(self, node: Node) -> Event:
        what = self.dice.random()
        if what < 0.12:
            self._noted("silence")
            return Silent(self.now)
        if what < 0.45:
            keys = self._keys(node)
            self._noted(f"keys {keys}")
            return Pressed(self.now, keys)
        text = self._words(node)
        if isinstance(node, Recording):
            self.walk.lines.append(f"  caller   {text}")
            return Recorded(self.now, "walk", 1000, text)
        sure = self.dice.choice((0.3, 0.6, 0.9, 0.95))
        self.walk.lines.append(f"  caller   {text}   ({sure})")
        return Spoke(self.now, text, sure, self.rank(text, self.state.language))

    def _noted(self, what: str) -> str:
        self.walk.lines.append(f"  caller   [{what}]")
        return what

    def _keys(self, node: Node) -> str:
        if isinstance(node, Collect) and self.dice.random() < 0.6:
            return "".join(self._digits(self.dice.randint(*node.digits)))
        if isinstance(node, Menu) and self.dice.random() < 0.7:
            return self.dice.choice([c.key for c in node.choices if c.key] or ["1"])
        return "".join(self.dice.choice("0123456789*#") for _ in range(self.dice.randint(1, 7)))

    def _digits(self, count: int) -> Iterator[str]:
        return (self.dice.choice("0123456789") for _ in range(count))

    def _words(self, node: Node) -> str:
        flow = self.flow.speaking(self.state.language)
        said: list[str] = [
            "mumble",
            "yes",
            "no",
            "no, one zero zero three one one",
            "one zero zero two four five",
            "no, 46 not 45",
            "the second one",
            "on friday",
            "是",
            "不对，是一零零三一一",
        ]
        said += [texts[self.dice.randint(0, len(texts) - 1)] for texts in flow.examples.values()]
        if isinstance(node, LISTENING):
            said += [phrase for command in node.question.commands for phrase in command.phrases]
        if self.state.place.asking is not None:
            said += ["yes"] * (len(said) // 2)  # else nobody would come to what follows a yes
        if isinstance(node, Menu):
            said += [phrase for choice in node.choices for phrase in choice.phrases] * 3
            said += ["yes"] * (len(said) // 3 if any("yes" in one.intents for one in node.choices) else 0)
        if isinstance(node, Collect):
            said += [phrase for phrases in node.values.values() for phrase in phrases] * 3
        return self.dice.choice(said)


def search(
    flow: Flow, rank: Rank, count: int, seed: int, progress: Callable[[int], None] = lambda n: None
) -> tuple[list[Walk], Walk | None]:
    """Let hypothesis place `count` random calls. Return them, and the shortest that breaks a promise.

    hypothesis (MPL-2.0) steers the dice towards calls that differ, and shrinks one that fails.
    """
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st

    done: list[Walk] = []
    failed: list[Walk] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(st.randoms(use_true_random=False))
    def every_call_keeps_the_promises(dice: random.Random) -> None:
        one = walk(flow, rank, dice)
        if not failed:
            done.append(one)
            progress(len(done))
        if one.broken:
            failed.append(one)
            raise AssertionError(one.broken)

    try:
        every_call_keeps_the_promises()
    except AssertionError:
        return done, failed[-1]
    return done, None
