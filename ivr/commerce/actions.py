"""The business actions that menus can run: typed inputs, named outcomes, safe to repeat.

Each action is one function; its `ActionType` tells the menus and the linter all they may know.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ivr.commerce.model import Order
from ivr.commerce.policy import check_refund, refund_policy
from ivr.dialog.actions import Act, ActionType
from ivr.dialog.events import Acted, Value
from ivr.errors import Unavailable
from ivr.ports import Shop


@dataclass(frozen=True, slots=True)
class Context:
    """What an action may use. `key` is the idempotency key: call, turn and action."""

    shop: Shop
    policies: Mapping[str, Value]
    now: datetime
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


_ACTIONS: tuple[tuple[ActionType, Run], ...] = (
    (
        ActionType(
            "order.lookup", {"number": "order_number"}, ("found", "not_found", "unavailable"), "order"
        ),
        order_lookup,
    ),
    (
        ActionType(
            "refund.check",
            {"order": "order_number", "reason": "text?"},
            ("eligible", "needs_return", "too_late", "over_limit", "already", "not_found", "unavailable"),
            "refund",
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
        ),
        refund_request,
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
