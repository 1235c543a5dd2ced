"""Amounts of money as callers say and type them. Knows no rates: an amount is a decimal text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ivr.dialog.spoken.languages import chosen, numerals
from ivr.dialog.spoken.numerals import figures
from ivr.dialog.spoken.phrases import KNOWN, UNKNOWN, Book, Item, book, items, number_at, tags
from ivr.dialog.spoken.tokens import Span, sentence

SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "CNY", "%": ""}


@dataclass(frozen=True, slots=True)
class _Money:
    """How a language speaks of money.

    In the book C is a currency (Q before its number), t its tenth, c its hundredth, P the decimal point,
    H and a half, h half a, a "a" · o what makes a number no amount.
    """

    book: Book
    single: int
    """Hundredths that a bare digit behind the currency stands for: "two euros five", 三块五."""
    pairs: bool
    """Whether "forty nine ninety" is an amount."""


_ENGLISH = _Money(
    book(
        {
            "C": {
                "euro": "EUR", "euros": "EUR", "eur": "EUR", "dollar": "USD", "dollars": "USD", "usd": "USD",
                "buck": "USD", "bucks": "USD", "pound": "GBP", "pounds": "GBP", "pounds sterling": "GBP",
                "gbp": "GBP", "quid": "GBP", "yuan": "CNY", "rmb": "CNY", "cny": "CNY", "renminbi": "CNY",
                "kuai": "CNY",
            },
            "c": {"cent": "", "cents": "", "ct": "", "pence": "GBP", "penny": "GBP", "p": "GBP"},
            "P": "point",
            "H": "and a half",
            "h": "half a, half an",
            "a": {"a": 1, "an": 1},
            "o": """
                st, nd, rd, th, percent, per cent, k, day, days, week, weeks, month, months, year, years,
                minute, minutes, hour, hours, times, items, o'clock, am, pm
            """,
            KNOWN: """
                i paid, it was, it cost, the amount, amount, total, price, was, were, cost, costs, paid,
                just, exactly, in total, all together, altogether, only, back, me, to, on, at, from,
                make it, makes
            """,
        }
    ),
    single=1,
    pairs=True,
)  # fmt: skip
_CHINESE = _Money(
    book(
        {
            "C": {
                "元": "CNY", "块": "CNY", "圆": "CNY", "块钱": "CNY", "元钱": "CNY", "欧元": "EUR",
                "欧": "EUR", "美元": "USD", "美金": "USD", "刀": "USD", "英镑": "GBP", "镑": "GBP",
            },
            "Q": {"人民币": "CNY"},
            "t": {"毛": "CNY", "角": "CNY", "毛钱": "CNY", "角钱": "CNY"},
            "c": {"分": "CNY", "分钱": "CNY"},
            "P": "点",
            "H": "半",
            "o": """
                百分之, 折, 分钟, 点钟, 点半, 号, 月, 个月, 天, 年, 周, 星期, 个星期, 礼拜, 个小时, 小时,
                次, 遍, 件
            """,
            UNKNOWN: "分之, 一块儿, 一起",
            KNOWN: "金额, 总共, 一共, 付, 付了, 花了, 是, 价格, 大概, 退, 给, 整",
        }
    ),
    single=10,
    pairs=False,
)  # fmt: skip
_MONEY: Mapping[str, _Money] = {"en": _ENGLISH, "zh": _CHINESE}

_HEAD = re.compile(
    "(?P<sign>[QC])?(?P<whole>N(?:[.,]N)*|S|[ah](?=C))(?:P(?P<point>[NS]))?(?P<half>H)?(?P<unit>[Ctc])?(?P<late>H)?"
)
_TAIL = re.compile("(?P<rest>[NS])(?P<unit>[tc])?")
_SCALES = {"C": 100, "t": 10, "c": 1}
_UNITS = {scale: unit for unit, scale in _SCALES.items()}


class _Found(NamedTuple):
    """An amount in hundredths over items[start:end], and the smallest unit it has been counted in."""

    cents: int
    start: int
    end: int
    unit: str
    """C, t or c; empty when none was named."""
    marked: bool
    """Whether a currency was named."""
    plain: bool = True
    """Whether it can be read in one way only."""


def amount(text: str, language: str = "en") -> str | None:
    """Return an amount of money such as "49.90" from a transcript, or None."""
    found = amount_in(text, language)
    return found.value if found else None


def amount_in(text: str, language: str = "en", *, bare: bool = True) -> Span | None:
    """Return the amount that was said, as "49.90", a round one as "250", or None.

    Without `bare` a currency must be named. An amount is sure when nothing else was said and it is
    not a pair such as "twelve fifty", which can be 12.50 or 1250.
    """
    row = _row(text, language)
    line = tags(row)
    found = list(_amounts(row, line, chosen(_MONEY, language)))
    best = next((f for f in found if f.marked), None)
    if best is None and bare:
        best = next((f for f in found if _stands_alone(f, line)), None)
    if best is None:
        return None
    clean = len(found) == 1 and UNKNOWN not in line and best.plain
    return Span(_decimal(best.cents), row[best.start].start, row[best.end - 1].end, clean)


def currency_in(text: str, language: str = "en") -> str | None:
    """Return the ISO 4217 code of the first currency named: EUR, USD, GBP or CNY."""
    return next((item.text for item in _row(text, language) if item.tag in "QCtc" and item.text), None)


def _row(text: str, language: str) -> list[Item]:
    way = chosen(_MONEY, language)
    return items(sentence(text), way.book, numerals(language), number_at, SIGNS)


def _decimal(cents: int) -> str:
    whole, part = divmod(cents, 100)
    return f"{whole}.{part:02d}" if part else str(whole)


def _stands_alone(found: _Found, line: str) -> bool:
    """Return whether a bare number can be an amount: not nothing, not in "one moment" or "ten percent"."""
    around = line[max(found.start - 1, 0) : found.start] + line[found.end : found.end + 1]
    slight = found.cents <= 100
    return found.cents > 0 and not set(around) & set("NS/-oP") and not (slight and UNKNOWN in line)


def _amounts(row: Sequence[Item], line: str, way: _Money) -> list[_Found]:
    found, place = [], 0
    while match := _HEAD.search(line, place):
        one = _head(row, match)
        while longer := one and _with_tail(one, row, line, way):
            one = longer
        if one is not None:
            found.append(one)
        place = one.end if one else match.end("whole")
    return found


def _head(row: Sequence[Item], match: re.Match[str]) -> _Found | None:
    """Read the first number, in its unit. A currency that stands before a number has no other behind it."""
    cents = _whole(row[match.start("whole") : match.end("whole")])
    if cents is None:
        return None
    if match["point"]:
        cents += _hundredths(row[match.start("point")].text)
    cents += 50 if match["half"] else 0
    if match["sign"] == "C":
        return _Found(cents, match.start(), match.end("half" if match["half"] else "whole"), "c", marked=True)
    unit = match["unit"] or ""
    scale = _SCALES[unit or "C"]
    late = scale // 2 if match["late"] else 0
    return _Found(cents * scale // 100 + late, match.start(), match.end(), unit, bool(unit or match["sign"]))


def _whole(parts: Sequence[Item]) -> int | None:
    """Return the hundredths of a number with its separators, of "a" or of "half a"."""
    if len(parts) == 1:
        return 50 if parts[0].tag == "h" else parts[0].number * 100
    groups, marks = [part.text for part in parts[::2]], [part.tag for part in parts[1::2]]
    fraction = groups.pop() if len(groups[-1]) <= 2 and marks[-1] not in marks[:-1] else "0"
    if len(groups) > 1 and not _in_threes(groups):
        return None
    whole = figures("".join(groups))
    return None if whole is None else whole * 100 + _hundredths(fraction)


def _in_threes(groups: Sequence[str]) -> bool:
    return groups[0] != "0" and len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])


def _hundredths(digits: str) -> int:
    return int((digits + "0")[:2])


def _with_tail(found: _Found, row: Sequence[Item], line: str, way: _Money) -> _Found | None:
    """Add the number that follows if its unit is smaller, and all of it less than one of the unit before."""
    match = _TAIL.match(line, found.end)
    before = _SCALES[found.unit or "C"]
    if match is None or found.cents % before:
        return None
    rest, unit, follows = row[match.start("rest")], match["unit"], line[match.end() : match.end() + 1]
    scale = _SCALES[unit] if unit else _implied(found, len(rest.text), follows, way)
    if not scale or scale >= before or rest.number * scale >= before:
        return None
    closed = follows == "C" and not (unit or found.unit)
    named = bool(found.marked or unit or closed)
    cents = found.cents + rest.number * scale
    return _Found(cents, found.start, match.end() + closed, unit or _UNITS[scale], named, named)


def _implied(found: _Found, length: int, follows: str, way: _Money) -> int:
    """Return the unit, in hundredths, of a number of so many figures that names none; 0 if it is no part."""
    if follows in tuple("NS") or (found.unit and follows == "C"):
        return 0
    if length == 2:
        return int(found.unit == "C" or way.pairs)
    if length != 1 or not found.unit or (follows == UNKNOWN and way.single == 1):
        return 0  # "fifty euros 2 orders"
    return way.single if found.unit == "C" else 1
