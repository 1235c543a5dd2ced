"""Refunds, returns, exchanges and coupons: what menus may ask and change."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal

from ivr.commerce.context import Context, Outcome, Run, day, money, text
from ivr.commerce.model import Order
from ivr.commerce.order_actions import MONEY, NAMED, ORDER
from ivr.commerce.policy import check_refund, refund_policy, returnable
from ivr.commerce.standing import subject_of
from ivr.dialog.actions import ActionType
from ivr.dialog.events import Value
from ivr.ports import Shop

THESE_DAYS = timedelta(days=90)
ALL = "all"


def check(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Say what the policy allows for an order, or for one item of it."""
    order = context.shop.order(text(inputs, "order"))
    if order is None:
        return "not_found", {}
    policy = refund_policy(context.policies, order.placed_on)
    refunds = context.shop.refunds_of(order.number)
    back = sum((one.amount for one in refunds), Decimal(0))
    gone = {item for one in refunds for item in one.items or order.items}
    items = picked_items(order, inputs.get("items"))
    wanted = worth(order, items) if items else order.total - back
    outcome = check_refund(policy, order, back, context.now.date(), wanted)
    items = items or tuple(item for item in order.items if item not in gone)
    if set(items) & gone:
        outcome = "already"
    coming = {item for one in context.shop.returns_of(order.number) for item in one.items or order.items}
    if outcome == "eligible" and set(items) & coming:
        outcome = "over_limit"  # it is on its way back: a person looks what for
    lately = refunds_lately(context.shop, order, context.now.date()) if outcome == "eligible" else 0
    if outcome == "eligible" and lately >= policy.most_in_90_days:
        outcome = "over_limit"  # a person looks at the next
    return outcome, {
        "order": order.number,
        "amount": money(back if outcome == "already" else wanted, order.currency),
        "items": list(items),
        "status": order.status,
        "pick": text(inputs, "items") or ALL,
        "count": len(order.items) if len(order.prices) == len(order.items) else 1,
        **dict(zip(NAMED, order.items, strict=False)),
        "gift": order.gift,
        "method": order.method,
        "days": policy.working_days,
        "window_days": policy.window_days,
        "delivered_on": day(order.delivered_on),
    }


def picked_items(order: Order, pick: Value) -> tuple[str, ...]:
    """Return the item that a pick ("one", "two", "three") or its name means; () is all of the order."""
    name = str(pick or ALL)
    if name in NAMED and NAMED.index(name) < len(order.items):
        return (order.items[NAMED.index(name)],)
    return tuple(item for item in order.items if item == name)


def left_of(shop: Shop, order: Order) -> tuple[str, ...]:
    """Return the items that were not refunded where some were; () while the order is whole."""
    refunds = shop.refunds_of(order.number)
    gone = {item for one in refunds for item in one.items or order.items}
    return tuple(item for item in order.items if item not in gone) if gone else ()


def worth(order: Order, items: tuple[str, ...]) -> Decimal:
    """Return what some items of an order cost; an order without prices is refunded as a whole."""
    if len(order.prices) != len(order.items):
        return order.total
    left, total = list(items), Decimal(0)
    for item, price in zip(order.items, order.prices, strict=True):
        if item in left:
            left.remove(item)
            total += price
    return min(total, order.total)


def refunds_lately(shop: Shop, order: Order, today: date) -> int:
    """Return how many refunds the customer of an order has had within 90 days."""
    known = shop.refunds_of_customer(order.customer) if order.customer else ()
    return sum((one.requested_on or date.min) >= today - THESE_DAYS for one in known)


def request(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Ask the shop for the refund that was offered and confirmed."""
    order = context.shop.order(text(inputs, "order"))
    amount = amount_in(inputs)
    if order is None or amount is None:
        return "rejected", {}
    items = picked_items(order, inputs.get("items"))
    items = items or left_of(context.shop, order)
    refund = context.shop.request_refund(order.number, amount, context.key, items)
    if refund is None:
        return "rejected", {}
    customer = context.shop.customer(order.customer) if order.customer else None
    if customer is not None:
        context.write(inputs.get("message"), customer.phone, customer.email, number=refund.number)
    return "accepted", {
        "number": refund.number,
        "order": refund.order,
        "amount": money(refund.amount, refund.currency),
        "items": list(items or order.items),
        "gift": order.gift,
        "method": order.method,
        "days": refund_policy(context.policies, order.placed_on).working_days,
    }


def amount_in(inputs: Mapping[str, Value]) -> Decimal | None:
    """Return the money that an action is to move, None where it is no amount."""
    wanted = inputs.get("amount")
    try:
        amount = Decimal(str(wanted.get("amount") if isinstance(wanted, dict) else wanted))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


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
    """Let an order come back, for its money or for another one; the label goes out as a message."""
    return _back(context, inputs, "exchange" if text(inputs, "wish") == "exchange" else "refund")


def exchange(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Let an order come back for another one."""
    return _back(context, inputs, "exchange")


def _back(context: Context, inputs: Mapping[str, Value], wish: Literal["refund", "exchange"]) -> Outcome:
    order = context.shop.order(text(inputs, "order"))
    if order is None:
        return "not_found", {}
    policy = refund_policy(context.policies, order.placed_on)
    told: dict[str, Value] = {"order": order.number, "items": list(order.items)}
    may = returnable(policy, order, context.now.date())
    told |= {"window_days": policy.window_days, "delivered_on": day(order.delivered_on)}
    if may != "returnable":
        return may, told
    items = picked_items(order, inputs.get("items")) or left_of(context.shop, order)
    back = context.shop.request_return(order.number, items, wish, text(inputs, "reason"), context.key)
    if back is None:
        return "already", told
    customer = context.shop.customer(order.customer) if order.customer else None
    link = context.shop.document("return_label", order.number) or ""
    phone, email = (customer.phone, customer.email) if customer else ("", "")
    channel = context.write(inputs.get("message"), phone, email, link=link, number=back.number)
    return "sent", {**told, "number": back.number, "items": list(back.items), "channel": channel}


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


def grant(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Give who calls a voucher as an apology, within the policies."""
    customer, rules = subject_of(context, None).customer, context.rules.goodwill
    if customer is None:
        return "unknown", {}
    before = context.office.ledger.last("coupon.grant", customer.id)
    if before is not None and before > context.now - timedelta(days=rules.every_days):
        return "over_limit", {}
    until = context.now.date() + timedelta(days=rules.valid_days)
    given = context.shop.grant_coupon(customer.id, rules.amount, rules.currency, until, context.key)
    if given is None:
        return "unknown", {}
    channel = context.write(inputs.get("message"), customer.phone, customer.email, code=given.code)
    return "granted", {
        "code": given.code,
        "amount": money(given.amount, given.currency),
        "expires_on": day(given.expires_on),
        "channel": channel,
    }


_REFUND = {
    "number": "text",
    "order": "order_number",
    "amount": MONEY,
    "items": "list",
    "status": "status",
    "pick": "text",
    "count": "number",
    **dict.fromkeys(NAMED, "text"),
    "gift": "yes_no",
    "method": "text",
    "days": "number",
    "window_days": "number",
    "delivered_on": "date",
    "requested_on": "date",
}
_BACK = {
    "number": "text",
    "order": "order_number",
    "items": "list",
    "window_days": "number",
    "delivered_on": "date",
    "channel": "text",
}
_BACK_ENDS = ("sent", "too_late", "not_delivered", "already", "not_found", "unavailable")
_COUPON = {"code": "text", "amount": MONEY, "least": MONEY, "expires_on": "date", "channel": "text"}
ACTIONS: tuple[tuple[ActionType, Run], ...] = (
    (
        ActionType(
            "refund.check",
            {**ORDER, "items": "text?", "reason": "text?"},
            ("eligible", "needs_return", "too_late", "over_limit", "already", "not_found", "unavailable"),
            "refund",
            fields=_REFUND,
            level=1,
        ),
        check,
    ),
    (
        ActionType(
            "refund.request",
            {**ORDER, "amount": "amount", "items": "text?", "message": "message?"},
            ("accepted", "rejected", "unavailable"),
            "refund",
            moves_money=True,
            fields=_REFUND,
            empty=("rejected", "unavailable"),
            level=1,
            over="rejected",
        ),
        request,
    ),
    (
        ActionType(
            "refund.track",
            ORDER,
            ("requested", "paid", "none", "not_found", "unavailable"),
            "refund",
            fields=_REFUND,
            level=1,
        ),
        track,
    ),
    (
        ActionType(
            "return.label",
            {**ORDER, "wish": "text?", "items": "text?", "reason": "text?", "message": "message?"},
            _BACK_ENDS,
            "sending",
            fields=_BACK,
            level=1,
        ),
        send_back,
    ),
    (
        ActionType(
            "exchange.request",
            {**ORDER, "items": "text?", "reason": "text?", "message": "message?"},
            _BACK_ENDS,
            "sending",
            fields=_BACK,
            level=1,
        ),
        exchange,
    ),
    (
        ActionType(
            "coupon.check",
            {"code": "text"},
            ("valid", "valid_from", "expired", "used", "not_found", "unavailable"),
            "coupon",
            fields=_COUPON,
        ),
        coupon,
    ),
    (
        ActionType(
            "coupon.grant",
            {"message": "message?"},
            ("granted", "over_limit", "unknown", "unavailable"),
            "coupon",
            moves_money=True,
            fields=_COUPON,
            empty=("over_limit", "unknown", "unavailable"),
            level=1,
            over="over_limit",
        ),
        grant,
    ),
)
