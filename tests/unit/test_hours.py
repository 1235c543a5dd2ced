from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialog.hours import DAYS, HORIZON, Calendar, Holiday, Status, read_calendars

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def read(data, **more):
    faults = []
    found = read_calendars(data, lambda path, rule, message: faults.append((path, rule, message)), **more)
    return found, faults


def calendar(**fields):
    found, faults = read({"support": {"timezone": "Europe/Berlin", **fields}})
    assert faults == []
    return found["support"]


def berlin(text, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


SUPPORT = calendar(
    week={"monday-friday": "09:00-12:30, 13:30-17:00", "saturday": "10:00-14:00"},
    public_holidays="DE-BE",
    holidays=[
        {"date": "2026-12-24", "name": "Christmas Eve"},
        {"date": "12-31", "name": "New Year's Eve"},
        {"from": "2026-07-27", "to": "2026-08-07", "name": "summer break"},
    ],
    special={"2026-12-23": "09:00-12:00", "2026-12-25": "10:00-11:00", "2026-12-28": "closed"},
)


@pytest.mark.parametrize(
    ("at", "closes"),
    [
        ("2026-11-23T09:00", "2026-11-23T12:30"),
        ("2026-11-23T12:29:59.999", "2026-11-23T12:30"),
        ("2026-11-23T13:30", "2026-11-23T17:00"),
        ("2026-11-28T10:00", "2026-11-28T14:00"),
        ("2026-12-23T11:00", "2026-12-23T12:00"),
    ],
)
def test_while_open_it_is_known_until_when(at, closes):
    assert SUPPORT.status(berlin(at)) == Status("open", closes=berlin(closes))


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-23T08:59:59", "2026-11-23T09:00"),
        ("2026-11-23T12:30", "2026-11-23T13:30"),
        ("2026-11-23T17:00", "2026-11-24T09:00"),
        ("2026-11-28T14:00", "2026-11-30T09:00"),
        ("2026-11-29T12:00", "2026-11-30T09:00"),
    ],
)
def test_while_closed_it_is_known_when_it_opens(at, opens):
    assert SUPPORT.status(berlin(at)) == Status("closed", opens=berlin(opens))


@pytest.mark.parametrize(
    ("at", "name", "opens"),
    [
        ("2026-12-24T10:00", "Christmas Eve", "2026-12-25T10:00"),
        ("2026-12-31T10:00", "New Year's Eve", "2027-01-02T10:00"),
        ("2030-12-31T10:00", "New Year's Eve", "2031-01-02T09:00"),
        ("2026-07-27T00:00", "summer break", "2026-08-08T10:00"),
        ("2026-08-07T23:59", "summer break", "2026-08-08T10:00"),
        ("2027-01-01T10:00", "New Year's Day", "2027-01-02T10:00"),
        ("2026-03-08T10:00", "Women's Day", "2026-03-09T09:00"),
    ],
)
def test_on_a_holiday_its_name_is_told(at, name, opens):
    assert SUPPORT.status(berlin(at)) == Status("holiday", opens=berlin(opens), holiday=name)


def test_special_hours_beat_holidays():
    assert SUPPORT.status(berlin("2026-12-25T10:30")).state == "open"
    assert SUPPORT.status(berlin("2026-12-25T11:30")).state == "closed"
    assert SUPPORT.status(berlin("2026-12-28T10:00")) == Status("closed", opens=berlin("2026-12-29T09:00"))


def test_public_holidays_are_those_of_the_part_of_the_country():
    bavaria = calendar(week={"mon-sun": "09:00-17:00"}, public_holidays="DE-BY")
    assert bavaria.holiday(date(2026, 11, 1)) == "All Saints' Day"
    assert bavaria.holiday(date(2026, 3, 8)) is None


def test_public_holidays_have_their_names_in_the_language_of_the_hotline():
    data = {"support": {"week": {}, "public_holidays": "DE"}}
    names = {
        language: read(data, language=language)[0]["support"].holiday(date(2026, 1, 1))
        for language in ("de", "de-AT", "en", "fr")
    }
    assert names == {"de": "Neujahr", "de-AT": "Neujahr", "en": "New Year's Day", "fr": "New Year's Day"}


def test_hours_without_a_break_are_one_stretch():
    night = calendar(week={"monday": "08:00-12:00, 11:00-24:00", "tuesday": "00:00-06:00"})
    assert night.status(berlin("2026-11-23T09:00")).closes == berlin("2026-11-24T06:00")
    assert night.status(berlin("2026-11-24T00:00")).closes == berlin("2026-11-24T06:00")


def test_hours_may_run_past_midnight():
    night = calendar(week={"friday": "22:00-06:00"})
    assert night.status(berlin("2026-11-28T05:59")).closes == berlin("2026-11-28T06:00")
    assert night.status(berlin("2026-11-28T06:00")).opens == berlin("2026-12-04T22:00")


def test_a_night_shift_runs_on_into_a_holiday():
    night = calendar(week={"mon-sun": "22:00-06:00"}, holidays=[{"date": "12-24"}])
    assert night.status(berlin("2026-12-24T03:00")).state == "open"
    assert night.status(berlin("2026-12-24T07:00")) == Status(
        "holiday", opens=berlin("2026-12-25T22:00"), holiday=""
    )


def test_what_never_closes_has_no_closing_time_and_what_never_opens_no_opening():
    always = calendar(week={"mon-sun": "00:00-24:00"})
    never = calendar(week={"mon-sun": "closed"})
    assert always.status(berlin("2026-03-29T02:30")) == Status("open")
    assert never.status(berlin("2026-03-29T02:30")) == Status("closed")


def test_openings_and_closings_are_sought_for_sixty_days():
    rare = calendar(week={}, special={"2026-12-31": "12:00-13:00"})
    noon = berlin("2026-12-31T12:00")
    assert rare.status(noon - HORIZON).opens == noon
    assert rare.status(noon - HORIZON - MINUTE).opens is None
    long = calendar(week={"mon-sun": "00:00-24:00"}, special={"2026-12-31": "closed"})
    midnight = berlin("2026-12-31T00:00")
    assert long.status(midnight - HORIZON).closes == midnight
    assert long.status(midnight - HORIZON - MINUTE).closes is None


def test_a_time_that_comes_twice_opens_the_first_time_and_closes_the_last_time():
    twice = calendar(week={"sunday": "02:30-05:00", "saturday": "22:00-02:15"})
    first, last = berlin("2026-10-25T02:30", fold=0), berlin("2026-10-25T02:15", fold=1)
    # At 03:00 the clocks go back to 02:00: half past two comes first, then a quarter past two again.
    assert twice.status(first - MINUTE).closes == berlin("2026-10-25T05:00")
    apart = calendar(week={"sunday": "02:30-02:45"})
    assert apart.status(first - MINUTE).opens == first
    assert apart.status(first).closes == berlin("2026-10-25T02:45", fold=1)
    evening = calendar(week={"saturday": "22:00-02:15"})
    assert evening.status(berlin("2026-10-24T23:00")).closes == last


def test_a_time_that_is_left_out_is_the_moment_at_which_the_clocks_go_forward():
    leap = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    opening = calendar(week={"sunday": "02:30-05:00"})
    assert opening.status(leap - MINUTE).opens == leap
    closing = calendar(week={"saturday": "22:00-02:30"})
    assert closing.status(leap - MINUTE).closes == leap
    nothing = calendar(week={"sunday": "02:10-02:50"}, special={"2026-04-05": "closed"})
    assert nothing.status(leap - MINUTE).opens == berlin("2026-04-12T02:10")


def test_any_zone_may_ask():
    at = berlin("2026-11-23T10:00")
    assert SUPPORT.status(at.astimezone(ZoneInfo("Asia/Tokyo"))) == SUPPORT.status(at)


# ---- against every minute of some days

CHANGES = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Asia/Shanghai", "2026-05-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Africa/Casablanca", "2026-02-15"),
    ("Africa/Casablanca", "2026-03-22"),
    ("America/Santiago", "2026-04-04"),
    ("America/Santiago", "2026-09-06"),
    ("America/Havana", "2026-11-01"),
]


@cache
def minutes_around(zone, day):
    """Every minute from three days before a day to four after it, with what the clocks show then."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=3)
    instants = [start + number * MINUTE for number in range(7 * 24 * 60)]
    walls = [at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) for at in instants]
    return instants, walls, {wall: at for at, wall in enumerate(walls)}


def open_minutes(week, zone, day):
    """Whether it is open at each minute, told by looking at the clock all the time."""
    _, walls, last_shown = minutes_around(zone, day)
    found = [False] * len(walls)
    for number in range(-1, 8):
        midnight = datetime.combine(walls[0].date(), datetime.min.time()) + timedelta(days=number)
        for start, end in week[midnight.weekday()]:
            opening, closing = midnight + start * MINUTE, midnight + end * MINUTE
            first = walls.index(opening) if opening in last_shown else passed(walls, opening)
            last = last_shown[closing] if closing in last_shown else passed(walls, closing)
            found[first:last] = [True] * max(0, last - first)
    return found


def passed(walls, wall):
    """The first minute at which the clocks show more than a time that they never show."""
    return next((at for at, shown in enumerate(walls) if shown > wall), len(walls))


def clock_times(low, high):
    return st.integers(low, high) | st.integers(0, (high - low) // 15).map(lambda n: low + n * 15)


SPANS = clock_times(0, 1439).flatmap(
    lambda start: st.tuples(st.just(start), clock_times(start + 1, max(1440, start + 1439)))
)
WEEKS = st.tuples(*[st.lists(SPANS, max_size=3).map(lambda spans: tuple(sorted(spans)))] * 7)
EARLY = st.integers(0, 200)
NIGHTS = st.tuples(EARLY, st.integers(1, 200)).map(lambda a: ((a[0], a[0] + a[1]),))


@settings(max_examples=30)
@pytest.mark.parametrize(("zone", "day"), CHANGES)
@given(week=WEEKS | st.tuples(*[NIGHTS] * 7))
def test_it_opens_and_closes_just_when_somebody_who_looks_at_the_clock_would(zone, day, week):
    instants, wanted = minutes_around(zone, day)[0], open_minutes(week, zone, day)
    first, last = 24 * 60, 6 * 24 * 60  # what happens beyond, the minutes of these days do not tell
    changes = [at for at in range(first, last) if wanted[at] != wanted[at - 1]]
    asked = Calendar(zone, week)
    for at in sorted({*changes, *(change - 1 for change in changes), *range(first, last, 60)}):
        status = asked.status(instants[at])
        assert (status.state == "open") == wanted[at], instants[at]
        told = status.closes if wanted[at] else status.opens
        change = next((instants[later] for later in changes if later > at), None)
        assert told == change or (change is None and (told is None or told >= instants[last]))


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]),
    WEEKS,
    st.integers(0, 9 * 365 * 86_400).map(lambda s: datetime(2022, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
)
def test_openings_and_closings_agree_with_the_status_just_before_and_after_them(zone, week, at):
    asked = Calendar(zone, week, closed=(Holiday(date(2026, 1, 1), date(2027, 1, 1), "sabbatical"),))
    status, instant = asked.status(at), timedelta(microseconds=1)
    if status.opens:
        assert at < status.opens <= at + HORIZON
        assert status.opens.tzinfo is UTC
        assert asked.status(status.opens - instant).state != "open"
        assert asked.status(status.opens).state == "open"
    if status.closes:
        assert at < status.closes <= at + HORIZON
        assert asked.status(status.closes - instant).state == "open"
        assert asked.status(status.closes).state != "open"


# ---- reading


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("monday", "monday"),
        ("Tue", "tuesday"),
        ("mon-wed", "monday tuesday wednesday"),
        ("sat-mon", "monday saturday sunday"),
        ("monday, thursday-friday", "monday thursday friday"),
        ("sun-sun", "sunday"),
    ],
)
def test_days_are_named_alone_in_ranges_and_in_lists(key, days):
    week = calendar(week={key: "09:00-17:00"}).week
    assert " ".join(day for day, spans in zip(DAYS, week, strict=True) if spans) == days


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("09:00-17:00", ((540, 1020),)),
        ("13:30 – 17:00,9:00-12:30", ((540, 750), (810, 1020))),
        ("00:00-24:00", ((0, 1440),)),
        ("22:00-06:00", ((1320, 1800),)),
        ("22:00-00:00", ((1320, 1440),)),
        ("closed", ()),
    ],
)
def test_hours_are_written_as_on_a_door(text, spans):
    assert calendar(week={"monday": text}).week[0] == spans


def test_a_calendar_without_a_zone_takes_that_of_the_hotline():
    found, faults = read({"support": {"week": {}}}, default_zone="Asia/Shanghai")
    assert found["support"].zone == "Asia/Shanghai"
    assert faults == []


def test_calendars_that_say_the_same_are_equal():
    assert calendar(week={"mon, tue": "09:00-17:00"}) == calendar(week={"monday-tuesday": "9:00-17:00"})
    assert calendar(week={"mon": "09:00-17:00"}) != calendar(week={"mon": "09:00-17:01"})


def test_a_file_without_content_has_no_calendars():
    assert read(None) == ({}, [])


WEEK = {"mon": "09:00-17:00"}


@pytest.mark.parametrize(
    ("data", "path", "rule"),
    [
        ([], (), "bad-calendar"),
        ({"Support": {"week": WEEK}}, ("Support",), "bad-calendar"),
        ({"s": "09:00-17:00"}, ("s",), "bad-calendar"),
        ({"s": {}}, ("s",), "bad-calendar"),
        ({"s": {"week": WEEK, "hours": 1}}, ("s", "hours"), "bad-calendar"),
        ({"s": {"week": WEEK, "timezone": "Europe/Nowhere"}}, ("s", "timezone"), "timezone"),
        ({"s": {"week": WEEK, "timezone": "Europe"}}, ("s", "timezone"), "timezone"),
        ({"s": {"week": WEEK, "timezone": "../etc/passwd"}}, ("s", "timezone"), "timezone"),
        ({"s": {"week": WEEK, "timezone": 1}}, ("s", "timezone"), "timezone"),
        ({"s": {"week": "09:00-17:00"}}, ("s", "week"), "bad-calendar"),
        ({"s": {"week": {"someday": "09:00-17:00"}}}, ("s", "week", "someday"), "bad-calendar"),
        ({"s": {"week": {"mon-tue-wed": "09:00-17:00"}}}, ("s", "week", "mon-tue-wed"), "bad-calendar"),
        ({"s": {"week": {"mon-fri": "closed", "fri": "closed"}}}, ("s", "week", "fri"), "bad-calendar"),
        ({"s": {"week": {"mon": "9-17"}}}, ("s", "week", "mon"), "bad-calendar"),
        ({"s": {"week": {"mon": "09:60-17:00"}}}, ("s", "week", "mon"), "bad-calendar"),
        ({"s": {"week": {"mon": "09:00-24:01"}}}, ("s", "week", "mon"), "bad-calendar"),
        ({"s": {"week": {"mon": "09:00-09:00"}}}, ("s", "week", "mon"), "bad-calendar"),
        ({"s": {"week": {"mon": "09:00-12:00,"}}}, ("s", "week", "mon"), "bad-calendar"),
        ({"s": {"week": {"mon": None}}}, ("s", "week", "mon"), "bad-calendar"),
        ({"s": {"week": WEEK, "special": {"12-24": "closed"}}}, ("s", "special", "12-24"), "bad-calendar"),
        ({"s": {"week": WEEK, "special": ["closed"]}}, ("s", "special"), "bad-calendar"),
        ({"s": {"week": WEEK, "public_holidays": "XX"}}, ("s", "public_holidays"), "bad-calendar"),
        ({"s": {"week": WEEK, "public_holidays": "DE-XX"}}, ("s", "public_holidays"), "bad-calendar"),
        ({"s": {"week": WEEK, "public_holidays": "DE-"}}, ("s", "public_holidays"), "bad-calendar"),
        ({"s": {"week": WEEK, "public_holidays": 49}}, ("s", "public_holidays"), "bad-calendar"),
        ({"s": {"week": WEEK, "holidays": {"date": "12-24"}}}, ("s", "holidays"), "bad-calendar"),
        ({"s": {"week": WEEK, "holidays": ["12-24"]}}, ("s", "holidays", 0), "bad-calendar"),
        ({"s": {"week": WEEK, "holidays": [{"date": "2026-02-29"}]}}, ("s", "holidays", 0), "bad-calendar"),
        ({"s": {"week": WEEK, "holidays": [{"date": "02-30"}]}}, ("s", "holidays", 0), "bad-calendar"),
        ({"s": {"week": WEEK, "holidays": [{"from": "2026-02-02"}]}}, ("s", "holidays", 0), "bad-calendar"),
        (
            {"s": {"week": WEEK, "holidays": [{"from": "2026-02-02", "to": "2026-02-01"}]}},
            ("s", "holidays", 0),
            "bad-calendar",
        ),
        (
            {"s": {"week": WEEK, "holidays": [{"date": "12-24", "name": 1}]}},
            ("s", "holidays", 0, "name"),
            "bad-calendar",
        ),
        (
            {"s": {"week": WEEK, "holidays": [{"date": "12-24", "x": 1}]}},
            ("s", "holidays", 0),
            "bad-calendar",
        ),
    ],
)
def test_every_mistake_is_told_with_its_place(data, path, rule):
    _, faults = read(data)
    assert [(where, broken) for where, broken, _ in faults] == [(path, rule)]
    assert all(message for _, _, message in faults)


def test_what_is_right_beside_a_mistake_is_kept():
    found, faults = read({"support": {"week": {"mon": "9-17, 18:00-19:00", "tue": "09:00-17:00"}}})
    assert found["support"].week[:2] == (((1080, 1140),), ((540, 1020),))
    assert len(faults) == 1


KEYS = st.sampled_from(
    [
        "timezone",
        "week",
        "holidays",
        "special",
        "public_holidays",
        "date",
        "from",
        "to",
        "name",
        "mon",
        "2026-01-01",
    ]
)
WORDS = st.sampled_from(["09:00-17:00", "closed", "UTC", "DE", "de", "12-24", "2026-01-01"]) | st.text(
    max_size=8
)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(
    st.dictionaries(st.text("abc_", max_size=3), st.dictionaries(KEYS, DATA, max_size=5), max_size=2) | DATA
)
def test_whatever_a_calendar_file_holds_is_read_or_told(data):
    found, _ = read(data)
    for name, made in found.items():
        assert isinstance(made.status(datetime(2026, 1, 1, tzinfo=UTC)), Status), name
