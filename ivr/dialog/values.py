"""Values of slots, read leniently: numbers, moments, durations. What cannot be read is None."""

import re
from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from ivr.dialog.events import Value

LARGEST = Decimal(10) ** 15
"""Numbers beyond are no amounts or counts but text."""


def key_of(value: Value) -> str:
    """Return a value as one text. A record stands for its number, a list for its items."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return key_of(value.get("number"))
    if isinstance(value, list):
        return ", ".join(filter(None, map(key_of, value)))
    return "" if value is None else str(value)


def number_in(value: Value) -> Decimal | None:
    """Read a number, or the text of one, without zeros at its end."""
    text = "" if isinstance(value, bool | dict | list) else key_of(value)
    try:
        number = Decimal(text) if 0 < len(text) <= 40 else Decimal("NaN")
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= LARGEST:
        return None
    return whole(round(number, 12).normalize())


def whole(number: Decimal) -> Decimal:
    """Return the number without ".00", which would make "1.00" a plural."""
    return Decimal(int(number)) if number == int(number) else number


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return a time zone that is known to exist."""
    return ZoneInfo(name)


def moment_in(value: Value, zone: str) -> datetime | None:
    """Read an ISO 8601 day or time as one of the zone; without an offset it is local already."""
    try:
        when = datetime.fromisoformat(value if isinstance(value, str) else "")
        return when if when.tzinfo is None else when.astimezone(zone_of(zone))
    except (ValueError, OverflowError):
        return None


def clock_in(value: Value, zone: str) -> time | None:
    """Read the time of day out of `09:30` or of a day with its time; a day alone has none."""
    text = value if isinstance(value, str) else ""
    if when := moment_in(value, zone):
        return when.time() if len(text) > len("2026-12-02") else None
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None


_ISO_DURATION = re.compile(
    r"P(?=.)(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:[.,]\d{1,9})?S)?)?"
)
_SHORT_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)")
_SECONDS: Mapping[str, Decimal | int] = {"ms": Decimal("0.001"), "s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST = 10**12
"""Seconds; what is longer is no duration that anybody would be told."""


def seconds_of(value: Value) -> int | None:
    """Read a duration as whole seconds: a number of seconds, `PT1H30M`, `90m`; None if it is none."""
    text = key_of(value)
    if match := _ISO_DURATION.fullmatch(text):
        sizes = (604_800, 86_400, 3600, 60, 1)
        found: Decimal | None = Decimal(
            sum(int(amount or 0) * size for amount, size in zip(match.groups(), sizes, strict=True))
        )
    elif match := _SHORT_DURATION.fullmatch(text):
        found = Decimal(match[1]) * _SECONDS[match[2]]
    else:
        found = number_in(value)
    return None if found is None or not 0 <= found < LONGEST else round(found)
