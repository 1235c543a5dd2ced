"""A router on a virtual clock, in seconds, with short words for what happens."""

from collections.abc import Mapping
from typing import Any

from ivr.routing.model import (
    Agent,
    Call,
    Connect,
    Decision,
    Entered,
    Event,
    Offer,
    Overflow,
    Ready,
    Tick,
    Together,
)
from ivr.routing.policy import Rules, read_rules
from ivr.routing.router import Router

S = 1000
EN = {"en": 1}


def rules(data: Mapping[str, Any] | None = None, **default: Any) -> Rules:
    """Rules from data as in files; keywords are the policy of every queue."""
    return read_rules({"default": default, **(data or {})})


def call(
    name: str, since: float = 0, skills: Mapping[str, int] = EN, queue: str = "support", **more: Any
) -> Entered:
    return Entered(Call(name, queue, skills, round(since * S), **more))


def ready(name: str, since: float = 0, skills: Mapping[str, int] = EN, **more: Any) -> Ready:
    return Ready(Agent(name, skills, round(since * S), **more))


class Clock:
    """Applies events at their seconds; in between the router is woken whenever it asked for it."""

    def __init__(self, given: Rules | None = None) -> None:
        self.router = Router(given or rules())
        self.now = 0
        self.log: list[tuple[float, Decision]] = []

    def at(self, seconds: float, *events: Event, together: bool = False) -> list[Decision]:
        """Let time pass to a second, then apply the events one by one. Return what they decided."""
        until, told = round(seconds * S), []
        while (due := self.router.next_ms()) is not None and due < until:
            self._apply(Tick(), max(due, self.now))
        for event in (Together(events),) if together else events or (Tick(),):
            told += self._apply(event, until)
        return told

    def _apply(self, event: Event, now: int) -> list[Decision]:
        self.now = now
        told = self.router.apply(event, now)
        self.log += [(now / S, one) for one in told]
        return told

    @property
    def offers(self) -> list[tuple[float, str, str]]:
        return [(at, one.call, one.agent) for at, one in self.log if isinstance(one, Offer)]

    @property
    def connected(self) -> list[tuple[float, str, str]]:
        return [(at, one.offer.call, one.offer.agent) for at, one in self.log if isinstance(one, Connect)]

    @property
    def overflows(self) -> list[tuple[float, str, str]]:
        return [(at, one.call, one.to) for at, one in self.log if isinstance(one, Overflow)]

    def waited(self, name: str) -> float:
        """Return the reported wait of a call when it was last offered."""
        return next(
            d.reason.waited_ms / S for _, d in reversed(self.log) if isinstance(d, Offer) and d.call == name
        )
