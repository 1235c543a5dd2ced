"""Opening hours by calendar and time zone: is it open, until when, and when is it open again.

A calendar is data read from the menus. Its hours are wall clock times of its zone, whatever the
clocks do on that day; what it answers are instants. It knows no clock: the time is handed in.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from ivr.dialog.events import Value
from ivr.dialog.values import zone_of

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HORIZON = timedelta(days=60)
"""An opening or closing further off than this is not looked for."""
DAY = timedelta(days=1)
MINUTES = 24 * 60

Span: TypeAlias = tuple[int, int]
"""Minutes after local midnight; the end is excluded and lies beyond 1440 where it is the next day's."""
Stretch: TypeAlias = tuple[datetime, datetime]
"""Two instants (aware, UTC); open from the first to just before the second."""
Note: TypeAlias = Callable[[tuple[str | int, ...], str, str], None]
"""Takes note of a mistake: the path in the document, the rule, a sentence."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a calendar says of an instant. All times are aware UTC.

    While open, `closes` is when it closes, None if not within `HORIZON`. While not open, `opens` is
    when it opens next, None if not within `HORIZON`. `holiday` names the holiday of a closed day ("" when
    it has no name), None on any other day.
    """

    state: Literal["open", "closed", "holiday"]
    opens: datetime | None = None
    closes: datetime | None = None
    holiday: str | None = None


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days on which a calendar is closed, the first and the last included."""

    first: date
    last: date
    name: str = ""


@dataclass(frozen=True)
class Calendar:
    """The opening hours of one place: a week, the days that differ from it, and their time zone.

    `week` holds the spans of Monday to Sunday; `yearly` the names of holidays by (month, day);
    `public_holidays` is a code of the holidays library such as "DE-BE", their names in `language`.
    A span belongs to the day on which it begins, so that a night shift runs on into a holiday.
    """

    zone: str
    week: tuple[tuple[Span, ...], ...]
    special: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    closed: tuple[Holiday, ...] = ()
    yearly: Mapping[tuple[int, int], str] = field(default_factory=dict)
    public_holidays: str = ""
    language: str = "en"
    _of_day: Callable[[date], tuple[Stretch, ...]] = field(init=False, repr=False, compare=False)
    _around: Callable[[date], tuple[Stretch, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Remembered by local date: all days to the horizon, and the few dates that calls are made on.
        object.__setattr__(self, "_of_day", lru_cache(maxsize=256)(self._stretches))
        object.__setattr__(self, "_around", lru_cache(maxsize=64)(self._merged))

    def status(self, at: datetime) -> Status:
        """Return what holds at an instant (aware; UTC or any zone)."""
        now = at.astimezone(UTC)
        today = now.astimezone(zone_of(self.zone)).date()
        for opens, closes in self._around(today):
            if opens <= now < closes:
                return Status("open", closes=closes if closes - now <= HORIZON else None)
        holiday = self.holiday(today)
        state: Literal["closed", "holiday"] = "closed" if holiday is None else "holiday"
        return Status(state, opens=self._next(now, today), holiday=holiday)

    def holiday(self, day: date) -> str | None:
        """Return the name of the holiday on a local date; None on working days and special days."""
        if day in self.special:
            return None
        if (day.month, day.day) in self.yearly:
            return self.yearly[day.month, day.day]
        own = (off.name for off in self.closed if off.first <= day <= off.last)
        return next(own, public_holidays(self.public_holidays, day.year, self.language).get(day))

    def spans(self, day: date) -> tuple[Span, ...]:
        """Return the opening hours that begin on a local date."""
        if day in self.special:
            return self.special[day]
        return self.week[day.weekday()] if self.holiday(day) is None else ()

    def _next(self, now: datetime, today: date) -> datetime | None:
        for day in _days(today - DAY, HORIZON + 2 * DAY):
            for opens, _ in self._of_day(day):
                if opens > now:
                    return opens if opens - now <= HORIZON else None
        return None

    def _stretches(self, day: date) -> tuple[Stretch, ...]:
        zone = zone_of(self.zone)
        found = ((instant(day, a, zone), instant(day, b, zone, last=True)) for a, b in self.spans(day))
        return tuple(sorted(stretch for stretch in found if stretch[0] < stretch[1]))

    def _merged(self, today: date) -> tuple[Stretch, ...]:
        """Return the stretches that touch a local date, each as long as nothing interrupts it."""
        merged: list[Stretch] = []
        for day in _days(today - 2 * DAY, HORIZON + 4 * DAY):
            # Beyond tomorrow only what goes on without a gap can still concern today.
            if day > today + DAY and not any(end >= instant(day, 0, zone_of(self.zone)) for _, end in merged):
                break
            for opens, closes in self._of_day(day):
                if merged and opens <= merged[-1][1]:
                    merged[-1] = merged[-1][0], max(closes, merged[-1][1])
                else:
                    merged.append((opens, closes))
        return tuple(merged)


def _days(first: date, span: timedelta) -> Iterator[date]:
    return (first + number * DAY for number in range(span.days + 1))


def instant(day: date, minute: int, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """Return when (UTC) the clocks of a zone show a minute of a day; the minute may be the next day's.

    A time that comes twice is its first occurrence, or its `last`; a time that is left out when the
    clocks go forward is the moment at which they do.
    """
    local = datetime.combine(day, time(), zone) + timedelta(minutes=minute)  # wall clock arithmetic
    early, late = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if early <= late:
        return late if last else early
    return _leap(late, early, zone)


def _leap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant between two at which the clocks of a zone go forward, to the second."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


@lru_cache(maxsize=256)
def public_holidays(code: str, year: int, language: str) -> Mapping[date, str]:
    """Return the names of a country's public holidays in a year, by date.

    `code` is ISO 3166: a country, or a country and a subdivision of it ("DE-BE"); "" has none. Raises
    NotImplementedError for a code that the holidays library does not know.
    """
    if not code:
        return {}
    import holidays

    country, _, part = code.partition("-")
    spoken = holidays.country_holidays(country, subdiv=part or None).supported_languages
    # Without a language the library takes that of the machine's surroundings.
    near = [name for name in spoken if name.split("_")[0] == language.split("-")[0].split("_")[0]]
    chosen = [*near, *(name for name in spoken if name.startswith("en")), None]
    found = holidays.country_holidays(
        country, subdiv=part or None, years=year, expand=False, language=chosen[0]
    )
    return {day: name.replace("; ", ", ") for day, name in found.items()}


# Reading. Faults are noted with their place; what is faulty is left out, the rest is kept.


FIELDS = ("timezone", "week", "public_holidays", "holidays", "special")


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in the document, where faults can be noted."""

    note: Note
    path: tuple[str | int, ...] = ()

    def at(self, *more: str | int) -> "_Place":
        return _Place(self.note, (*self.path, *more))

    def wrong(self, message: str, rule: str = "bad-calendar") -> None:
        self.note(self.path, rule, message)

    def mapping(self, value: Value, what: str) -> dict[str, Value]:
        if isinstance(value, dict):
            return value
        if value is not None:
            self.wrong(f"{what} is a list of names with their values")
        return {}


def read_calendars(
    data: Value, fault: Note, default_zone: str = "UTC", language: str = "en"
) -> dict[str, Calendar]:
    """Read the content of a calendars file, already parsed, into calendars by name.

    Every mistake is noted through `fault` (rules "bad-calendar" and "timezone"); nothing raises.
    `default_zone` holds where a calendar names no zone, `language` is that of public holidays' names.
    """
    file = _Place(fault)
    return {
        name: _calendar(value, file.at(name), default_zone, language)
        for name, value in file.mapping(data, "the file").items()
        if _is_name(name, file.at(name))
    }


def _is_name(name: str, here: _Place) -> bool:
    if re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return True
    here.wrong(f"'{name}' is not a name: use small letters, digits and _")
    return False


def _calendar(value: Value, here: _Place, default_zone: str, language: str) -> Calendar:
    record = here.mapping(value, "a calendar")
    for unknown in (name for name in record if name not in FIELDS):
        here.at(unknown).wrong(f"'{unknown}' is not known here; a calendar has {', '.join(FIELDS)}")
    if isinstance(value, dict) and "week" not in value:
        here.wrong("a calendar needs a 'week' with its opening hours")
    closed, yearly = _holidays(record.get("holidays"), here.at("holidays"))
    return Calendar(
        _zone(record.get("timezone"), here.at("timezone"), default_zone),
        _week(record.get("week"), here.at("week")),
        _special(record.get("special"), here.at("special")),
        closed,
        yearly,
        _public(record.get("public_holidays"), here.at("public_holidays")),
        language,
    )


def _zone(value: Value, here: _Place, default: str) -> str:
    name = default if value is None else value
    if isinstance(name, str) and _known_zone(name):
        return name
    here.wrong(f"'{name}' is not a time zone such as Europe/Berlin", "timezone")
    return "UTC"


def _known_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: the name of a folder, such as "Europe"
        return False
    return True


def _week(value: Value, here: _Place) -> tuple[tuple[Span, ...], ...]:
    found: dict[int, tuple[Span, ...]] = {}
    for key, hours in here.mapping(value, "'week'").items():
        spans = _spans(hours, here.at(key))
        for day in _weekdays(key, here.at(key)):
            if day in found:
                here.at(key).wrong(f"{DAYS[day]} is named twice")
            found[day] = spans
    return tuple(found.get(day, ()) for day in range(7))


def _weekdays(key: str, here: _Place) -> list[int]:
    """Read "monday", "mon-fri", "sat-mon" or a list of these, as numbers from Monday = 0."""
    found: list[int] = []
    for piece in key.lower().split(","):
        ends = [_weekday(name.strip()) for name in piece.split("-")]
        known = [day for day in ends if day is not None]
        if len(known) != len(ends) or len(ends) > 2:
            here.wrong(f"'{piece.strip()}' is not a day, or days, such as monday, mon-fri or sat, sun")
            continue
        found += [(known[0] + number) % 7 for number in range((known[-1] - known[0]) % 7 + 1)]
    return found


def _weekday(name: str) -> int | None:
    return next((number for number, day in enumerate(DAYS) if name in (day, day[:3])), None)


_SPAN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*", re.ASCII)


def _spans(value: Value, here: _Place) -> tuple[Span, ...]:
    """Read "09:00-12:30, 13:30-17:00", "22:00-06:00", "00:00-24:00" or "closed"."""
    if value == "closed":
        return ()
    pieces = value.split(",") if isinstance(value, str) else [str(value)]
    spans = [_span(piece) for piece in pieces]
    for piece, span in zip(pieces, spans, strict=True):
        if span is None:
            here.wrong(f"'{piece.strip()}' are no hours; write 09:00-17:00, or closed")
    return tuple(sorted(span for span in spans if span is not None))


def _span(text: str) -> Span | None:
    match = _SPAN.fullmatch(text)
    if match is None:
        return None
    hour, minute, end_hour, end_minute = map(int, match.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if max(minute, end_minute) > 59 or start >= MINUTES or end > MINUTES or start == end:
        return None
    return start, end if end > start else end + MINUTES


def _special(value: Value, here: _Place) -> dict[date, tuple[Span, ...]]:
    found: dict[date, tuple[Span, ...]] = {}
    for key, hours in here.mapping(value, "'special'").items():
        day = _date(key, here.at(key))
        if day is not None:
            found[day] = _spans(hours, here.at(key))
    return found


def _date(value: Value, here: _Place) -> date | None:
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
    except ValueError:
        here.wrong(f"'{value}' is not a date such as 2026-12-24, or 12-24 for a holiday of every year")
        return None


def _holidays(value: Value, here: _Place) -> tuple[tuple[Holiday, ...], dict[tuple[int, int], str]]:
    closed: list[Holiday] = []
    yearly: dict[tuple[int, int], str] = {}
    if not isinstance(value, list):
        if value is not None:
            here.wrong("'holidays' is a list of days such as {date: 2026-12-24, name: Christmas Eve}")
        return (), {}
    for number, entry in enumerate(value):
        match _holiday(entry, here.at(number)):
            case Holiday() as off:
                closed.append(off)
            case (month, day, name):
                yearly[month, day] = name
            case None:
                pass
    return tuple(closed), yearly


def _holiday(entry: Value, here: _Place) -> Holiday | tuple[int, int, str] | None:
    match entry:
        case {"date": when, **rest} if rest.keys() <= {"name"}:
            first = last = when
        case {"from": first, "to": last, **rest} if rest.keys() <= {"name"}:
            pass
        case _:
            here.wrong("a holiday has a 'date', or a 'from' and a 'to', and a 'name'")
            return None
    name = rest.get("name", "")
    if not isinstance(name, str):
        here.at("name").wrong("a name is a text")
        name = ""
    return _every_year(first, last, name) or _period(first, last, name, here)


def _every_year(first: Value, last: Value, name: str) -> tuple[int, int, str] | None:
    if first != last or not isinstance(first, str) or not re.fullmatch(r"\d\d-\d\d", first, re.ASCII):
        return None
    try:
        day = date.fromisoformat(f"2000-{first}")  # a leap year: 02-29 is a day
    except ValueError:
        return None
    return day.month, day.day, name


def _period(first: Value, last: Value, name: str, here: _Place) -> Holiday | None:
    start = _date(first, here)
    end = _date(last, here) if last != first else start
    if start is None or end is None:
        return None
    if end < start:
        here.wrong(f"the holiday ends on {end}, before it begins on {start}")
        return None
    return Holiday(start, end, name)


def _public(value: Value, here: _Place) -> str:
    if value is None:
        return ""
    code = value if isinstance(value, str) and re.fullmatch(r"[A-Z]{2,3}(-.+)?", value) else "?"
    try:
        public_holidays(code, 2026, "en")
    except NotImplementedError:
        here.wrong(f"'{value}' is not a country, or a part of one, whose holidays are known: DE, DE-BE")
        return ""
    return code
