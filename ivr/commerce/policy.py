"""What the shop allows, decided from data: policies.yaml, with the days from and until which a part holds.

Pure: records and the day in, a verdict out. Faults are told all at once, each with its place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from ivr.commerce.model import MONEY_CAME, OPEN_TO_CHANGE, Order
from ivr.dialog.events import Value
from ivr.routing.policy import Faulty, Place, read_as

RefundOutcome = Literal["eligible", "needs_return", "too_late", "over_limit", "already"]
ReturnOutcome = Literal["returnable", "not_delivered", "too_late"]
Steps = Annotated[int, Field(ge=0, le=10)]
Amount = Annotated[Decimal, Field(ge=0, le=1_000_000)]
Level = Annotated[int, Field(ge=0, le=2)]
CHECKED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=CHECKED)
class RefundPolicy:
    """Refunds: days after delivery, the most the hotline gives by itself, working days to pay.

    It holds for orders that were placed from `since` on, `until` a day (both included).
    """

    window_days: Annotated[int, Field(ge=0, le=3650)] = 30
    limit: Amount = Decimal(200)
    working_days: Annotated[int, Field(ge=0, le=60)] = 5
    since: date | None = None
    until: date | None = None
    most_in_90_days: Annotated[int, Field(ge=0, le=1000)] = 3


@dataclass(frozen=True, slots=True, config=CHECKED)
class PriorityPolicy:
    """What makes a caller go before others, in steps of priority; `most` is the highest there is."""

    matters: Mapping[str, Steps] = field(default_factory=dict)
    words: Mapping[str, Steps] = field(default_factory=dict)
    levels: Mapping[str, Steps] = field(default_factory=dict)
    called_before: Steps = 0
    open_case: Steps = 0
    most: Steps = 3


@dataclass(frozen=True, slots=True, config=CHECKED)
class VerificationPolicy:
    """How sure each factor makes that it is the customer who calls, and what actions ask for.

    Levels: 0 nobody known, 1 what order matters ask for, 2 what an account asks for. `actions` changes
    the level of single actions. After `tries` wrong answers within `locked_hours` nothing is taken from
    anybody for that customer until they are over.
    """

    known_number: Level = 1
    postcode: Level = 1
    pin: Level = 2
    code: Level = 2
    tries: Annotated[int, Field(ge=1, le=10)] = 3
    locked_hours: Annotated[int, Field(ge=1, le=720)] = 24
    code_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    codes_a_day: Annotated[int, Field(ge=1, le=20)] = 3
    actions: Mapping[str, Level] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=CHECKED)
class LimitPolicy:
    """How much money an action may move by itself: in a call, for a customer in a day, in a day in all."""

    call: Amount | None = None
    customer: Amount | None = None
    day: Amount | None = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class GoodwillPolicy:
    """A voucher as an apology: how much, valid for how many days, and one in how many days a customer."""

    amount: Amount = Decimal(5)
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    valid_days: Annotated[int, Field(ge=1, le=3650)] = 90
    every_days: Annotated[int, Field(ge=1, le=3650)] = 180


@dataclass(frozen=True, slots=True, config=CHECKED)
class CasePolicy:
    """Who owns a kind of case, how soon the customer is answered, and how severe it is at least."""

    queue: str = ""
    hours: Annotated[int, Field(ge=1, le=720)] = 24
    severity: Annotated[int, Field(ge=1, le=3)] = 1


@dataclass(frozen=True, slots=True, config=CHECKED)
class RatingPolicy:
    """Whom to ask for a rating: nobody twice within so many days."""

    every_days: Annotated[int, Field(ge=0, le=365)] = 30


@dataclass(frozen=True, slots=True, config=CHECKED)
class Policies:
    """All of policies.yaml."""

    refund: tuple[RefundPolicy, ...] = ()
    priority: PriorityPolicy = field(default_factory=PriorityPolicy)
    verification: VerificationPolicy = field(default_factory=VerificationPolicy)
    limits: Mapping[str, LimitPolicy] = field(default_factory=dict)
    goodwill: GoodwillPolicy = field(default_factory=GoodwillPolicy)
    cases: Mapping[str, CasePolicy] = field(default_factory=dict)
    rating: RatingPolicy = field(default_factory=RatingPolicy)

    @property
    def refunds(self) -> tuple[RefundPolicy, ...]:
        """Return the refund policies, the earliest first."""
        return tuple(sorted(self.refund, key=lambda one: one.since or date.min))


def read_policies(data: Mapping[str, Value]) -> Policies:
    """Return checked policies. Raise Faulty with every fault: unknown fields, odd figures, gaps in time."""
    read = read_as(Policies, _one_kind(data), *_PARTS)
    if faults := list(_in_time(read)):
        raise Faulty(faults)
    return read


_PARTS = (
    RefundPolicy,
    PriorityPolicy,
    VerificationPolicy,
    LimitPolicy,
    GoodwillPolicy,
    CasePolicy,
    RatingPolicy,
)


def _one_kind(data: Mapping[str, Value]) -> dict[str, Value]:
    """Return the data with a single refund policy as a list of one: faults then have one kind of place."""
    refund = data.get("refund")
    return {**data, "refund": [refund]} if isinstance(refund, dict) else dict(data)


def _in_time(read: Policies) -> Iterator[tuple[Place, str]]:
    """Yield where no refund policy holds, or two do."""
    for number, one in enumerate(read.refunds):
        if one.since and one.until and one.until < one.since:
            yield ("refund", number), f"this ends on {one.until}, before it begins on {one.since}"
    for number, (one, following) in enumerate(pairwise(read.refunds), 1):
        begins = following.since
        if begins is None or begins == one.since:
            yield ("refund", number), "two refund policies hold at once: say `since` when this one begins"
        elif one.until is not None and one.until < begins - timedelta(days=1):
            gap = f"{one.until + timedelta(days=1)} to {begins - timedelta(days=1)}"
            yield ("refund", number), f"no refund policy holds from {gap}"
        elif one.until is not None and one.until >= begins:
            yield ("refund", number), f"two refund policies hold from {begins} to {one.until}"


def policies_of(data: Mapping[str, Value]) -> Policies:
    """Return the policies of menus that were checked; what an older version cannot say has its default."""
    try:
        return read_policies(data)
    except Faulty:
        return Policies()


def refund_policy(data: Mapping[str, Value], on: date | None = None) -> RefundPolicy:
    """Return the refund policy for an order of a day: the last that has begun, the first for older ones."""
    known = policies_of(data).refunds
    if not known:
        return RefundPolicy()
    begun = [one for one in known if on is not None and (one.since or date.min) <= on]
    return begun[-1] if begun else known[0]


def check_refund(
    policy: RefundPolicy, order: Order, back: Decimal, today: date, wanted: Decimal | None = None
) -> RefundOutcome:
    """Return what the policy says of refunding an amount of an order today, or all that is left of it.

    `back` is what has gone back already.
    """
    amount = order.total - back if wanted is None else wanted
    if order.status in ("refunded", "cancelled") or back + amount > order.total or amount <= 0:
        return "already"
    if order.status in (*OPEN_TO_CHANGE, "shipped"):
        return "needs_return"  # what has not been sent can be cancelled instead
    if order.delivered_on and (today - order.delivered_on).days > policy.window_days:
        return "too_late"
    if amount > policy.limit or order.payment not in MONEY_CAME:
        return "over_limit"
    return "eligible"


def returnable(policy: RefundPolicy, order: Order, today: date) -> ReturnOutcome:
    """Return whether an order may come back today."""
    if order.status != "delivered":
        return "not_delivered"
    if order.delivered_on and (today - order.delivered_on).days > policy.window_days:
        return "too_late"
    return "returnable"


def explained(
    data: Mapping[str, Value], order: Order, back: Decimal, today: date, lately: int = 0
) -> list[str]:
    """Return in words what may be done with an order today, by which figures, and why.

    `lately` is how many refunds its customer has had within 90 days.
    """
    policy = refund_policy(data, order.placed_on)
    begins, ends = policy.since, policy.until
    span = " and ".join([*([f"since {begins}"] if begins else []), *([f"until {ends}"] if ends else [])])
    whom = f"for orders {span}" if span else "for all orders"
    placed = f", placed on {order.placed_on}" if order.placed_on else ""
    lines = [
        f"order {order.number}: {order.status}, {order.total} {order.currency}{placed}",
        f"refund policy {whom}: {policy.window_days} days after delivery, "
        f"up to {policy.limit} by the hotline, paid within {policy.working_days} working days",
    ]
    days = (today - order.delivered_on).days if order.delivered_on else None
    verdict = check_refund(policy, order, back, today)
    often = verdict == "eligible" and lately >= policy.most_in_90_days
    because = {
        "eligible": f"{order.total - back} {order.currency} may go back",
        "needs_return": "it has not arrived: it must come back first",
        "too_late": f"it was delivered {days} days ago, {policy.window_days} are allowed",
        "over_limit": f"{order.total - back} is more than {policy.limit}: a person decides"
        if order.payment in MONEY_CAME
        else f"the payment is {order.payment}: a person decides",
        "already": f"it is {order.status}, and {back} of {order.total} went back",
    }
    lines.append(f"refund: {verdict}, {because[verdict]}")
    if often:
        lines[-1] = f"refund: over_limit, the customer has had {lately} in 90 days: a person decides"
    may = returnable(policy, order, today)
    why = {
        "returnable": f"{policy.window_days - (days or 0)} days are left",
        "not_delivered": "it has not been delivered",
        "too_late": f"it was delivered {days} days ago, {policy.window_days} are allowed",
    }
    lines.append(f"return: {may}, {why[may]}")
    can = order.status in OPEN_TO_CHANGE
    hand = ", by a person because it is paid in instalments" if can and order.instalments else ""
    lines.append(f"cancelling: {'possible' + hand if can else f'not possible, it is {order.status}'}")
    lines.append(f"another address: {'possible' if can else f'not possible, it is {order.status}'}")
    lines += _told_limits(policies_of(data))
    return lines


def _told_limits(rules: Policies) -> Iterator[str]:
    """Yield who may ask for a refund, and how much of it the hotline pays by itself."""
    proof = rules.verification
    ways = {"the customer's own number": proof.known_number, "postcode": proof.postcode, "PIN": proof.pin}
    ways["one-time code"] = proof.code
    needed = proof.actions.get("refund.request", 1)
    enough = [name for name, level in ways.items() if level >= needed]
    yield f"who calls proves it by: {', '.join(enough) or 'nothing that is known, so a person decides'}"
    limit = rules.limits.get("refund.request")
    if limit is not None:
        most = {"in a call": limit.call, "for a customer in a day": limit.customer, "in a day": limit.day}
        yield "refunds by the hotline: at most " + ", ".join(
            f"{amount} {of}" for of, amount in most.items() if amount is not None
        )
