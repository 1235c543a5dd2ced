"""The days that callers name. Knows no clock: today is an argument."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

from ivr.dialog.spoken.calendar_words import DAY_TAGS, DAYS
from ivr.dialog.spoken.languages import chosen, numerals
from ivr.dialog.spoken.phrases import Item, items, number_at, tags
from ivr.dialog.spoken.tokens import Span, sentence

Parts = Mapping[str, Sequence[Item]]
"""The items of a date, by the name that the pattern gives them."""
Rule = Callable[[Parts, date, bool | None], date | None]


def date_in(text: str, today: date, language: str = "en", *, past: bool | None = None) -> Span | None:
    """Return the day that was said as an ISO date ("2026-11-23"), or None.

    `past` tells which way to look for a day that is not quite named: "on Tuesday" is the last one or the
    next one, "the third" the nearest third that way. Without it weekdays are looked for ahead and
    other days nearest to today. A day is sure when nothing else was said and it has one reading.
    Impossible days, such as 31 February, are none.
    """
    row = items(sentence(text), chosen(DAYS, language), numerals(language), number_at)
    line = tags(row)
    if DAY_TAGS.isdisjoint(line):
        return None
    for pattern, rule in _RULES:
        found = pattern.search(line)
        if found:
            return _span(found, rule, row, today, past)
    return None


def _span(
    found: re.Match[str], rule: Rule, row: Sequence[Item], today: date, past: bool | None
) -> Span | None:
    parts = {n.rstrip("_"): row[found.start(n) : found.end(n)] for n in found.groupdict() if found[n]}
    try:
        day = rule(parts, today, past)
    except OverflowError:
        day = None  # "ten thousand years ago"
    if day is None:
        return None
    inside = row[found.start() : found.end()]
    sure = _agrees([*row[: found.start()], *row[found.end() :]], day) and not _doubtful(parts)
    return Span(day.isoformat(), inside[0].start, inside[-1].end, sure)


def _agrees(others: Iterable[Item], day: date) -> bool:
    """Return whether what was said beside a date leaves it as it is; its weekday may be named too."""
    return all(i.tag in "~PBFTa" or (i.tag == "W" and i.number == day.weekday()) for i in others)


def _doubtful(parts: Parts) -> bool:
    """Return whether a month and day change places (3/4/2026), or what stands for a year is none."""
    if "year" in parts:
        return not _is_year(_year(parts["year"]))
    if "b" not in parts or len(parts["a"][0].text) == 4:
        return False
    first, second = parts["a"][0].number, parts["b"][0].number
    return first != second and first <= 12 and second <= 12


# ---- days as they are named


def _relative(parts: Parts, today: date, past: bool | None) -> date | None:
    return today + timedelta(parts["day"][0].number)


def _named(parts: Parts, today: date, past: bool | None) -> date | None:
    """A month and a day, perhaps with a year."""
    month, day = parts["month"][0].number, parts["day"][0].number
    year = _year(parts["year"]) if "year" in parts else 0
    if _is_year(year):
        return _day(year, month, day)
    if "which" in parts:
        return _day(today.year + parts["which"][0].number, month, day)
    return _in_some_year(month, day, today, past)


def _year(said: Sequence[Item]) -> int:
    """Read "2026", "twenty twenty six" and "26"."""
    value = said[0].number * 100 + said[1].number if len(said) > 1 else said[0].number
    return value + 2000 if value < 100 else value


def _is_year(value: int) -> bool:
    return 1900 <= value < 2200


def _in_some_year(month: int, day: int, today: date, past: bool | None) -> date | None:
    years = range(today.year - 8, today.year + 9)  # two leap years are at most eight years apart
    return _nearest((_day(year, month, day) for year in years), today, past)


def _in_figures(parts: Parts, today: date, past: bool | None) -> date | None:
    """Three groups of figures: the year first, or month/day/year, or day.month.year."""
    a, b, c = (parts[name][0] for name in "abc")
    if len(a.text) == 4:
        return _day(a.number, b.number, c.number)
    year = _year([c])
    ways = [_day(year, a.number, b.number), _day(year, b.number, a.number)]
    if parts["mark"][0].tag != "/":
        ways.reverse()
    found = [day for day in ways if day]
    fitting = [day for day in found if past is None or _lies(day, today, past)]
    return next(iter(fitting or found), None)


def _month_and_day(parts: Parts, today: date, past: bool | None) -> date | None:
    month, day = parts["a"][0].number, parts["b"][0].number
    if (month, day) == (24, 7):
        return None  # "twenty-four seven" is always, not 24 July
    return _in_some_year(month, day, today, past) or _in_some_year(day, month, today, past)


def _day_of_month(parts: Parts, today: date, past: bool | None) -> date | None:
    number = parts["day"][0].number
    months = (_months_on(today.replace(day=1), step) for step in range(-3, 4))
    days = (_day(month.year, month.month, number) for month in months if month)
    if "week" in parts:
        days = (day for day in days if day and day.weekday() == parts["week"][0].number)
    return _nearest(days, today, past)


def _day_of_other_month(parts: Parts, today: date, past: bool | None) -> date | None:
    month = _months_on(today.replace(day=1), _direction(parts["way"][0]))
    return _day(month.year, month.month, parts["day"][0].number) if month else None


def _weekday(parts: Parts, today: date, past: bool | None) -> date | None:
    """A weekday by itself, or the last, next or this one."""
    wanted, way = parts["day"][0].number, parts["way"][0].tag if "way" in parts else ""
    if way == "T":
        ahead = (wanted - today.weekday()) % 7
        return today + timedelta(ahead - 7 if past and ahead else ahead)
    ahead = (wanted - today.weekday() - 1) % 7 + 1
    back = way == "L" or (not way and past)
    return today + timedelta((ahead - 7 or -7) if back else ahead)


def _weekday_of_week(parts: Parts, today: date, past: bool | None) -> date | None:
    """A weekday of a week, which begins on Monday: "Tuesday last week", 上周二."""
    monday = today - timedelta(today.weekday())
    return monday + timedelta(7 * _direction(parts["way"][0]) + parts["day"][0].number)


def _week(parts: Parts, today: date, past: bool | None) -> date | None:
    weeks = _direction(parts["way"][0])
    return today + timedelta(7 * weeks) if weeks else None


def _ago(parts: Parts, today: date, past: bool | None) -> date | None:
    return _units_on(today, -parts["count"][0].number, parts["unit"][0])


def _beside(parts: Parts, today: date, past: bool | None) -> date | None:
    """A week from Tuesday, two days before yesterday."""
    base = (_relative if parts["day"][0].tag == "D" else _weekday)(parts, today, past)
    count = parts["count"][0].number * (parts["side"][0].number or 1)
    return _units_on(base, count, parts["unit"][0]) if base else None


def _ahead(parts: Parts, today: date, past: bool | None) -> date | None:
    return _units_on(today, parts["count"][0].number, parts["unit"][0])


# ---- reckoning


def _direction(way: Item) -> int:
    return {"L": -1, "X": 1, "T": 0}.get(way.tag, way.number)


def _units_on(today: date, count: int, unit: Item) -> date | None:
    if unit.tag in "uY":
        return _months_on(today, count * unit.number)
    return today + timedelta(count * unit.number)


def _months_on(day: date, months: int) -> date | None:
    """Return the same day some months on, or the last day of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    ends = (_day(year, month + 1, last) for last in (day.day, 30, 29, 28))
    return next((end for end in ends if end), None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def _lies(day: date, today: date, past: bool) -> bool:
    return day <= today if past else day >= today


def _nearest(days: Iterable[date | None], today: date, past: bool | None) -> date | None:
    """Return the day nearest to today that lies the right way; ahead, where two are as near."""
    fitting = [day for day in days if day and (past is None or _lies(day, today, past))]
    return min(fitting, key=lambda day: (abs(day - today), day < today), default=None)


# ---- the patterns, most telling first

_DAY = "(?P<day>O|No?)"
_YEAR = "(?P<year>S|NN?)?"
_RULES: Sequence[tuple[re.Pattern[str], Rule]] = [
    (re.compile(pattern), rule)
    for pattern, rule in (
        (r"(?P<year>[NS])Y(?P<month>N)m(?P<day>N)J?", _named),
        (r"(?P<which>y)?(?P<month>N)m(?P<day>N)J?", _named),
        (r"(?P<a>N)(?P<mark>[/.-])(?P<b>N)(?P=mark)(?P<c>N)", _in_figures),
        (rf"{_DAY}F?(?P<month>M){_YEAR}", _named),
        (rf"(?P<month>M)P?{_DAY}{_YEAR}", _named),
        (r"^[~B]*(?P<a>N)/(?P<b>N)~*$", _month_and_day),
        (r"(?P<count>[Na])(?P<unit>[dku])(?P<side>B)(?P<day>[DW])", _beside),
        (r"(?P<day>D)", _relative),
        (r"(?P<way>[LXT])k[FB]*(?P<day>W)|(?P<way_>R)(?P<day_>W)", _weekday_of_week),
        (r"(?P<day>W)F?(?P<way>[LXT])k", _weekday_of_week),
        (r"(?P<week>W)P(?P<day>O|No?)(?!F)|(?P<week_>W)(?P<day_>O|No|N(?=J))", _day_of_month),
        (r"(?P<way>[LXT])?(?P<day>W)", _weekday),
        (r"(?P<count>[Na])(?P<unit>[dkuY])A", _ago),
        (r"(?P<count>[Na])(?P<unit>[dkuY])Z|I(?P<count_>[Na])(?P<unit_>[dkuY])", _ahead),
        (r"(?P<way>[LXR])k", _week),
        (r"(?P<way>R)m(?P<day>N)J?", _day_of_other_month),
        (rf"{_DAY}F?(?P<way>[LXT])u", _day_of_other_month),
        (r"BP?(?P<day>O|No)(?![FNS])|P(?P<day_>O|No)~*$|(?P<day__>N)J", _day_of_month),
        (r"^~*(?P<day>O|No)~*$", _day_of_month),
    )
]
