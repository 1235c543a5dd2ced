"""Payment card numbers in what callers say: found, and masked before anything is kept of them.

Card numbers have 13 to 19 digits, the last being a check digit (ISO/IEC 7812-1). A digit may have been
misheard, so whatever is longer than a telephone number (ITU-T E.164: 15 digits) counts as one.
"""

import re

from ivr.dialog.spoken.checks import luhn
from ivr.dialog.spoken.digits import digit_spans
from ivr.dialog.spoken.tokens import words

SHORTEST, LONGEST, TELEPHONE = 13, 19, 15
CARD = "(card number)"
"""Stands for a number that was masked."""
_FIGURES = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){12,18}(?!\d)")


def is_card(digits: str) -> bool:
    """Return whether a number looks like one of a card."""
    if not SHORTEST <= len(digits) <= LONGEST:
        return False
    return len(digits) > TELEPHONE or luhn(digits)


def masked(text: str, language: str = "en") -> str:
    """Return a text with every card number masked, written in figures or told in words."""
    plain = _FIGURES.sub(_figures, text)
    while spans := [one for one in digit_spans(plain, SHORTEST, LONGEST, language) if is_card(one.value)]:
        line, span = words(plain), spans[0]
        plain = " ".join([*line[: span.start], "card", "number", *line[span.end :]])
    return plain if plain == text or CARD in plain else f"{plain} {CARD}"


def _figures(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return CARD if is_card(digits) else found[0]
