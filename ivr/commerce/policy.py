"""What the shop allows, decided from data. Pure: records and the day in, a verdict out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

from ivr.commerce.model import Order
from ivr.dialog.events import Value

RefundOutcome = Literal["eligible", "needs_return", "too_late", "over_limit", "already"]
ReturnOutcome = Literal["returnable", "not_delivered", "too_late"]


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """Refunds: days after delivery, the most the hotline gives by itself, days to pay."""

    window_days: int = 30
    limit: Decimal = Decimal(200)
    working_days: int = 5


def refund_policy(policies: Mapping[str, Value]) -> RefundPolicy:
    """Read the `refund` part of policies.yaml; what is missing has its default."""
    given = policies.get("refund")
    data = given if isinstance(given, dict) else {}
    return RefundPolicy(
        window_days=int(_decimal(data.get("window_days"), Decimal(30))),
        limit=_decimal(data.get("limit"), Decimal(200)),
        working_days=int(_decimal(data.get("working_days"), Decimal(5))),
    )


def _decimal(value: Value, default: Decimal) -> Decimal:
    try:
        return Decimal(str(value)) if value is not None else default
    except InvalidOperation:
        return default


def check_refund(policy: RefundPolicy, order: Order, back: Decimal, today: date) -> RefundOutcome:
    """Return what the policy says of refunding today what is left of an order; `back` is what went back."""
    if order.status in ("refunded", "cancelled") or back >= order.total:
        return "already"
    if order.status in ("packed", "shipped"):
        return "needs_return"
    if order.delivered_on and (today - order.delivered_on).days > policy.window_days:
        return "too_late"
    if order.total - back > policy.limit:
        return "over_limit"
    return "eligible"


def returnable(policy: RefundPolicy, order: Order, today: date) -> ReturnOutcome:
    """Return whether an order may come back today."""
    if order.status != "delivered":
        return "not_delivered"
    if order.delivered_on and (today - order.delivered_on).days > policy.window_days:
        return "too_late"
    return "returnable"
