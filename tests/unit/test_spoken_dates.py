from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from ivr.dialog.spoken import date_in, words
from tests.unit.test_spoken import in_chinese

MONDAY = date(2026, 11, 23)
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December"]  # fmt: skip


def day(said, language="en", past=None, today=MONDAY):
    found = date_in(said, today, language, past=past)
    return found.value if found else None


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("today", "2026-11-23"),
        ("yesterday", "2026-11-22"),
        ("last night", "2026-11-22"),
        ("the day before yesterday", "2026-11-21"),
        ("tomorrow", "2026-11-24"),
        ("the day after tomorrow", "2026-11-25"),
        ("last Tuesday", "2026-11-17"),
        ("last Monday", "2026-11-16"),
        ("on Tuesday", "2026-11-24"),
        ("this Friday", "2026-11-27"),
        ("next Friday", "2026-11-27"),
        ("next Monday", "2026-11-30"),
        ("Tuesday last week", "2026-11-17"),
        ("next week Wednesday", "2026-12-02"),
        ("three days ago", "2026-11-20"),
        ("a couple of days ago", "2026-11-21"),
        ("two weeks ago", "2026-11-09"),
        ("in five days", "2026-11-28"),
        ("five days from now", "2026-11-28"),
        ("a week ago", "2026-11-16"),
        ("last week", "2026-11-16"),
        ("next week", "2026-11-30"),
        ("a fortnight ago", "2026-11-09"),
        ("a month ago", "2026-10-23"),
        ("in three months", "2027-02-23"),
        ("two years ago", "2024-11-23"),
        ("a week from Tuesday", "2026-12-01"),
        ("two days before yesterday", "2026-11-20"),
        ("the twenty third of November", "2026-11-23"),
        ("November 23rd", "2026-11-23"),
        ("november twenty third twenty twenty six", "2026-11-23"),
        ("november twenty three two thousand twenty six", "2026-11-23"),
        ("23 November 2026", "2026-11-23"),
        ("November 23, 2026", "2026-11-23"),
        ("Monday the 23rd of November", "2026-11-23"),
        ("Friday the 13th", "2026-11-13"),
        ("the fifth of may two thousand and twenty six", "2026-05-05"),
        ("March the third twenty twenty seven", "2027-03-03"),
        ("on the first of March", "2027-03-01"),
        ("dec 5", "2026-12-05"),
        ("11/23/2026", "2026-11-23"),
        ("23/11/2026", "2026-11-23"),
        ("11/23", "2026-11-23"),
        ("23.11.2026", "2026-11-23"),
        ("23-11-26", "2026-11-23"),
        ("2026-11-23", "2026-11-23"),
        ("the third", "2026-12-03"),
        ("on the 31st", "2026-10-31"),
        ("the third of next month", "2026-12-03"),
        ("february twenty ninth", "2028-02-29"),
        ("I think it was um yesterday in the afternoon", "2026-11-22"),
    ],
)
def test_a_day_is_read_as_people_name_it(said, value):
    assert day(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("今天", "2026-11-23"),
        ("昨天", "2026-11-22"),
        ("前天", "2026-11-21"),
        ("大前天", "2026-11-20"),
        ("明天", "2026-11-24"),
        ("后天", "2026-11-25"),
        ("後天", "2026-11-25"),
        ("大后天", "2026-11-26"),
        ("昨天下午", "2026-11-22"),
        ("上周二", "2026-11-17"),
        ("上星期二", "2026-11-17"),
        ("上礼拜二", "2026-11-17"),
        ("上个星期二", "2026-11-17"),
        ("上上周五", "2026-11-13"),
        ("这周五", "2026-11-27"),
        ("本周五", "2026-11-27"),
        ("周五", "2026-11-27"),
        ("下周三", "2026-12-02"),
        ("下星期天", "2026-12-06"),
        ("上周", "2026-11-16"),
        ("三天前", "2026-11-20"),
        ("两周前", "2026-11-09"),
        ("两个星期以后", "2026-12-07"),
        ("五天后", "2026-11-28"),
        ("一个月前", "2026-10-23"),
        ("两年前", "2024-11-23"),
        ("十一月二十三号", "2026-11-23"),
        ("十一月二十三日", "2026-11-23"),
        ("二〇二六年十一月二十三日", "2026-11-23"),
        ("二零二六年三月一号", "2026-03-01"),
        ("2026年3月1日", "2026-03-01"),
        ("11月23日", "2026-11-23"),
        ("去年十二月二十五日", "2025-12-25"),
        ("三号", "2026-12-03"),
        ("星期五十三号", "2026-11-13"),
        ("下个月三号", "2026-12-03"),
        ("2026-11-23", "2026-11-23"),
    ],
)
def test_a_day_named_in_chinese_is_read(said, value):
    assert day(said, "zh") == value


@pytest.mark.parametrize(
    ("said", "language", "before", "ahead"),
    [
        ("on Tuesday", "en", "2026-11-17", "2026-11-24"),
        ("Monday", "en", "2026-11-16", "2026-11-30"),
        ("this Friday", "en", "2026-11-20", "2026-11-27"),
        ("this Monday", "en", "2026-11-23", "2026-11-23"),
        ("last Tuesday", "en", "2026-11-17", "2026-11-17"),
        ("next Tuesday", "en", "2026-11-24", "2026-11-24"),
        ("the third", "en", "2026-11-03", "2026-12-03"),
        ("the 23rd", "en", "2026-11-23", "2026-11-23"),
        ("the thirty first", "en", "2026-10-31", "2026-12-31"),
        ("the first of March", "en", "2026-03-01", "2027-03-01"),
        ("february 29th", "en", "2024-02-29", "2028-02-29"),
        ("3/12/2026", "en", "2026-03-12", "2026-12-03"),
        ("周五", "zh", "2026-11-20", "2026-11-27"),
        ("三号", "zh", "2026-11-03", "2026-12-03"),
        ("三月一号", "zh", "2026-03-01", "2027-03-01"),
        ("这周五", "zh", "2026-11-27", "2026-11-27"),
    ],
)
def test_a_day_that_is_not_quite_named_is_looked_for_the_way_that_was_asked(said, language, before, ahead):
    assert day(said, language, past=True) == before
    assert day(said, language, past=False) == ahead


@pytest.mark.parametrize(
    "said",
    [
        "", "where is my order", "31 February", "february thirty first", "2026-02-30", "32.12.2026", "the second one",
        "on second thought", "may I ask something", "one zero zero two four five", "open 24/7", "24/7", "next month",
        "this week", "in ten thousand years", "ten thousand years ago", "one second please", "in 99999999999999 days",
        "49.90", "first of all",
    ],
)  # fmt: skip
def test_what_names_no_possible_day_is_none(said):
    assert day(said) is None


@pytest.mark.parametrize(
    "said", ["", "我的订单在哪里", "二月三十号", "2月31日", "三四天前", "一零零二四五", "这周", "天天"]
)
def test_what_names_no_possible_day_in_chinese_is_none(said):
    assert day(said, "zh") is None


@pytest.mark.parametrize(
    ("said", "sure"),
    [
        ("on the twenty third of November please", True),
        ("it arrived on Monday", True),
        ("Monday the 23rd of November", True),
        ("Tuesday the 23rd of November", False),  # it is a Monday
        ("3/4/2026", False),  # March or April
        ("4/4/2026", True),
        ("yesterday or maybe Friday", False),
        ("yesterday my neighbour saw it", False),
        ("on november third 100245", False),
    ],
)
def test_a_day_is_sure_when_nothing_else_was_said_and_it_has_one_reading(said, sure):
    found = date_in(said, MONDAY)
    assert found is not None
    assert found.sure is sure


def test_a_day_tells_where_it_was_said():
    said = "it came on the twenty third of November I think"
    found = date_in(said, MONDAY)
    assert found is not None
    assert words(said)[found.start : found.end] == ["twenty", "third", "of", "november"]


def test_a_month_that_is_too_short_ends_with_its_last_day():
    assert day("a month ago", today=date(2026, 3, 31)) == "2026-02-28"
    assert day("in one month", today=date(2027, 12, 31)) == "2028-01-31"


@pytest.mark.parametrize("today", [date.min, date.max, date(2024, 2, 29)])
@pytest.mark.parametrize(
    "said", ["yesterday", "tomorrow", "last week", "next Friday", "the third", "may 5", "in a year"]
)
def test_the_ends_of_the_calendar_break_nothing(said, today):
    for past in (True, False, None):
        date_in(said, today, past=past)


DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@given(DAYS, DAYS)
def test_any_date_said_in_full_comes_back(value, today):
    month, ordinal = MONTHS[value.month - 1], num2words(value.day, to="ordinal")
    year = num2words(value.year, to="year") if value.year > 2009 else num2words(value.year)
    said = [
        f"the {ordinal} of {month} {year}",
        f"{month} {ordinal} {year}",
        f"{month} {value.day}, {value.year}",
        f"{value.day} {month} {value.year}",
        f"{value:%Y-%m-%d}",
        f"{value:%d.%m.%Y}",
    ]
    assert {day(text, today=today) for text in said} == {value.isoformat()}


@given(DAYS, DAYS)
def test_any_date_said_in_chinese_comes_back(value, today):
    year = "".join("零一二三四五六七八九"[int(figure)] for figure in str(value.year))
    said = f"{year}年{in_chinese(value.month)}月{in_chinese(value.day)}号"
    assert day(said, "zh", today=today) == value.isoformat()
    assert day(f"{value.year}年{value.month}月{value.day}日", "zh", today=today) == value.isoformat()


@given(DAYS, st.integers(1, 99))
def test_so_many_days_ago_or_ahead_are_counted(today, count):
    name = f"{num2words(count)} {'day' if count == 1 else 'days'}"
    assert day(f"{name} ago", today=today) == (today - timedelta(count)).isoformat()
    assert day(f"in {name}", today=today) == (today + timedelta(count)).isoformat()
    assert day(f"{in_chinese(count)}天前", "zh", today=today) == (today - timedelta(count)).isoformat()


@given(DAYS, st.integers(0, 6), st.booleans())
def test_a_weekday_is_the_nearest_one_that_way_and_never_today(today, weekday, past):
    name = (MONDAY + timedelta(weekday)).strftime("%A")
    found = date.fromisoformat(day(f"on {name}", past=past, today=today))
    assert found.weekday() == weekday
    assert 1 <= (today - found if past else found - today).days <= 7
