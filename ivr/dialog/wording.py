"""The words in which languages say days, times, money and numbers.

English and Chinese have their own, any other language those of the Unicode locale data (Babel) and
num2words; both are loaded when they are first needed.
"""

import re
from collections.abc import Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
CURRENCIES = {"EUR": ("euro", "cent"), "USD": ("dollar", "cent"), "GBP": ("pound", "penny")}
SAME_YEAR_DAYS = 300
"""Beyond so many days a date without its year could be taken for another year's."""
PLURALS = ("zero", "one", "two", "few", "many", "other")
MOST_WORDS = 10**6
"""num2words gets wrong, or never ends, beyond a million in some languages."""


class English:
    """The words of English, which also stand in where another language has none."""

    pause = ", "
    plus = "plus"
    minus = "minus "
    truth = ("no", "yes")
    language = "en"

    def listed(self, items: Sequence[str]) -> str:
        """Return "a, b and c" for two items or more."""
        return f"{', '.join(items[:-1])} and {items[-1]}"

    def day(self, when: date, today: date) -> str:
        """Return today, tomorrow, on Wednesday, last Wednesday, on December 2nd."""
        away = (when - today).days
        near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
        if away in near:
            return near[away]
        if abs(away) < 7:
            return f"{'on' if away > 0 else 'last'} {WEEKDAYS[when.weekday()]}"
        if abs(away) > SAME_YEAR_DAYS:
            return f"on {self.full_date(when)}"
        return f"on {MONTHS[when.month - 1]} {self.ordinal(when.day)}"

    def full_date(self, when: date) -> str:
        """Return "December 2nd, 2026"."""
        return f"{MONTHS[when.month - 1]} {self.ordinal(when.day)}, {when.year}"

    def clock(self, when: time) -> str:
        """Return "9 AM", "9:30 AM", "noon", "midnight"."""
        if when.minute == 0 and when.hour % 12 == 0:
            return "noon" if when.hour else "midnight"
        minute = f":{when.minute:02}" if when.minute else ""
        return f"{when.hour % 12 or 12}{minute} {'AM' if when.hour < 12 else 'PM'}"

    def moment(self, day: str, clock: str) -> str:
        """Return "tomorrow at 9 AM"."""
        return f"{day} at {clock}"

    def duration(self, amounts: Sequence[tuple[str, int]]) -> str:
        """Return "1 hour and 30 minutes"; the amounts are of days, hours, minutes, seconds."""
        said = [f"{amount} {unit}{'' if amount == 1 else 's'}" for unit, amount in amounts]
        return self.listed(said) if len(said) > 1 else said[0]

    def money(self, total: Decimal, code: str) -> str:
        """Return "49 euros and 90 cents" of an amount that is not below zero."""
        if code not in CURRENCIES:
            return currency(total, code, self.language)
        unit, cent = CURRENCIES[code]
        whole, part = divmod(int(total * 100), 100)
        said = [f"{whole} {unit}{'' if whole == 1 else 's'}"] if whole or not part else []
        if part:
            plural = "pence" if cent == "penny" else f"{cent}s"
            said.append(f"{part} {cent if part == 1 else plural}")
        return " and ".join(said)

    def number(self, number: Decimal) -> str:
        """Return "1,200.5"."""
        return figures(number, self.language)

    def words(self, number: Decimal) -> str:
        """Return "one thousand, two hundred", or figures where the language's words are not known."""
        return in_words(number, self.language) or self.number(number)

    def ordinal(self, number: int) -> str:
        """Return 1st, 2nd, 3rd, 4th …"""
        if number % 100 in (11, 12, 13):
            return f"{number}th"
        return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


_CHINESE_DAYS = {-2: "前天", -1: "昨天", 0: "今天", 1: "明天", 2: "后天"}
_CHINESE_HOURS = ((5, "凌晨"), (8, "早上"), (12, "上午"), (13, "中午"), (19, "下午"), (24, "晚上"))
"""Until which hour each part of the day lasts."""
_CHINESE_TIMES = {"day": "天", "hour": "小时", "minute": "分钟", "second": "秒"}


class Chinese(English):
    """The words of Mandarin. Figures are left to the voice, which reads them in Mandarin."""

    pause = "，"
    plus = "加"
    minus = "负"
    truth = ("否", "是")
    language = "zh"

    def listed(self, items: Sequence[str]) -> str:
        """Return "a、b和c"."""
        return f"{'、'.join(items[:-1])}和{items[-1]}"

    def day(self, when: date, today: date) -> str:
        """Return 今天, 明天, 星期三, 上星期三, 12月2日."""
        away = (when - today).days
        if away in _CHINESE_DAYS:
            return _CHINESE_DAYS[away]
        if abs(away) < 7:
            # "上星期" is the week before this one, which begins on Monday; not "the last seven days"
            past = "上" if -away > today.weekday() else "这"
            return f"{past if away < 0 else ''}星期{'一二三四五六日'[when.weekday()]}"
        return self.full_date(when) if abs(away) > SAME_YEAR_DAYS else f"{when.month}月{when.day}日"

    def full_date(self, when: date) -> str:
        """Return "2026年12月2日"."""
        return f"{when.year}年{when.month}月{when.day}日"

    def clock(self, when: time) -> str:
        """Return "上午9点30分"."""
        name = next(name for end, name in _CHINESE_HOURS if when.hour < end)
        hour = when.hour - 12 if when.hour > 12 else when.hour
        zero = "零" if 0 < when.minute < 10 else ""
        return f"{name}{hour}点" + (f"{zero}{when.minute}分" if when.minute else "")

    def moment(self, day: str, clock: str) -> str:
        """Return "明天上午9点"."""
        return day + clock

    def duration(self, amounts: Sequence[tuple[str, int]]) -> str:
        """Return "1小时30分钟"."""
        return "".join(f"{amount}{_CHINESE_TIMES[unit]}" for unit, amount in amounts)

    def money(self, total: Decimal, code: str) -> str:
        """Return "49元9角5分" of yuan, "49.90欧元" of others."""
        if code != "CNY":
            return f"{total}{currency_name(code, self.language)}"
        yuan, rest = divmod(int(total * 100), 100)
        jiao, fen = divmod(rest, 10)
        tens = f"{jiao}角" if jiao else "零" if yuan and fen else ""
        return (f"{yuan}元" if yuan or not rest else "") + tens + (f"{fen}分" if fen else "")

    def number(self, number: Decimal) -> str:
        """Return "1200.5": a Mandarin voice stumbles over commas between thousands."""
        return figures(number, self.language, thousands=False)

    def words(self, number: Decimal) -> str:
        """Return "一千二百点五"."""
        whole, _, decimals = f"{abs(number):f}".partition(".")
        said = _in_chinese(int(whole))
        said = said[1:] if said.startswith("一十") else said
        point = "点" + "".join(_CHINESE[int(mark)] for mark in decimals) if decimals else ""
        return (self.minus if number < 0 else "") + said + point

    def ordinal(self, number: int) -> str:
        """Return "第2"."""
        return f"第{number}"


_CHINESE = "零一二三四五六七八九"
_CHINESE_UNITS = ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十"))


def _in_chinese(whole: int) -> str:
    for size, unit in _CHINESE_UNITS:
        if whole >= size:
            head, rest = divmod(whole, size)
            two = head == 2 and size >= 1000
            said = ("两" if two else _in_chinese(head)) + unit
            zero = "零" if 0 < rest < size // 10 else ""
            return said + zero + (_in_chinese(rest) if rest else "")
    return _CHINESE[whole]


class Foreign(English):
    """The words of any other language, as far as Babel and num2words have them."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = locale_of(language)

    def listed(self, items: Sequence[str]) -> str:
        """Return "a, b und c"."""
        from babel.lists import format_list

        return format_list(items, locale=self.locale)

    def day(self, when: date, today: date) -> str:
        """Return "Mittwoch, 2. Dezember" in the coming and past week, the date further off."""
        from babel.dates import format_skeleton

        away = abs((when - today).days)
        if away > SAME_YEAR_DAYS:
            return self.full_date(when)
        said = format_skeleton("MMMMd", when, locale=self.locale)
        return f"{self.locale.days['format']['wide'][when.weekday()]}, {said}" if away < 7 else said

    def full_date(self, when: date) -> str:
        """Return "2. Dezember 2026"."""
        from babel.dates import format_date

        return format_date(when, "long", locale=self.locale)

    def clock(self, when: time) -> str:
        """Return "09:30"."""
        from babel.dates import format_time

        return format_time(when.replace(tzinfo=None), "short", locale=self.locale)

    def moment(self, day: str, clock: str) -> str:
        """Return day and time as the locale puts them together."""
        pattern = str(self.locale.datetime_formats["long"]).replace("'", "")
        return pattern.replace("{0}", clock).replace("{1}", day)

    def duration(self, amounts: Sequence[tuple[str, int]]) -> str:
        """Return "1 Stunde und 30 Minuten"."""
        said = [_amount_of_time(amount, unit, self.locale) for unit, amount in amounts]
        return self.listed(said) if len(said) > 1 else said[0]

    def money(self, total: Decimal, code: str) -> str:
        """Return "49,90 Euro"."""
        return currency(total, code, self.language)

    def ordinal(self, number: int) -> str:
        """Return "2." or what else the language writes; bare figures where that is not known."""
        return in_words(Decimal(number), self.language, "ordinal_num") or str(number)


@lru_cache(maxsize=64)
def words_of(language: str) -> English:
    """Return the words of a language; English where Babel does not know it."""
    tongue = re.split("[-_]", language)[0].lower()
    if tongue in ("en", "zh"):
        return English() if tongue == "en" else Chinese()
    return English() if locale_of(language).language == "en" else Foreign(language)


@lru_cache(maxsize=64)
def locale_of(language: str) -> "Locale":
    """Return Babel's data of a language, or of its nearest: zh of zh-XX, en of no language at all."""
    from babel import Locale, UnknownLocaleError

    for name in (language.replace("-", "_"), re.split("[-_]", language)[0]):
        try:
            return Locale.parse(name)
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


@lru_cache(maxsize=1024)
def plural_category(language: str, count: Decimal) -> int:
    """Return which of a language's plural forms a number takes, counted from 0 in CLDR's order."""
    rule = locale_of(language).plural_form
    return [name for name in PLURALS if name in rule.tags or name == "other"].index(rule(count))


@lru_cache(maxsize=1024)
def figures(number: Decimal, language: str, thousands: bool = True) -> str:
    """Return a number in figures with the marks of a language."""
    from babel.numbers import format_decimal

    return format_decimal(number, locale=locale_of(language), group_separator=thousands)


def in_words(number: Decimal, language: str, kind: str = "cardinal") -> str:
    """Return a number in num2words' words, or "" where it has none."""
    from num2words import num2words

    if abs(number) >= MOST_WORDS and locale_of(language).language != "en":
        return ""
    plain = number if number % 1 else int(number)
    try:
        return str(num2words(plain, lang=str(locale_of(language)), to=kind) or "")
    except (ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError):
        return ""  # its languages differ in what they can count, and in how they say that they cannot


def currency(total: Decimal, code: str, language: str) -> str:
    """Return an amount with the currency's name: "49.90 Swiss francs"."""
    from babel.numbers import format_currency

    return format_currency(
        total, code, locale=locale_of(language), format_type="name", currency_digits=bool(total % 1)
    )


def currency_name(code: str, language: str) -> str:
    """Return the name of a currency, or its code."""
    from babel.numbers import get_currency_name

    return get_currency_name(code, locale=locale_of(language))


def _amount_of_time(amount: int, unit: str, locale: "Locale") -> str:
    from babel.dates import format_timedelta

    span = timedelta(**{f"{unit}s": amount})
    # A threshold out of reach keeps the unit: 36 hours stay hours.
    return format_timedelta(span, granularity=unit, threshold=10**12, locale=locale)  # type: ignore[arg-type]
