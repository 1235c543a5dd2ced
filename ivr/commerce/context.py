"""What a business action is given and what it gives back, and how records are told to the menus."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ivr.dialog.events import Value
from ivr.ports import FollowUps, Shop


@dataclass(frozen=True, slots=True)
class Context:
    """What an action may use. `key` is the idempotency key: call, turn and action."""

    shop: Shop
    follow: FollowUps
    policies: Mapping[str, Value]
    now: datetime
    call: str
    key: str


Outcome = tuple[str, dict[str, Value]]
Run = Callable[[Context, Mapping[str, Value]], Outcome]


def text(inputs: Mapping[str, Value], name: str) -> str:
    """Return an input as text, "" where there is none."""
    value = inputs.get(name)
    return "" if value is None else str(value)


def day(value: date | None) -> str | None:
    """Return a day as the menus know it."""
    return value.isoformat() if value else None


def money(amount: Decimal, currency: str) -> Value:
    """Return money as the menus know it."""
    return {"amount": str(amount), "currency": currency}
