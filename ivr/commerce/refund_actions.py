"""Refunds, returns, exchanges and coupons: what menus may ask and change."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Literal

from ivr.commerce.context import Context, Outcome, day, money, text
from ivr.commerce.policy import check_refund, refund_policy, returnable
from ivr.dialog.events import Value


def check(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Say what the policy allows for an order."""
    order = context.shop.order(text(inputs, "order"))
    if order is None:
        return "not_found", {}
    policy = refund_policy(context.policies, order.placed_on)
    refunds = context.shop.refunds_of(order.number)
    back = sum((one.amount for one in refunds), Decimal(0))
    outcome = check_refund(policy, order, back, context.now.date())
    return outcome, {
        "order": order.number,
        "amount": money(back if outcome == "already" else order.total - back, order.currency),
        "method": order.method,
        "days": policy.working_days,
        "window_days": policy.window_days,
        "delivered_on": day(order.delivered_on),
    }


def request(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Ask the shop for the refund that was offered and confirmed."""
    order = context.shop.order(text(inputs, "order"))
    wanted = inputs.get("amount")
    try:
        amount = Decimal(str(wanted.get("amount") if isinstance(wanted, dict) else wanted))
    except InvalidOperation:
        return "rejected", {}
    refund = context.shop.request_refund(order.number, amount, context.key) if order else None
    if refund is None or order is None:
        return "rejected", {}
    return "accepted", {
        "number": refund.number,
        "order": refund.order,
        "amount": money(refund.amount, refund.currency),
        "method": order.method,
        "days": refund_policy(context.policies, order.placed_on).working_days,
    }


def track(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Say how far a refund is."""
    order = context.shop.order(text(inputs, "order"))
    if order is None:
        return "not_found", {}
    refund = next(iter(context.shop.refunds_of(order.number)), None)
    if refund is None:
        return "none", {"order": order.number}
    return refund.status, {
        "number": refund.number,
        "order": order.number,
        "amount": money(refund.amount, refund.currency),
        "method": order.method,
        "days": refund_policy(context.policies, order.placed_on).working_days,
        "requested_on": day(refund.requested_on),
    }


def send_back(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Let an order come back, for its money or for another one; the label goes out by e-mail."""
    order = context.shop.order(text(inputs, "order"))
    if order is None:
        return "not_found", {}
    policy = refund_policy(context.policies, order.placed_on)
    told: dict[str, Value] = {"order": order.number, "items": list(order.items)}
    may = returnable(policy, order, context.now.date())
    told |= {"window_days": policy.window_days, "delivered_on": day(order.delivered_on)}
    if may != "returnable":
        return may, told
    wish: Literal["refund", "exchange"] = "exchange" if text(inputs, "wish") == "exchange" else "refund"
    back = context.shop.request_return(order.number, (), wish, text(inputs, "reason"), context.key)
    return ("sent", {**told, "number": back.number}) if back else ("already", told)


def coupon(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Say whether a coupon is good, and from when on not."""
    found = context.shop.coupon(text(inputs, "code").replace(" ", ""))
    if found is None:
        return "not_found", {}
    told: dict[str, Value] = {
        "code": found.code,
        "amount": money(found.amount, found.currency),
        "least": money(found.least, found.currency),
        "expires_on": day(found.expires_on),
    }
    if found.used:
        return "used", told
    if found.expires_on is not None and found.expires_on < context.now.date():
        return "expired", told
    return ("valid" if not found.least else "valid_from"), told
