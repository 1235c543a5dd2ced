"""What is kept for after the call: call backs, cases, messages, ratings."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ivr.commerce.context import Context, Outcome, Run, text
from ivr.commerce.policy import CasePolicy
from ivr.commerce.standing import level_of, subject_of
from ivr.commerce.urgency import urgent_words
from ivr.dialog.actions import ActionType
from ivr.dialog.events import Value
from ivr.ports import Booking, NewCase, Rating

SEVERE = 3


def callback_book(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Book a call back by a person. A number that nobody can dial is asked for."""
    number = str(inputs.get("number") or "").replace(" ", "")
    if not re.fullmatch(r"\+?[0-9]{5,15}", number):
        return "no_number", {}
    skills, at = inputs.get("skills"), inputs.get("at")
    booking = Booking(
        context.call,
        number,
        str(inputs.get("queue", "")),
        {str(name): int(str(level)) for name, level in skills.items()} if isinstance(skills, dict) else {},
        int(str(inputs.get("priority") or 0)),
        _moment(at),
    )
    return "booked", {"number": context.office.follow.book_callback(booking, context.key), "phone": number}


def _moment(value: Value) -> datetime | None:
    """Return a day or a moment (ISO 8601) as an aware one; days begin at midnight, UTC."""
    try:
        at = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def open_case(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Open a case; how soon it is answered and whose it is stands in the policies.

    Severe is what the policies say of its kind, what is said so, whose words are urgent, and what a
    customer complains about who has an open case already.
    """
    kind = text(inputs, "kind")
    rules = context.rules.cases.get(kind, CasePolicy())
    number = text(inputs, "order")
    order = context.shop.order(number) if number else None
    subject = subject_of(context, order)
    sure = level_of(context, subject) > 0
    customer = subject.customer if sure else None
    recording = inputs.get("recording")
    words = text(inputs, "words") or (str(recording.get("text") or "") if isinstance(recording, dict) else "")
    urgent = urgent_words(context.rules.priority, [words])
    again = bool(customer and context.office.cases.open_cases(customer.id))
    severity = max(rules.severity, _level(inputs.get("severity")), SEVERE if urgent or again else 1)
    hours = rules.hours if severity < SEVERE else max(1, rules.hours // 4)
    phone = context.caller or (customer.phone if customer else "")
    case = context.office.cases.open(
        NewCase(
            context.call,
            kind,
            rules.queue or text(inputs, "queue"),
            timedelta(hours=hours),
            severity,
            words,
            str(recording.get("number") or "") if isinstance(recording, dict) else text(inputs, "recording"),
            number,
            customer.id if customer else "",
            phone,
            context.language,
        ),
        context.key,
    )
    due = case.due_at.isoformat()
    email = customer.email if customer else ""
    channel = context.write(inputs.get("message"), phone, email, number=case.number, due=due)
    return ("severe" if severity >= SEVERE else "opened"), {
        "number": case.number,
        "due": due,
        "severity": severity,
        "channel": channel,
    }


def _level(value: Value) -> int:
    return int(str(value)) if str(value) in ("1", "2", "3") else 1


def send(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Write to who calls, at the number or address that the shop knows."""
    customer = subject_of(context, None).customer
    if customer is None:
        return "no_address", {}
    channel = context.write(inputs.get("message"), customer.phone, customer.email)
    return ("sent", {"channel": channel}) if channel else ("no_address", {})


def survey_record(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Keep a caller's rating."""
    score = str(inputs.get("score"))
    if not score.isdigit():
        return "unavailable", {}
    rating = Rating(context.call, str(inputs.get("survey", "")), int(score), str(inputs.get("reason") or ""))
    context.office.follow.keep_rating(rating, context.key)
    return "recorded", {}


ACTIONS: tuple[tuple[ActionType, Run], ...] = (
    (
        ActionType(
            "callback.book",
            {"queue": "queue", "number": "phone", "skills": "skills?", "priority": "number?", "at": "date?"},
            ("booked", "no_number", "unavailable"),
            "callback",
            fields={"number": "text", "phone": "phone"},
            empty=("no_number", "unavailable"),
        ),
        callback_book,
    ),
    (
        ActionType(
            "case.open",
            {
                "kind": "text",
                "queue": "text?",
                "severity": "number?",
                "words": "text?",
                "recording": "recording?",
                "order": "order_number?",
                "message": "message?",
            },
            ("opened", "severe", "unavailable"),
            "case",
            fields={"number": "text", "due": "datetime", "severity": "number", "channel": "text"},
            empty=("unavailable",),
        ),
        open_case,
    ),
    (
        ActionType(
            "message.send",
            {"message": "message"},
            ("sent", "no_address", "unavailable"),
            "written",
            fields={"channel": "text"},
            empty=("no_address", "unavailable"),
            level=1,
        ),
        send,
    ),
    (
        ActionType(
            "survey.record",
            {"survey": "text", "score": "number", "reason": "text?"},
            ("recorded", "unavailable"),
            "rating",
            empty=("recorded", "unavailable"),
        ),
        survey_record,
    ),
)
