"""Texts with slots in them, put into the words that a voice of a language can read.

A template is plain text with `{slot}`, `{slot.part|format}` or `{slot|format:argument}` in it; the
formats are the keys of `FORMATS`. English and Chinese have their own words, any other language
those of the Unicode locale data (Babel) and num2words. Whatever a slot holds, nothing here raises.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, pairwise

from ivr.dialog.events import Value
from ivr.dialog.values import clock_in, key_of, moment_in, number_in, seconds_of, whole, zone_of
from ivr.dialog.wording import plural_category, words_of

_HOLE = re.compile(
    r"\{\s*([a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)*)\s*(?:\|\s*([a-z_]+)\s*(?::([^{}]*))?)?\}", re.ASCII
)
_BRACES = re.compile(r"\{[^{}]*\}?|\}")
_STOPS = ".!?…。！？"
_PAUSES = " ,;:，、；："
NEAR_DAYS = {-1: "day.yesterday", 0: "day.today", 1: "day.tomorrow"}
"""Phrases that a hotline may give for days; a language without own words has no other way to say them."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a text that a slot fills. `argument` is what stood after the format's colon."""

    path: tuple[str, ...]
    format: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """What a template needs beside the slots: the time (aware), its zone, own phrases, the language.

    `phrases` hold the words of the statuses (`status.shipped`) and, where wished, `day.today`,
    `day.tomorrow`, `day.yesterday`. `language` is a code such as "en", "zh-CN" or "pt_BR".
    """

    now: datetime
    zone: str
    phrases: Mapping[str, str]
    language: str = "en"


@lru_cache(maxsize=4096)
def parts(template: str) -> tuple[str | Hole, ...]:
    """Split a template into its fixed texts and its holes, in order. A broken hole is fixed text."""
    found: list[str | Hole] = []
    end = 0
    for match in _HOLE.finditer(template):
        found += [template[end : match.start()], _hole(match)]
        end = match.end()
    found.append(template[end:])
    return tuple(part for part in found if part != "")


def _hole(match: re.Match[str]) -> Hole:
    return Hole(tuple(match[1].split(".")), match[2] or "text", (match[3] or "").strip())


def holes(template: str) -> tuple[Hole, ...]:
    """Return the holes of a template, in order."""
    return tuple(part for part in parts(template) if isinstance(part, Hole))


def broken_holes(template: str) -> tuple[str, ...]:
    """Return the pieces in braces that are no hole, and lone braces, as they are written.

    >>> broken_holes("Hello {Name}, {order.number|digits}")
    ('{Name}',)
    """
    texts = (part for part in parts(template) if isinstance(part, str))
    return tuple(piece for text in texts for piece in _BRACES.findall(text))


def is_fixed(template: str) -> bool:
    """Return whether the text has no hole, so that its audio can be made ahead of time."""
    return all(isinstance(part, str) for part in parts(template))


def render(template: str, slots: Mapping[str, Value], saying: Saying) -> str:
    """Fill a template. A slot that is not known leaves no trace: no second space, no lone comma."""
    if "{" not in template:
        return template
    said, gap = "", False
    for part in parts(template):
        if isinstance(part, Hole):
            words = spell(lookup(slots, part.path), part.format, saying, part.argument)
            said, gap = said + words, words == "" or words.isspace()
        elif gap and not part.isspace():
            said, gap = _closed(said, part), False
        else:
            said += part
    return " ".join((_closed(said, "") if gap else said).split())


def _closed(before: str, after: str) -> str:
    """Join two texts between which nothing was said, so that one mark stands where two would meet."""
    rest = after.lstrip()
    if rest and rest[0] not in _STOPS + _PAUSES:
        return before + after
    kept = before.rstrip()
    if not kept or kept[-1] in _STOPS:
        return f"{kept} {rest.lstrip(_STOPS + _PAUSES)}"
    return kept.rstrip(_PAUSES) + rest


def lookup(slots: Mapping[str, Value], path: tuple[str, ...]) -> Value:
    """Return the value at a path such as ("order", "eta"), or None."""
    if not path:
        return dict(slots)
    value = slots.get(path[0])
    for name in path[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def spell(value: Value, how: str, saying: Saying, argument: str = "") -> str:
    """Return one value in spoken form; "" for None. An unknown format is said as text."""
    if value is None:
        return ""
    return _FORMATS.get(how, _text)(value, saying, argument)


def grouped(digits: str, pause: str = ", ") -> str:
    """Space a number out as people say it: groups of three, a rest of four kept together.

    Letters stand apart from figures and become capitals; all other marks are left out.

    >>> grouped("so100245")
    'S O, 1 0 0, 2 4 5'
    """
    return pause.join(" ".join(group) for run in _runs(digits) for group in _groups(run))


def _runs(marks: str) -> list[str]:
    runs: list[str] = []
    for mark in filter(str.isalnum, marks.upper()):
        if runs and runs[-1][-1].isdigit() == mark.isdigit():
            runs[-1] += mark
        else:
            runs.append(mark)
    return runs


def _groups(run: str) -> list[str]:
    rest = 4 if len(run) % 3 == 1 and len(run) > 1 else 0
    cut = len(run) - rest
    return [run[at : at + 3] for at in range(0, cut, 3)] + ([run[cut:]] if rest else [])


_PHONE = re.compile(r"\+?[\s()./-]*\d[\d\s()./-]*")
_COUNTRY = re.compile(r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3}")
"""Country codes of ITU-T E.164: those of one and two figures, all others have three."""
_SIZES = {8: (4, 4), 11: (3, 4, 4), 12: (4, 4, 4)}


def phone_groups(number: str) -> list[str]:
    """Group a telephone number's figures: country code first, then as written, or by threes and fours.

    >>> phone_groups("+8613812345678")
    ['86', '138', '1234', '5678']
    """
    written = re.findall(r"\d+", number)
    country = _COUNTRY.match(written[0]) if number.startswith("+") else None
    if country:
        written[:1] = [country[0], written[0][country.end() :]]
    return [group for run in written for group in _sized(run)]


def _sized(run: str) -> list[str]:
    cuts = [0, *accumulate(_SIZES.get(len(run), ()))]
    return [run[start:end] for start, end in pairwise(cuts)] or _groups(run)


# The formats: each reads a value, whatever it is, and hands it to the language's words.


def _text(value: Value, saying: Saying, _argument: str = "") -> str:
    if isinstance(value, bool):
        return words_of(saying.language).truth[value]
    return _list(value, saying, "") if isinstance(value, list) else key_of(value)


def _digits(value: Value, saying: Saying, _argument: str) -> str:
    return grouped(key_of(value), words_of(saying.language).pause)


def _letters(value: Value, _saying: Saying, _argument: str) -> str:
    return " ".join(filter(str.isalnum, key_of(value).upper()))


def _phone(value: Value, saying: Saying, _argument: str) -> str:
    number = key_of(value).strip()
    if not _PHONE.fullmatch(number):
        return _text(value, saying)
    words = words_of(saying.language)
    plus = f"{words.plus} " if number[0] == "+" else ""
    return plus + words.pause.join(" ".join(group) for group in phone_groups(number))


def _money(value: Value, saying: Saying, _argument: str) -> str:
    record = value if isinstance(value, dict) else {"amount": value}
    amount = number_in(record.get("amount"))
    if amount is None:
        return _text(record.get("amount"), saying)
    code = key_of(record.get("currency")).upper() or "EUR"
    total, words = whole(round(amount, 2)), words_of(saying.language)
    return (words.minus if total < 0 else "") + words.money(abs(total), code)


def _day(value: Value, saying: Saying, _argument: str = "") -> str:
    when = moment_in(value, saying.zone)
    return _text(value, saying) if when is None else _day_of(when.date(), saying)


def _day_of(when: date, saying: Saying) -> str:
    today = saying.now.astimezone(zone_of(saying.zone)).date()
    own = saying.phrases.get(NEAR_DAYS.get((when - today).days, ""))
    return own or words_of(saying.language).day(when, today)


def _date(value: Value, saying: Saying, _argument: str) -> str:
    when = moment_in(value, saying.zone)
    return _text(value, saying) if when is None else words_of(saying.language).full_date(when.date())


def _time(value: Value, saying: Saying, _argument: str = "") -> str:
    when = clock_in(value, saying.zone)
    return _text(value, saying) if when is None else words_of(saying.language).clock(when)


def _datetime(value: Value, saying: Saying, _argument: str) -> str:
    when, clock = moment_in(value, saying.zone), clock_in(value, saying.zone)
    if when is None or clock is None:
        return _day(value, saying) if clock is None else _time(value, saying)
    words = words_of(saying.language)
    return words.moment(_day_of(when.date(), saying), words.clock(clock))


def _duration(value: Value, saying: Saying, _argument: str) -> str:
    seconds = seconds_of(value)
    if seconds is None:
        return _text(value, saying)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    amounts = {"day": day, "hour": hour, "minute": minute, "second": second}
    said = [(unit, amount) for unit, amount in amounts.items() if amount] or [("second", 0)]
    return words_of(saying.language).duration(said)


def _ordinal(value: Value, saying: Saying, _argument: str) -> str:
    number = number_in(value)
    if number is None or number % 1:
        return _text(value, saying)
    return words_of(saying.language).ordinal(int(number))


def _figures(value: Value, saying: Saying, _argument: str) -> str:
    number = number_in(value)
    return _text(value, saying) if number is None else words_of(saying.language).number(number)


def _words(value: Value, saying: Saying, _argument: str) -> str:
    number = number_in(value)
    return _text(value, saying) if number is None else words_of(saying.language).words(number)


def _list(value: Value, saying: Saying, _argument: str) -> str:
    items = value if isinstance(value, list) else [value]
    said = [words for words in map(key_of, items) if words]
    return words_of(saying.language).listed(said) if len(said) > 1 else "".join(said)


def _plural(value: Value, saying: Saying, argument: str) -> str:
    forms = [form.strip() for form in argument.split("/")]
    count = Decimal(len(value)) if isinstance(value, list) else number_in(value)
    if count is None:
        said = _text(value, saying)
        return f"{said} {forms[-1]}".strip() if said else ""
    form = forms[min(plural_category(saying.language, count), len(forms) - 1)]
    return f"{words_of(saying.language).number(count)} {form}".strip()


def _status(value: Value, saying: Saying, _argument: str) -> str:
    name = key_of(value)
    return saying.phrases.get(f"status.{name}") or (f"is {name}".replace("_", " ") if name else "")


_FORMATS: Mapping[str, Callable[[Value, Saying, str], str]] = {
    "date": _date,
    "datetime": _datetime,
    "day": _day,
    "digits": _digits,
    "duration": _duration,
    "letters": _letters,
    "list": _list,
    "money": _money,
    "number": _figures,
    "ordinal": _ordinal,
    "phone": _phone,
    "plural": _plural,
    "status": _status,
    "text": _text,
    "time": _time,
    "words": _words,
}
FORMATS = frozenset(_FORMATS)
WITH_ARGUMENT = frozenset({"plural"})
"""The formats that need an argument; the others take none."""
