"""How sure it is who calls, what an action asks for, and how a caller can prove more.

A *subject* is whom a proof is about: a customer, or an order that belongs to nobody known. Level 1 is
somebody who calls from the customer's own number or names an order and its postcode; level 2 has a PIN
or a one-time code. Which factor makes how sure, and which action asks for what, are policies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ivr.commerce.context import Context, Outcome
from ivr.commerce.model import Customer, Order
from ivr.dialog.actions import UNVERIFIED, ActionType
from ivr.dialog.events import Value

By = Literal["postcode", "pin", "code", "order", "locked", "none"]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an action is about, as far as it is known."""

    name: str
    customer: Customer | None = None
    order: Order | None = None


def subject_of(context: Context, order: Order | None) -> Subject:
    """Return whom a call is about: the owner of an order, else who has proved most, else who calls."""
    if order is not None:
        customer = context.shop.customer(order.customer) if order.customer else None
        return Subject(order.customer or f"order {order.number}", customer, order)
    proved = context.office.standing.proved(context.call)
    known = max(proved, key=lambda one: proved[one], default="")
    if known and not known.startswith("order "):
        return Subject(known, context.shop.customer(known))
    customer = context.shop.customer_by_phone(context.caller) if context.caller else None
    return Subject(customer.id, customer) if customer else Subject("")


def level_of(context: Context, subject: Subject) -> int:
    """Return how sure it is that the caller is the subject."""
    if not subject.name:
        return 0
    proved = context.office.standing.proved(context.call).get(subject.name, 0)
    customer, rules = subject.customer, context.rules.verification
    if customer is not None and context.caller and rules.known_number > proved:
        own = context.shop.customer_by_phone(context.caller)  # a number that several share proves nothing
        if own is not None and own.id == customer.id:
            return rules.known_number
    return proved


def is_locked(context: Context, subject: Subject) -> bool:
    """Return whether too many wrong answers were given for a subject."""
    rules = context.rules.verification
    since = context.now - timedelta(hours=rules.locked_hours)
    return context.office.standing.failures(subject.name, since) >= rules.tries


def way_to(context: Context, subject: Subject, needed: int) -> By:
    """Return by which factor a caller can prove enough."""
    rules, customer = context.rules.verification, subject.customer
    if not subject.name:
        return "order"
    if is_locked(context, subject):
        return "locked"
    if rules.postcode >= needed and subject.order is not None and postcode_of(subject):
        return "postcode"
    if customer is None:
        return "none"
    if rules.pin >= needed and context.shop.check_pin(customer.id, "") is not None:
        return "pin"
    if rules.code >= needed and (customer.phone or customer.email):
        return "code"
    return "none"


def postcode_of(subject: Subject) -> str:
    """Return the postcode that proves a subject: where the order goes, or where the customer lives."""
    return subject.customer.postcode if subject.customer else ""


def guard(kind: ActionType, inputs: Mapping[str, Value], context: Context) -> tuple[Subject, Outcome | None]:
    """Return whom an action is about, and what comes of it instead where that is not sure enough."""
    needed = context.rules.verification.actions.get(kind.name, kind.level)
    number = next(
        (inputs.get(name) for name, of in kind.inputs.items() if of.startswith("order_number")), None
    )
    order = context.shop.order(str(number)) if number else None
    if number and order is None:
        return Subject(""), None  # the action says so itself
    if not needed and order is None:
        return Subject(""), None
    subject = subject_of(context, order)
    if level_of(context, subject) >= needed:
        return subject, None
    told: dict[str, Value] = {
        "order": order.number if order else None,
        "by": way_to(context, subject, needed),
    }
    return subject, (UNVERIFIED, told)
