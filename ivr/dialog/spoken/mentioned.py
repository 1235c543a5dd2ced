"""What a sentence mentions whatever was asked: money, a day, a telephone number."""

from collections.abc import Collection
from datetime import date

from ivr.dialog.spoken.dates import date_in
from ivr.dialog.spoken.digits import digit_spans
from ivr.dialog.spoken.money import amount_in
from ivr.dialog.spoken.tokens import words

LEAST_PHONE, MOST_PHONE = 7, 15
"""Digits of a telephone number; shorter ones are other numbers (ITU-T E.164: at most 15)."""


def mentioned(text: str, today: date, language: str = "en", taken: Collection[str] = ()) -> dict[str, str]:
    """Return `amount` ("49.90", with a currency), `date` (ISO 8601) and `phone`, as far as they are said.

    Numbers in `taken`, such as the order's, are no telephone numbers.
    """
    found: dict[str, str] = {}
    said = words(text)
    spans = {"amount": amount_in(text, language, bare=False), "date": date_in(text, today, language)}
    for name, span in spans.items():
        if span is not None:
            found[name] = span.value
            said = [*said[: span.start], *["|"] * (span.end - span.start), *said[span.end :]]
    numbers = digit_spans(" ".join(said), LEAST_PHONE, MOST_PHONE, language)
    phone = next((one.value for one in numbers if one.value not in taken), None)
    return found | ({"phone": phone} if phone else {})
