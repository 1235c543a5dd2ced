"""Texts with slots in them, put into the words that a voice can read. English.

A template is plain text with `{slot}` or `{slot.part|format}` in it. Formats: digits, money, day,
status, number, text (the default).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from ivr.dialog.events import Value

FORMATS = frozenset({"digits", "money", "day", "status", "number", "text", "list"})
_HOLE = re.compile(r"\{\s*([a-z_][a-z0-9_.]*)\s*(?:\|\s*([a-z_]+)\s*)?\}")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
CURRENCIES = {"EUR": ("euro", "cent"), "USD": ("dollar", "cent"), "GBP": ("pound", "penny")}


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a text that a slot fills."""

    path: tuple[str, ...]
    format: str


@dataclass(frozen=True, slots=True)
class Saying:
    """What a template needs beside the slots: the time, its zone and the status words."""

    now: datetime
    zone: str
    phrases: Mapping[str, str]


@lru_cache(maxsize=4096)
def parts(template: str) -> tuple[str | Hole, ...]:
    """Split a template into its fixed texts and its holes, in order."""
    found: list[str | Hole] = []
    end = 0
    for match in _HOLE.finditer(template):
        found += [template[end : match.start()], Hole(tuple(match[1].split(".")), match[2] or "text")]
        end = match.end()
    found.append(template[end:])
    return tuple(part for part in found if part != "")


def is_fixed(template: str) -> bool:
    """Return whether the text has no hole, so that its audio can be made ahead of time."""
    return all(isinstance(part, str) for part in parts(template))


def render(template: str, slots: Mapping[str, Value], saying: Saying) -> str:
    """Fill a template. A slot that is not known leaves its hole empty."""
    if "{" not in template:
        return template
    said = [
        part if isinstance(part, str) else spell(lookup(slots, part.path), part.format, saying)
        for part in parts(template)
    ]
    return " ".join("".join(said).split())


def lookup(slots: Mapping[str, Value], path: tuple[str, ...]) -> Value:
    """Return the value at a path such as ("order", "eta"), or None."""
    value: Value = dict(slots)
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def spell(value: Value, how: str, saying: Saying) -> str:
    """Return one value in spoken form."""
    if value is None:
        return ""
    match how:
        case "digits":
            return grouped(str(value))
        case "money":
            return money(value)
        case "day":
            return day(value, saying)
        case "status":
            return saying.phrases.get(f"status.{value}", f"is {value}".replace("_", " "))
        case "list":
            return listed(value)
        case _:
            return key_of(value)


def key_of(value: Value) -> str:
    """Return a value as one text. A record stands for its number."""
    if isinstance(value, dict):
        return str(value.get("number", ""))
    return str(value)


def grouped(digits: str) -> str:
    """Space a number out as people say it: groups of three, a rest of four kept together.

    >>> grouped("100245")
    '1 0 0, 2 4 5'
    """
    marks = [mark for mark in digits if mark.isalnum()]
    groups = []
    while marks:
        size = 4 if len(marks) == 4 else min(3, len(marks))
        groups.append(" ".join(marks[:size]))
        marks = marks[size:]
    return ", ".join(groups)


def money(value: Value) -> str:
    """Return an amount in words and figures; a record holds `amount` and `currency`.

    >>> money({"amount": "49.90", "currency": "EUR"})
    '49 euros and 90 cents'
    """
    record = value if isinstance(value, dict) else {"amount": value}
    try:
        total = Decimal(str(record.get("amount", 0))).quantize(Decimal("0.01"))
    except InvalidOperation:
        return str(value)
    unit, cent = CURRENCIES.get(str(record.get("currency", "EUR")), (str(record.get("currency")), "cent"))
    whole, part = divmod(int(total * 100), 100)
    said = [f"{whole} {unit}{'' if whole == 1 else 's'}"] if whole or not part else []
    if part:
        plural = "pence" if cent == "penny" else f"{cent}s"
        said.append(f"{part} {cent if part == 1 else plural}")
    return " and ".join(said)


def day(value: Value, saying: Saying) -> str:
    """Return a date as a caller would hear it: today, tomorrow, on Wednesday, on December 2nd."""
    try:
        when = date.fromisoformat(str(value)[:10])
    except ValueError:
        return str(value)
    today = saying.now.astimezone(_zone(saying.zone)).date()
    away = (when - today).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    if away in near:
        return near[away]
    if 1 < away < 7:
        return f"on {WEEKDAYS[when.weekday()]}"
    if -7 < away < -1:
        return f"last {WEEKDAYS[when.weekday()]}"
    return f"on {MONTHS[when.month - 1]} {ordinal(when.day)}"


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th …"""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def listed(value: Value) -> str:
    """Return "a, b and c"."""
    items = [key_of(item) for item in value] if isinstance(value, list) else [key_of(value)]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
