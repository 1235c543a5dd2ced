"""Numbers, money and measures in English words."""

import re
from decimal import Decimal

from ivr.dialog.prompts import grouped
from ivr.dialog.wording import currency, in_words, words_of

_ENGLISH = words_of("en")
MOST_DIGITS = 15
"""Longer numbers are read figure by figure."""

# ---- plain numbers

SPACED = r"(?<![\w.])\d(?:,? \d)+(?!\w|\.\d)"
"""Figures that stand apart, as in a number that is read out; they stay as they are."""
FRACTIONS = {
    "1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter", "3/4": "three quarters",
}  # fmt: skip


def cardinal(number: Decimal | int) -> str:
    """Return "one thousand two hundred and three", without hyphens and commas."""
    whole, _, decimals = f"{abs(Decimal(number)):f}".partition(".")
    said = _plain(in_words(Decimal(whole), "en"))
    point = "".join(f" {in_words(Decimal(mark), 'en')}" for mark in decimals)
    minus = "minus " if number < 0 else ""
    return f"{minus}{said} point{point}" if point else minus + said


def year(number: int) -> str:
    """Return "twenty twenty six"."""
    return _plain(in_words(Decimal(number), "en", "year"))


def ordinal(number: int) -> str:
    """Return "twenty fifth"."""
    return _plain(in_words(Decimal(number), "en", "ordinal"))


def _plain(words: str) -> str:
    return words.replace("-", " ").replace(",", "")


def number(match: re.Match[str]) -> str:
    """Return figures in words, and figures that stand apart as they are."""
    figures = match[0].replace(",", "")
    if re.fullmatch(SPACED, match[0]):
        return match[0]
    if len(figures.lstrip("-").split(".")[0]) > MOST_DIGITS:
        return grouped(figures)
    return cardinal(Decimal(figures))


def version(match: re.Match[str]) -> str:
    """Return "one point two point three"."""
    parts = match[0].split(".")
    return " point ".join(cardinal(int(part)) if len(part) < 4 else grouped(part) for part in parts)


# ---- money

SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "CNY", "￥": "CNY", "RMB": "CNY"}
_CODES = "EUR|USD|GBP|CNY|RMB|CHF|JPY|HKD|SGD|AUD|CAD|SEK|NOK|DKK|PLN|CZK|KRW|INR"
CURRENCY = rf"(?:[€$£¥￥]|(?<![A-Za-z])(?:{_CODES})(?![A-Za-z]))"
AMOUNT = r"(?:\d{1,3}(?:[,.]\d{3}){1,3}(?:[.,]\d{1,2})?(?!\d|[.,]\d)|\d{1,12}(?:[.,]\d{1,2})?(?!\d|[.,]\d))"


def decimal_of(figures: str) -> Decimal:
    """Read "1,299", "1.299,50" or "49,90" as an amount of money."""
    tail = re.split(r"[.,]", figures)[-1]
    whole = len(tail) == len(figures) or len(tail) == 3
    digits = re.sub(r"[.,]", "", figures)
    cut = len(digits) if whole else len(digits) - len(tail)
    return Decimal(f"{digits[:cut]}.{digits[cut:] or 0}")


def money(match: re.Match[str]) -> str:
    """Return "forty nine euros and ninety cents" of `minus`, `amount` and `sign`."""
    amount, code = decimal_of(match["amount"]), SIGNS.get(match["sign"], match["sign"])
    if code == "CNY":
        words = f"{amount if amount % 1 else int(amount)} yuan"
    elif code in ("EUR", "USD", "GBP"):
        words = _ENGLISH.money(amount, code)
    else:
        words = currency(amount, code, "en")
    return f" {'minus ' if match['minus'] else ''}{re.sub(r'[0-9][0-9.,]*', _figures, words)} "


def _figures(match: re.Match[str]) -> str:
    return cardinal(Decimal(match[0].replace(",", "").rstrip(".")))


# ---- measures

_UNITS = {
    "kg": "kilogram", "g": "gram", "mg": "milligram", "km": "kilometer", "m": "meter", "cm": "centimeter",
    "mm": "millimeter", "l": "liter", "ml": "milliliter", "min": "minute", "mins": "minute", "h": "hour",
    "hr": "hour", "hrs": "hour", "sec": "second", "secs": "second", "ms": "millisecond", "kB": "kilobyte",
    "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte", "W": "watt", "V": "volt", "kWh": "kilowatt-hour",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "ft": "foot", "km/h": "kilometer per hour", "°": "degree",
    "°C": "degree Celsius", "°F": "degree Fahrenheit", "MHz": "megahertz", "GHz": "gigahertz",
}  # fmt: skip
UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))


def measure(match: re.Match[str]) -> str:
    """Return "5 kilograms" of a number and a unit; the number is another rule's."""
    first, *rest = _UNITS[match[2]].split()
    if match[1] != "1" and not first.endswith("hertz"):
        first = "feet" if first == "foot" else f"{first}s"
    return " ".join([match[1], first.replace("-", " "), *rest])
