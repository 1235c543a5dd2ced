"""Dates and times of day in English words."""

import re
from datetime import date

from audio.tts.normalise.numbers import cardinal, ordinal, year
from ivr.dialog.wording import MONTHS

_BY_NAME = {name[:3]: number for number, name in enumerate(MONTHS, 1)}
MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_YEAR = r"(?:,? (?P<year>[12]\d{3})\b)?"
ISO = r"\b(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d)(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\d-])"
NUMERIC = r"(?<![\d./-])(\d{1,2})([./])(\d{1,2})\2(\d{4})(?![\d./-])"
DAY_MONTH = rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{MONTH})\b\.?{_YEAR}"
MONTH_DAY = rf"\b(?P<month>{MONTH})\b\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.]\d){_YEAR}"
MONTH_YEAR = rf"\b({MONTH})\b\.? ([12]\d{{3}})\b"
HALF = r"[AaPp]\.?[Mm]\b\.?"
CLOCK = rf"(?<![\d:.,])([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?: ?({HALF}))?(?![\d:])"
HOUR = rf"(?<![\d:.,])(1[0-2]|[1-9])(?:\.([0-5]\d))? ?({HALF})"


def iso(match: re.Match[str]) -> str:
    """Return 2026-11-25 as "November twenty fifth, twenty twenty six"."""
    said = _said(match, int(match[3]), int(match[2]), int(match[1]))
    return f"{said} at {match[4]}" if match[4] and said != match[0] else said


def numeric(match: re.Match[str]) -> str:
    """Return 25.11.2026, 25/11/2026 or 11/25/2026 in words; where both fit the month comes first."""
    first, second = int(match[1]), int(match[3])
    day, month = (first, second) if first > 12 or match[2] == "." else (second, first)
    return _said(match, day, month, int(match[4]))


def named(match: re.Match[str]) -> str:
    """Return "25 Nov" and "Nov. 25, 2026" in words."""
    in_year = int(match["year"]) if match["year"] else None
    return _said(match, int(match["day"]), _BY_NAME[match["month"][:3]], in_year)


def _said(match: re.Match[str], day: int, month: int, in_year: int | None) -> str:
    try:
        date(in_year or 2000, month, day)
    except ValueError:
        return match[0]
    said = f"{MONTHS[month - 1]} {ordinal(day)}"
    return f"{said}, {year(in_year)}" if in_year else said


def month_year(match: re.Match[str]) -> str:
    """Return "March twenty twenty six"."""
    return f"{MONTHS[_BY_NAME[match[1][:3]] - 1]} {year(int(match[2]))}"


def clock(match: re.Match[str]) -> str:
    """Return "three thirty PM", "nine oh five", "nine o'clock"."""
    hour, minute, half = int(match[1]), match[2] or "00", (match[3] or "").replace(".", "").upper()
    if not half and hour not in range(1, 13):
        half, hour = ("AM" if hour < 12 else "PM"), hour % 12 or 12
    said = cardinal(hour)
    if minute != "00":
        said += f" {'oh ' if minute[0] == '0' else ''}{cardinal(int(minute))}"
    elif not half:
        said += " o'clock"
    return f"{said} {half}".rstrip() + (_stop(match) if (match[3] or "").endswith(".") else "")


def _stop(match: re.Match[str]) -> str:
    """Return "." where the stop of an abbreviation also ends its sentence."""
    return "." if re.match(r"\s+[A-Z]|\s*$", match.string[match.end() :]) else ""
