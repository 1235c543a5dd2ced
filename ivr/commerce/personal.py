"""What is known of a caller from the first moment, and what it changes: greeting, offer, rating, and why.

Which of it is used is a setting (`IVR_PERSONAL`); what is not used is not looked up.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from ivr.commerce.context import day
from ivr.commerce.model import Customer, Order
from ivr.commerce.policy import policies_of
from ivr.dialog.events import Value
from ivr.errors import Unavailable
from ivr.ports import Office, Shop

KINDS = ("greeting", "offer", "language", "pace", "rating", "priority")
"""What may be personal."""


def known_caller(
    shop: Shop,
    office: Office,
    phone: str,
    now: datetime,
    policies: Mapping[str, Value],
    kinds: Collection[str] = KINDS,
) -> dict[str, Value]:
    """Return what the menus may use of who calls; {} for nobody known, or when the shop cannot tell.

    `because` says for each kind why it is so.
    """
    try:
        customer = shop.customer_by_phone(phone) if phone else None
        return _known(shop, office, customer, phone, now, policies, kinds) if customer else {}
    except Unavailable:
        return {}


def _known(
    shop: Shop,
    office: Office,
    customer: Customer,
    phone: str,
    now: datetime,
    policies: Mapping[str, Value],
    kinds: Collection[str],
) -> dict[str, Value]:
    rules = policies_of(policies).verification
    if rules.known_number < rules.actions.get("order.lookup", 1):
        kinds = {"language", "pace", "rating"} & set(kinds)  # the number alone proves nothing here
    because: dict[str, Value] = {}
    known: dict[str, Value] = {"id": customer.id, "because": because}
    if "greeting" in kinds and customer.name:
        known["name"] = customer.name
        because["greeting"] = f"the number is that of customer {customer.id}"
    if "language" in kinds:
        known["language"] = customer.language
        because["language"] = f"customer {customer.id} prefers it"
    if "priority" in kinds:
        known["level"] = customer.level
    if "pace" in kinds and customer.pace != "normal":
        known["pace"] = customer.pace
        because["pace"] = f"customer {customer.id} answers at a {customer.pace} pace"
    if "offer" in kinds and (likely := likely_order(shop.orders_of(customer.id), now.date())):
        matter, order, why = likely
        known |= {"likely": matter, "order": order.number, "items": list(order.items), "eta": day(order.eta)}
        because["offer"] = why
    if "rating" in kinds:
        every = policies_of(policies).rating.every_days
        last = office.follow.last_rating(phone)
        due = last is None or last < now - timedelta(days=every)
        known["rating"] = "due" if due else "asked"
        because["rating"] = "never asked before" if last is None else f"last asked on {last.date()}"
    return known


def likely_order(orders: Collection[Order], today: date) -> tuple[str, Order, str] | None:
    """Return what a caller most likely calls about, with which order and why: it is late, or due today."""
    under_way = [one for one in orders if one.status == "shipped" and one.eta is not None]
    late = [one for one in under_way if one.eta is not None and one.eta < today]
    if late:
        worst = min(late, key=lambda one: one.eta or today)
        return "late", worst, f"order {worst.number} should have come on {worst.eta}"
    due = [one for one in under_way if one.eta == today]
    if due:
        return "today", due[0], f"order {due[0].number} should come today"
    return None
