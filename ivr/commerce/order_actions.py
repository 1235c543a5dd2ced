"""Orders, parcels, payments, products and documents: what menus may ask and change."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from ivr.commerce.context import Context, Outcome, Run, day, money, text
from ivr.commerce.model import MONEY_CAME, OPEN_TO_CHANGE, Order, Shipment
from ivr.commerce.policy import refund_policy
from ivr.commerce.standing import subject_of
from ivr.dialog.actions import ActionType
from ivr.dialog.events import Value

RECENT = timedelta(days=60)
NAMED = ("one", "two", "three")
"""The newest orders of a customer, as menus name them."""


def look_up(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Find an order by its number, else the caller's own: the one there is, the one picked, or several."""
    if number := text(inputs, "number"):
        order = context.shop.order(number)
        return ("found", told(order)) if order else ("not_found", {})
    mine = recent_orders(context)
    picked = text(inputs, "pick")
    if picked in NAMED:
        mine = mine[NAMED.index(picked) :][:1]
    if len(mine) == 1:
        return "found", told(mine[0])
    if not mine:
        return "not_found", {}
    several: dict[str, Value] = {"count": min(len(mine), len(NAMED))}
    for name, order in zip(NAMED, mine, strict=False):
        several |= {
            name: order.number,
            f"{name}_items": list(order.items),
            f"{name}_day": day(order.placed_on),
        }
    return "several", several


def recent_orders(context: Context) -> Sequence[Order]:
    """Return the newest orders of who calls: of the last weeks, or the very last one."""
    customer = subject_of(context, None).customer
    orders = context.shop.orders_of(customer.id) if customer else []
    since = context.now.date() - RECENT
    recent = [one for one in orders if one.placed_on is None or one.placed_on >= since]
    return recent or orders[:1]


def cancel(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Cancel an order that has not been handed to the carrier; what was paid goes back."""
    order = context.shop.order(text(inputs, "order"))
    if order is None:
        return "not_found", {}
    if order.status in ("cancelled", "refunded"):
        return "already", told(order)
    if order.instalments:
        return "by_hand", told(order)
    cancelled = context.shop.cancel(order.number, context.key)
    if cancelled is None:
        return "too_late", told(order)
    came = order.payment in MONEY_CAME
    customer = context.shop.customer(order.customer) if order.customer else None
    if customer is not None and came:
        context.write(inputs.get("message"), customer.phone, customer.email)
    return "cancelled", {
        **told(cancelled),
        "amount": money(order.total if came else Decimal(0), order.currency),
        "days": refund_policy(context.policies, order.placed_on).working_days,
    }


def change_address(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Send an order elsewhere while it has not been handed over."""
    order = context.shop.order(text(inputs, "order"))
    if order is None:
        return "not_found", {}
    address = text(inputs, "address")
    if order.status not in OPEN_TO_CHANGE or not address:
        return "too_late", told(order)
    changed = context.shop.change_address(order.number, address, context.key)
    if changed is None:
        return "too_late", told(order)
    customer = context.shop.customer(order.customer) if order.customer else None
    if customer is not None:
        context.write(inputs.get("message"), customer.phone, customer.email)
    return "changed", {**told(changed), "address": changed.address}


def track(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Say where the parcel of an order is."""
    order = context.shop.order(text(inputs, "order"))
    if order is None:
        return "not_found", {}
    parcel = context.shop.shipment_of(order.number)
    if order.status == "delivered" or (parcel and parcel.state == "delivered"):
        return "delivered", _tracked(order, parcel)
    if order.status in ("cancelled", "refunded"):
        return "cancelled", _tracked(order, parcel)
    if parcel is None or parcel.state == "prepared":
        return ("not_sent" if order.status in OPEN_TO_CHANGE else "on_the_way"), _tracked(order, parcel)
    ends = {"in_transit": "on_the_way", "out_for_delivery": "today"}
    return ends.get(parcel.state, parcel.state), _tracked(order, parcel)


def payment(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Say whether an order has been paid, and how often."""
    order = context.shop.order(text(inputs, "order"))
    return (order.payment, told(order)) if order else ("not_found", {})


def product(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Find what a caller asks about in the catalogue."""
    found = context.shop.products(text(inputs, "product"))
    if not found:
        return "not_found", {}
    if len(found) > 1:
        return "several", {"names": [one.name for one in found[:3]]}
    one = found[0]
    return ("found" if one.stock > 0 else "sold_out"), {
        "name": one.name,
        "price": money(one.price, one.currency),
        "stock": one.stock,
        "warranty_months": one.warranty_months,
        "details": one.details,
    }


def document(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Send a document of an order to the address that the shop knows."""
    order = context.shop.order(text(inputs, "order"))
    customer = context.shop.customer(order.customer) if order and order.customer else None
    if order is None:
        return "not_found", {}
    link = context.shop.document(text(inputs, "kind"), order.number)
    if link is None:
        return "not_found", {}
    phone, email = (customer.phone, customer.email) if customer else ("", "")
    channel = context.write(inputs.get("message"), phone, email, link=link)
    return ("sent", {**told(order), "channel": channel}) if channel else ("no_address", told(order))


def told(order: Order) -> dict[str, Value]:
    """Return what the menus may say of an order."""
    return {
        "number": order.number,
        "status": order.status,
        "total": money(order.total, order.currency),
        "eta": day(order.eta),
        "delivered_on": day(order.delivered_on),
        "items": list(order.items),
        "count": len(order.items),
        "method": order.method,
        "gift": order.gift,
        "payment": order.payment,
    }


def _tracked(order: Order, parcel: Shipment | None) -> dict[str, Value]:
    return {
        "order": order.number,
        "carrier": parcel.carrier if parcel else "",
        "place": parcel.place if parcel else "",
        "scanned_on": day(parcel.scanned_on) if parcel else None,
        "eta": day(order.eta),
        "delivered_on": day(order.delivered_on or (parcel.scanned_on if parcel else None)),
    }


MONEY = "amount"
ORDER = {"order": "order_number"}
TOLD = {
    "number": "order_number",
    "status": "status",
    "total": MONEY,
    "eta": "date",
    "delivered_on": "date",
    "items": "list",
    "count": "number",
    "method": "text",
    "gift": "yes_no",
    "payment": "text",
}
_SEVERAL = {
    part: kind
    for name in NAMED
    for part, kind in ((name, "order_number"), (f"{name}_items", "list"), (f"{name}_day", "date"))
}
_PARCEL = {
    "order": "order_number",
    "carrier": "text",
    "place": "text",
    "scanned_on": "date",
    "eta": "date",
    "delivered_on": "date",
}
_PRODUCT = {
    "name": "text",
    "names": "list",
    "price": MONEY,
    "stock": "number",
    "warranty_months": "number",
    "details": "text",
}
ACTIONS: tuple[tuple[ActionType, Run], ...] = (
    (
        ActionType(
            "order.lookup",
            {"number": "order_number?", "customer": "text?", "pick": "text?"},
            ("found", "several", "not_found", "unavailable"),
            "order",
            fields={**TOLD, **_SEVERAL},
            level=1,
            unless={"several": "number"},
            either=("number", "customer"),
        ),
        look_up,
    ),
    (
        ActionType(
            "order.cancel",
            {**ORDER, "message": "message?"},
            ("cancelled", "too_late", "already", "by_hand", "not_found", "unavailable"),
            "order",
            moves_money=True,
            fields={**TOLD, "amount": MONEY, "days": "number"},
            level=1,
        ),
        cancel,
    ),
    (
        ActionType(
            "order.change_address",
            {**ORDER, "address": "text", "message": "message?"},
            ("changed", "too_late", "not_found", "unavailable"),
            "order",
            fields={**TOLD, "address": "text"},
            level=1,
        ),
        change_address,
    ),
    (
        ActionType(
            "shipment.track",
            ORDER,
            (
                "on_the_way",
                "today",
                "at_pickup",
                "missed",
                "delivered",
                "not_sent",
                "lost",
                "cancelled",
                "not_found",
                "unavailable",
            ),
            "parcel",
            fields=_PARCEL,
            level=1,
        ),
        track,
    ),
    (
        ActionType(
            "payment.status",
            ORDER,
            ("paid", "pending", "failed", "double", "not_found", "unavailable"),
            "order",
            fields=TOLD,
            level=1,
        ),
        payment,
    ),
    (
        ActionType(
            "product.find",
            {"product": "text"},
            ("found", "sold_out", "several", "not_found", "unavailable"),
            "product_found",
            fields=_PRODUCT,
        ),
        product,
    ),
    (
        ActionType(
            "document.send",
            {"kind": "text", **ORDER, "message": "message"},
            ("sent", "no_address", "not_found", "unavailable"),
            "order",
            fields={**TOLD, "channel": "text"},
            level=1,
        ),
        document,
    ),
)
