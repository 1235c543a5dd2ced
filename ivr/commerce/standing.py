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

POSTCODE_DIGITS = range(4, 9)
OTHERS = 2
"""So many more wrong answers a caller may give for several customers than for one: one may be misread."""
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
    customer = context.shop.customer_by_phone(context.caller) if context.caller else None
    proved = {
        name: level
        for name, level in context.office.standing.proved(context.call).items()
        if not name.startswith("order ")
    }
    known = max(proved, key=lambda one: proved[one], default="")
    own = customer.id if customer else ""
    if known and (
        not own or proved[known] > max(context.rules.verification.known_number, proved.get(own, 0))
    ):
        return Subject(known, context.shop.customer(known))
    return Subject(own, customer)


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
    return wrong_tries(context, subject) >= context.rules.verification.tries


def wrong_tries(context: Context, subject: Subject) -> int:
    """Return how many wrong answers count: for a subject, or of who calls, for whomever.

    Somebody who guesses at several customers has as many tries as somebody who guesses at one.
    """
    since = context.now - timedelta(hours=context.rules.verification.locked_hours)
    standing = context.office.standing
    for_all = standing.failures_of(context.call, context.caller, since) - OTHERS
    return max(standing.failures(subject.name, since), for_all)


def way_to(context: Context, subject: Subject, needed: int) -> By:
    """Return by which factor a caller can prove enough."""
    rules, customer = context.rules.verification, subject.customer
    if not subject.name:
        return "order"
    if is_locked(context, subject):
        return "locked"
    known = subject.order is not None and not subject.order.gift and postcode_of(subject)
    if rules.postcode >= needed and known:
        return "postcode"
    if customer is None:
        return "none"
    if rules.pin >= needed and context.shop.check_pin(customer.id, "") is not None:
        return "pin"
    if rules.code >= needed and (customer.phone or customer.email):
        return "code"
    return "none"


def postcode_of(subject: Subject) -> str:
    """Return the figures of the customer's postcode, "" where they are too few or many to prove."""
    figures = digits_of(subject.customer.postcode) if subject.customer else ""
    return figures if len(figures) in POSTCODE_DIGITS else ""


def digits_of(text: str) -> str:
    """Return the figures of a text."""
    return "".join(one for one in text if one.isdecimal())


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
    if level_of(context, subject) >= needed or (not subject.name and inputs.get("customer")):
        return subject, None  # of nobody known nothing can be told
    told: dict[str, Value] = {
        "about": order.number if order else None,
        "by": way_to(context, subject, needed),
    }
    return subject, (UNVERIFIED, told)
