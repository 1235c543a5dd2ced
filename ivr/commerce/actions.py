"""The business actions that menus can run: typed inputs, named outcomes, safe to repeat.

Each action is one function; its `ActionType` tells the menus and the linter all they may know.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from ivr.commerce.model import Order
from ivr.commerce.policy import check_refund, refund_policy
from ivr.dialog.actions import Act, ActionType
from ivr.dialog.events import Acted, Value
from ivr.errors import Unavailable
from ivr.ports import Booking, FollowUps, Rating, Shop


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


def order_lookup(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Find an order by its number."""
    order = context.shop.order(str(inputs.get("number", "")))
    return ("found", _told(order)) if order else ("not_found", {})


def refund_check(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Say what the policy allows for an order."""
    order = context.shop.order(str(inputs.get("order", "")))
    if order is None:
        return "not_found", {}
    policy = refund_policy(context.policies)
    running = context.shop.refund_of(order.number)
    outcome = check_refund(policy, order, running, context.now.date())
    amount = running.amount if running else order.total
    return outcome, {
        "order": order.number,
        "amount": {"amount": str(amount), "currency": order.currency},
        "method": order.method,
        "days": policy.working_days,
        "window_days": policy.window_days,
        "delivered_on": _day(order.delivered_on),
    }


def refund_request(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Ask the shop for the refund that was offered and confirmed."""
    order = context.shop.order(str(inputs.get("order", "")))
    wanted = inputs.get("amount")
    amount = Decimal(str(wanted.get("amount") if isinstance(wanted, dict) else wanted))
    refund = context.shop.request_refund(order.number, amount, context.key) if order else None
    if refund is None or order is None:
        return "rejected", {}
    return "accepted", {
        "number": refund.number,
        "order": refund.order,
        "amount": {"amount": str(refund.amount), "currency": refund.currency},
        "method": order.method,
        "days": refund_policy(context.policies).working_days,
    }


def _told(order: Order) -> dict[str, Value]:
    return {
        "number": order.number,
        "status": order.status,
        "total": {"amount": str(order.total), "currency": order.currency},
        "eta": _day(order.eta),
        "delivered_on": _day(order.delivered_on),
        "items": list(order.items),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def callback_book(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Book a call back by a person. A number that nobody can dial is asked for."""
    number = str(inputs.get("number") or "").replace(" ", "")
    if not re.fullmatch(r"\+?[0-9]{5,15}", number):
        return "no_number", {}
    skills, at = inputs.get("skills"), inputs.get("at")
    booking = Booking(
        context.call,
        number,
        str(inputs.get("queue", "")),
        {str(name): int(str(level)) for name, level in skills.items()} if isinstance(skills, dict) else {},
        int(str(inputs.get("priority") or 0)),
        _moment(at),
    )
    return "booked", {"number": context.follow.book_callback(booking, context.key), "phone": number}


def _moment(value: Value) -> datetime | None:
    """Return a day or a moment (ISO 8601) as an aware one; days begin at midnight, UTC."""
    try:
        at = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def survey_record(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Keep a caller's rating."""
    score = str(inputs.get("score"))
    if not score.isdigit():
        return "unavailable", {}
    rating = Rating(context.call, str(inputs.get("survey", "")), int(score), str(inputs.get("reason") or ""))
    context.follow.keep_rating(rating, context.key)
    return "recorded", {}


_MONEY = "amount"
_ACTIONS: tuple[tuple[ActionType, Run], ...] = (
    (
        ActionType(
            "order.lookup",
            {"number": "order_number"},
            ("found", "not_found", "unavailable"),
            "order",
            fields={
                "number": "order_number",
                "status": "status",
                "total": _MONEY,
                "eta": "date",
                "delivered_on": "date",
                "items": "list",
            },
        ),
        order_lookup,
    ),
    (
        ActionType(
            "refund.check",
            {"order": "order_number", "reason": "text?"},
            ("eligible", "needs_return", "too_late", "over_limit", "already", "not_found", "unavailable"),
            "refund",
            fields={
                "number": "text",
                "order": "order_number",
                "amount": _MONEY,
                "method": "text",
                "days": "number",
                "window_days": "number",
                "delivered_on": "date",
            },
        ),
        refund_check,
    ),
    (
        ActionType(
            "refund.request",
            {"order": "order_number", "amount": "amount"},
            ("accepted", "rejected", "unavailable"),
            "refund",
            moves_money=True,
            fields={
                "number": "text",
                "order": "order_number",
                "amount": _MONEY,
                "method": "text",
                "days": "number",
            },
            empty=("rejected", "unavailable"),
        ),
        refund_request,
    ),
    (
        ActionType(
            "callback.book",
            {"queue": "queue", "number": "phone", "skills": "skills?", "priority": "number?", "at": "date?"},
            ("booked", "no_number", "unavailable"),
            "callback",
            fields={"number": "text", "phone": "phone"},
            empty=("no_number", "unavailable"),
        ),
        callback_book,
    ),
    (
        ActionType(
            "survey.record",
            {"survey": "text", "score": "number", "reason": "text?"},
            ("recorded", "unavailable"),
            "rating",
            empty=("recorded", "unavailable"),
        ),
        survey_record,
    ),
)
ACTION_TYPES: Mapping[str, ActionType] = {kind.name: kind for kind, _ in _ACTIONS}
"""What the menus may run, by name."""
_RUNS = {kind.name: run for kind, run in _ACTIONS}


def run(act: Act, context: Context) -> Acted:
    """Run an action. A shop that fails is an outcome, never an exception."""
    try:
        outcome, data = _RUNS[act.action](context, act.inputs)
    except Unavailable:
        outcome, data = "unavailable", {}
    return Acted(context.now, act.action, outcome, data)
