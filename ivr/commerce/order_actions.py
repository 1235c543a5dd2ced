"""Orders, parcels and payments: what menus may ask and change."""

from collections.abc import Mapping

from ivr.commerce.context import Context, Outcome, day, money, text
from ivr.commerce.model import OPEN_TO_CHANGE, Order, Shipment
from ivr.commerce.policy import refund_policy
from ivr.dialog.events import Value


def identify(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Find who calls by the number."""
    phone = text(inputs, "phone")
    customer = context.shop.customer_by_phone(phone) if phone else None
    if customer is None:
        return "unknown", {}
    return "known", {
        "id": customer.id,
        "name": customer.name,
        "level": customer.level,
        "points": customer.points,
        "points_expire": day(customer.points_expire),
        "email": customer.email,
    }


def look_up(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Find an order by its number."""
    order = context.shop.order(text(inputs, "number"))
    return ("found", told(order)) if order else ("not_found", {})


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
    return "cancelled", {
        **told(cancelled),
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
    return (
        ("changed", {**told(changed), "address": changed.address}) if changed else ("too_late", told(order))
    )


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


def told(order: Order) -> dict[str, Value]:
    """Return what the menus may say of an order."""
    return {
        "number": order.number,
        "status": order.status,
        "total": money(order.total, order.currency),
        "eta": day(order.eta),
        "delivered_on": day(order.delivered_on),
        "items": list(order.items),
        "method": order.method,
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
