"""Who calls, and what may be done with their account: proofs, points, locks, passwords."""

from collections.abc import Mapping
from datetime import timedelta

from ivr.commerce.context import Context, Outcome, Run, day, text
from ivr.commerce.standing import Subject, digits_of, is_locked, postcode_of, subject_of, wrong_tries
from ivr.dialog.actions import ActionType
from ivr.dialog.events import Value
from ivr.dialog.spoken.telephone import e164, region_of
from ivr.ports import NewCase, Proof

FACTORS = ("postcode", "pin", "code")


def identify(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Find who calls by the number; a withheld number or one that several share is nobody's."""
    phone = text(inputs, "phone")
    customer = context.shop.customer_by_phone(phone) if phone else None
    if customer is None:
        return "unknown", {}
    return "known", {"id": customer.id, "name": customer.name, "level": customer.level}


def verify(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Take one proof of who calls. After too many wrong ones nothing counts any more for a while."""
    subject, factor = _subject(context, inputs), text(inputs, "factor")
    if not subject.name or factor not in FACTORS:
        return "failed", {}
    if is_locked(context, subject):
        return "locked", {}
    rules, standing = context.rules.verification, context.office.standing
    level = int(getattr(rules, factor))
    proof = Proof(context.call, subject.name, factor, level, passed=False, caller=context.caller)
    standing.keep(proof, context.key)  # counted as wrong first: tries at the same moment see each other
    tries = wrong_tries(context, subject)
    if tries <= rules.tries and _passes(context, subject, factor, text(inputs, "given").replace(" ", "")):
        standing.passed(context.key)
        return "verified", {"customer": subject.name, "level": level}
    if tries >= rules.tries:
        _alert(context, subject)
    return ("locked" if is_locked(context, subject) else "failed"), {}


def _subject(context: Context, inputs: Mapping[str, Value]) -> Subject:
    number = text(inputs, "order")
    order = context.shop.order(number) if number else None
    return Subject("") if number and order is None else subject_of(context, order)


def _passes(context: Context, subject: Subject, factor: str, given: str) -> bool:
    match factor:
        case "postcode":
            wanted = postcode_of(subject)
            return bool(subject.order and wanted) and digits_of(given) == wanted
        case "pin":
            known = subject.customer
            return bool(given) and known is not None and context.shop.check_pin(known.id, given) is True
        case _:
            return context.office.standing.take_code(context.call, subject.name, given)


def _alert(context: Context, subject: Subject) -> None:
    """Tell the security team of a lock; the customer may be under attack."""
    rules = context.rules.cases.get("security")
    customer = subject.customer
    case = NewCase(
        context.call,
        "security",
        (rules.queue if rules else "") or "security",
        timedelta(hours=rules.hours if rules else 4),
        3,
        "Too many wrong proofs on the telephone: nothing is taken for this customer until the lock ends.",
        customer=customer.id if customer else "",
        order=subject.order.number if subject.order else "",
        language=context.language,
    )  # no number: nobody is called because a stranger has guessed
    context.office.cases.open(case, f"lock:{subject.name}:{context.now.date()}")


def send_code(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Send a one-time code to the number or address that the shop knows, never to one that was told."""
    subject = _subject(context, inputs)
    customer, rules = subject.customer, context.rules.verification
    if customer is None or not (customer.phone or customer.email):
        return "none", {}
    if is_locked(context, subject):
        return "locked", {}
    lasts = timedelta(minutes=rules.code_minutes)
    code = context.office.standing.new_code(context.call, subject.name, lasts, rules.codes_a_day)
    if code is None:
        return "too_many", {}
    message = {"name": "code", "text": "{code}", **_record(inputs.get("message"))}
    message["subject"] = "" if customer.phone else message.get("subject") or "{code}"
    channel = context.write(message, customer.phone, customer.email, secret=True, code=code)
    end = customer.phone[-2:] if channel == "sms" else ""
    return "sent", {"channel": channel, "end": end}


def _record(value: Value) -> dict[str, Value]:
    return dict(value) if isinstance(value, dict) else {}


def summary(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Tell a member's level and points."""
    customer = subject_of(context, None).customer
    if customer is None:
        return "unknown", {}
    return "found", {
        "name": customer.name,
        "level": customer.level,
        "points": customer.points,
        "points_expire": day(customer.points_expire),
    }


def lock(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Lock the account of who calls, at once."""
    customer = subject_of(context, None).customer
    if customer is None:
        return "unknown", {}
    locked = context.shop.lock_account(customer.id, context.key)
    return ("locked", {"name": locked.name}) if locked else ("unknown", {})


def send_reset(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Send a link for a new password to the address that the shop knows."""
    customer = subject_of(context, None).customer
    if customer is None:
        return "unknown", {}
    if not (customer.email or customer.phone):
        return "no_address", {}
    link = context.shop.reset_link(customer.id, context.key)
    if link is None:
        return "unknown", {}
    channel = context.write(inputs.get("message"), customer.phone, customer.email, secret=True, link=link)
    return ("sent", {"channel": channel}) if channel else ("no_address", {})


def change_phone(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Keep another telephone number of who calls; the old number is told."""
    customer = subject_of(context, None).customer
    if customer is None:
        return "unknown", {}
    phone = e164(text(inputs, "phone"), context.region or region_of(customer.phone))
    if not phone:
        return "no_number", {}
    other = context.shop.customer_by_phone(phone)
    if other is not None and other.id != customer.id:
        return "unknown", {}  # a number of two would be nobody's: a person looks
    changed = context.shop.change_phone(customer.id, phone, context.key)
    if changed is None:
        return "unknown", {}
    context.write(inputs.get("message"), customer.phone, customer.email)
    return "changed", {"phone": changed.phone}


ACTIONS: tuple[tuple[ActionType, Run], ...] = (
    (
        ActionType(
            "customer.identify",
            {"phone": "phone?"},
            ("known", "unknown", "unavailable"),
            "customer",
            fields={"id": "text", "name": "text", "level": "text"},
            empty=("unknown", "unavailable"),
        ),
        identify,
    ),
    (
        ActionType(
            "customer.verify",
            {"factor": "text", "given": "text", "order": "order_number?"},
            ("verified", "failed", "locked", "unavailable"),
            "proof",
            fields={"customer": "text", "level": "number"},
            empty=("failed", "locked", "unavailable"),
        ),
        verify,
    ),
    (
        ActionType(
            "customer.send_code",
            {"order": "order_number?", "message": "message?"},
            ("sent", "none", "too_many", "locked", "unavailable"),
            "code_sent",
            fields={"channel": "text", "end": "text"},
            empty=("none", "too_many", "locked", "unavailable"),
        ),
        send_code,
    ),
    (
        ActionType(
            "member.summary",
            {},
            ("found", "unknown", "unavailable"),
            "member",
            fields={"name": "text", "level": "text", "points": "number", "points_expire": "date"},
            empty=("unknown", "unavailable"),
            level=2,
        ),
        summary,
    ),
    (
        ActionType(
            "account.lock",
            {},
            ("locked", "unknown", "unavailable"),
            "account",
            fields={"name": "text"},
            empty=("unknown", "unavailable"),
            level=1,
        ),
        lock,
    ),
    (
        ActionType(
            "account.send_reset",
            {"message": "message"},
            ("sent", "no_address", "unknown", "unavailable"),
            "reset",
            fields={"channel": "text"},
            empty=("no_address", "unknown", "unavailable"),
            level=1,
        ),
        send_reset,
    ),
    (
        ActionType(
            "account.change_phone",
            {"phone": "phone", "message": "message?"},
            ("changed", "no_number", "unknown", "unavailable"),
            "account",
            fields={"phone": "phone"},
            empty=("no_number", "unknown", "unavailable"),
            level=2,
        ),
        change_phone,
    ),
)
