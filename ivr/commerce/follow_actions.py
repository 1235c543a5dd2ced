"""What is kept for after the call: call backs and ratings."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from ivr.commerce.context import Context, Outcome
from ivr.dialog.events import Value
from ivr.ports import Booking, Rating


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
    return "booked", {"number": context.follow.book_callback(booking, context.key), "phone": number}


def _moment(value: Value) -> datetime | None:
    """Return a day or a moment (ISO 8601) as an aware one; days begin at midnight, UTC."""
    try:
        at = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def survey_record(context: Context, inputs: Mapping[str, Value]) -> Outcome:
    """Keep a caller's rating."""
    score = str(inputs.get("score"))
    if not score.isdigit():
        return "unavailable", {}
    rating = Rating(context.call, str(inputs.get("survey", "")), int(score), str(inputs.get("reason") or ""))
    context.follow.keep_rating(rating, context.key)
    return "recorded", {}
