"""Random callers: seeded walks through a hotline that try to break what every call is promised.

Promises: every call ends or waits for a person; no caller hears more misses in a row than a node
allows; every outcome that an action names is handled; nothing raises. Pure: dice and outcomes come
from a seed, so a failing walk can be played again.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from ivr.dialog.actions import HangUp, JoinQueue, Listen, Reply, Say
from ivr.dialog.engine import CallState, Step, begin, step
from ivr.dialog.events import Acted, CallStarted, Event, HungUp, Intent, Pressed, Silent, Spoke
from ivr.dialog.flow import Collect, Do, Flow, Listening, Menu
from ivr.dialog.script import NOON

MOST_TURNS = 60
"""Answers that a random caller gives before hanging up; nobody is patient for ever."""
Rank = Callable[[str], tuple[Intent, ...]]


@dataclass(slots=True)
class Walk:
    """One random call. `broken` says which promise did not hold."""

    number: int
    lines: list[str] = field(default_factory=list)
    nodes: set[str] = field(default_factory=set)
    exits: set[str] = field(default_factory=set)
    turns: int = 0
    outcome: str | None = None
    broken: str | None = None


def walk(flow: Flow, rank: Rank, seed: int, number: int) -> Walk:
    """Place the random call of this seed and number."""
    dice = random.Random(f"{seed}:{number}")
    call = _Caller(flow, rank, dice, Walk(number))
    try:
        call.run()
    except Exception as error:  # any error is what the walk looks for  # noqa: BLE001
        call.walk.broken = f"{type(error).__name__}: {error}"
    return call.walk


class _Caller:
    def __init__(self, flow: Flow, rank: Rank, dice: random.Random, record: Walk) -> None:
        self.flow, self.rank, self.dice, self.walk = flow, rank, dice, record
        self.now = NOON
        self.state: CallState = begin(flow)
        self.replies: tuple[Reply, ...] = ()
        self.misses = 0

    def run(self) -> None:
        self._happen(CallStarted(self.now, "+15550101"))
        while self.walk.broken is None and self.walk.turns < MOST_TURNS:
            if self.state.outcome is not None or any(isinstance(r, JoinQueue) for r in self.replies):
                break
            self.walk.turns += 1
            self._happen(self._answer())
        if self.state.outcome is None:
            self._step(HungUp(self.now))
        self.walk.outcome = self.state.outcome
        if self.walk.broken is None and self.walk.outcome is None:
            self.walk.broken = "the call has no outcome after it ended"

    def _happen(self, event: Event) -> None:
        done = self._step(event)
        said = list(done.replies)
        self._count_misses(done)
        for _ in range(20):
            if done.effect is None:
                break
            done = self._step(self._outcome(done))
            said += done.replies
        else:
            self.walk.broken = f"actions never end at '{self.state.node}'"
        self.replies = tuple(said)
        if not self.replies or not isinstance(self.replies[-1], Listen | JoinQueue | HangUp):
            self.walk.broken = self.walk.broken or f"nobody listens after '{self.state.node}'"

    def _step(self, event: Event) -> Step:
        done = step(self.flow, self.state, event)
        self.state = done.state
        self.walk.nodes.update(done.path)
        self.walk.exits.update(done.exits)
        self.walk.lines += [f"  hotline  {r.text}   [{r.node}]" for r in done.replies if isinstance(r, Say)]
        return done

    def _count_misses(self, done: Step) -> None:
        self.misses = self.misses + 1 if done.understood == "missed" else 0
        most = max(
            (n.patience.tries for n in self.flow.nodes.values() if isinstance(n, Menu | Collect)), default=0
        )
        if self.misses > most:
            self.walk.broken = f"{self.misses} misses in a row"

    def _outcome(self, done: Step) -> Acted:
        node = self.flow.nodes[self.state.node]
        assert done.effect is not None
        assert isinstance(node, Do)
        outcome = self.dice.choice(node.action.outcomes)
        if outcome not in node.exits and "unavailable" not in node.exits:
            self.walk.broken = f"'{node.name}' does not handle '{outcome}'"
        self.walk.lines.append(f"           · {node.action.name} → {outcome}")
        data = {"number": "100245", "status": self.dice.choice(("shipped", "delivered", "cancelled"))}
        return Acted(self.now, node.action.name, outcome, data if self.dice.random() < 0.8 else {})

    # ---- what a random caller does

    def _answer(self) -> Event:
        self.now += timedelta(seconds=self.dice.randint(1, 20))
        node = self.flow.nodes[self.state.node]
        what = self.dice.random()
        if what < 0.12:
            self.walk.lines.append("  caller   [silence]")
            return Silent(self.now)
        if what < 0.45:
            keys = self._keys(node if isinstance(node, Menu | Collect) else None)
            self.walk.lines.append(f"  caller   [keys {keys}]")
            return Pressed(self.now, keys)
        text = self._words(node if isinstance(node, Menu | Collect) else None)
        sure = self.dice.choice((0.3, 0.6, 0.9, 0.95))
        self.walk.lines.append(f"  caller   {text}   ({sure})")
        return Spoke(self.now, text, sure, self.rank(text))

    def _keys(self, node: Listening | None) -> str:
        if isinstance(node, Collect) and self.dice.random() < 0.6:
            return "".join(self.dice.choices("0123456789", k=self.dice.randint(*node.digits)))
        if isinstance(node, Menu) and self.dice.random() < 0.7:
            return self.dice.choice([c.key for c in node.choices if c.key] or ["1"])
        return "".join(self.dice.choices("0123456789*#", k=self.dice.randint(1, 7)))

    def _words(self, node: Listening | None) -> str:
        said: list[str] = [
            "mumble",
            "yes",
            "no",
            "no, one zero zero three one one",
            "one zero zero two four five",
        ]
        said += [text for texts in self.flow.examples.values() for text in self.dice.sample(texts, 1)]
        said += [phrase for command in self.flow.commands for phrase in command.phrases]
        if isinstance(node, Menu):
            said += [phrase for choice in node.choices for phrase in choice.phrases] * 3
        return self.dice.choice(said)


def walks(
    flow: Flow, rank: Rank, count: int, seed: int, progress: Callable[[int], None] = lambda n: None
) -> list[Walk]:
    """Place `count` random calls."""
    done: list[Walk] = []
    for number in range(count):
        done.append(walk(flow, rank, seed, number))
        progress(number + 1)
    return done


def broken(done: Sequence[Walk]) -> list[Walk]:
    """Return the walks that broke a promise, the shortest first."""
    return sorted((one for one in done if one.broken), key=lambda one: (one.turns, one.number))
