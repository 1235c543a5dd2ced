import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialog.prompts import (
    FORMATS,
    WITH_ARGUMENT,
    Hole,
    Saying,
    broken_holes,
    grouped,
    holes,
    is_fixed,
    key_of,
    lookup,
    parts,
    render,
    spell,
)
from tests.conftest import NOON

PHRASES = {"status.shipped": "has been shipped"}
SAYING = Saying(NOON, "UTC", PHRASES)


def said(value, how, language="en", argument="", zone="UTC"):
    return spell(value, how, Saying(NOON, zone, {}, language), argument)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Hello.", "Hello."),
        ("Order {order.number|digits} {order.status|status}.", "Order 1 0 0, 2 4 5 has been shipped."),
        ("It comes {order.eta|day}.", "It comes on Wednesday."),
        ("You get {order.total|money}.", "You get 49 euros and 90 cents."),
        ("You waited {days|plural:day/days}.", "You waited 3 days."),
        ("You waited { days | plural : day / days }.", "You waited 3 days."),
        ("{order}", "100245"),
        ("{names|list}", "a, b and c"),
        ("{names}", "a, b and c"),
        ("{order.status}", "shipped"),
        ("{order.status|unheard_of}", "shipped"),
        ("{paid}", "yes"),
    ],
)
def test_templates_are_filled_in_the_words_of_a_voice(template, said):
    slots = {
        "order": {
            "number": "100245",
            "status": "shipped",
            "eta": "2026-11-25",
            "total": {"amount": "49.90", "currency": "EUR"},
        },
        "names": ["a", "b", "c"],
        "days": 3,
        "paid": True,
    }
    assert render(template, slots, SAYING) == said


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Hello {nobody}!", "Hello!"),
        ("Hello, {nobody}!", "Hello!"),
        ("Hello {nobody} {known}!", "Hello Ann!"),
        ("Hello {known} {nobody}, welcome.", "Hello Ann, welcome."),
        ("{nobody}, welcome.", "welcome."),
        ("One. {nobody}. Two.", "One. Two."),
        ("We ship to a, {nobody}, b.", "We ship to a, b."),
        ("It is {nobody} here.", "It is here."),
        ("Thanks, {nobody}", "Thanks"),
        ("Hi {nobody}{blank}{none}!", "Hi!"),
        ("re{nobody}do", "redo"),
        ("Gate {nobody}5 is open.", "Gate 5 is open."),
        ("您好，{nobody}！", "您好！"),
        ("第一。{nobody}。第二。", "第一。 第二。"),
        ("{nobody}", ""),
    ],
)
def test_an_empty_slot_leaves_the_text_tidy(template, said):
    assert render(template, {"known": "Ann", "blank": "  ", "none": None}, SAYING) == said


@pytest.mark.parametrize(
    ("day", "english", "chinese"),
    [
        ("2026-11-23", "today", "今天"),
        ("2026-11-24", "tomorrow", "明天"),
        ("2026-11-22", "yesterday", "昨天"),
        ("2026-11-25", "on Wednesday", "后天"),
        ("2026-11-21", "last Saturday", "前天"),
        ("2026-11-27", "on Friday", "星期五"),
        ("2026-11-29", "on Sunday", "星期日"),
        ("2026-11-18", "last Wednesday", "上星期三"),
        ("2026-11-30", "on November 30th", "11月30日"),
        ("2026-12-22", "on December 22nd", "12月22日"),
        ("2026-10-03", "on October 3rd", "10月3日"),
        ("2027-09-19", "on September 19th", "9月19日"),
        ("2027-12-02", "on December 2nd, 2027", "2027年12月2日"),
        ("2025-11-25", "on November 25th, 2025", "2025年11月25日"),
        ("2026-11-24T23:59:00", "tomorrow", "明天"),
        ("soon", "soon", "soon"),
        (20261124, "20261124", "20261124"),
    ],
)
def test_days_are_said_as_a_caller_would_hear_them(day, english, chinese):
    assert (said(day, "day"), said(day, "day", "zh")) == (english, chinese)


def test_in_chinese_a_day_of_this_week_is_not_one_of_last_week():
    friday = Saying(NOON.replace(day=27), "UTC", {}, "zh")
    assert spell("2026-11-24", "day", friday) == "这星期二"
    assert spell("2026-11-22", "day", friday) == "上星期日"


def test_a_time_with_an_offset_is_one_of_the_callers_zone():
    late = "2026-11-23T23:30:00+00:00"
    assert said(late, "day", zone="Europe/Berlin") == "tomorrow"
    assert said(late, "time", zone="Europe/Berlin") == "12:30 AM"
    assert said(late, "datetime", zone="America/New_York") == "today at 6:30 PM"
    assert said("2026-11-23T23:30:00", "datetime", zone="Europe/Berlin") == "today at 11:30 PM"


def test_today_is_todays_date_in_the_zone_of_the_hotline():
    assert said("2026-11-24", "day", zone="Pacific/Auckland") == "today"


@pytest.mark.parametrize(
    ("how", "value", "english", "chinese"),
    [
        ("date", "2026-12-02", "December 2nd, 2026", "2026年12月2日"),
        ("date", "2026-11-23", "November 23rd, 2026", "2026年11月23日"),
        ("time", "09:00", "9 AM", "上午9点"),
        ("time", "09:30:00", "9:30 AM", "上午9点30分"),
        ("time", "2026-12-02T14:05", "2:05 PM", "下午2点零5分"),
        ("time", "12:00", "noon", "中午12点"),
        ("time", "00:00", "midnight", "凌晨0点"),
        ("time", "12:15", "12:15 PM", "中午12点15分"),
        ("time", "20:00", "8 PM", "晚上8点"),
        ("time", "2026-12-02", "2026-12-02", "2026-12-02"),
        ("datetime", "2026-11-24T09:00", "tomorrow at 9 AM", "明天上午9点"),
        ("datetime", "2026-12-02T14:30", "on December 2nd at 2:30 PM", "12月2日下午2点30分"),
        ("datetime", "2026-11-24", "tomorrow", "明天"),
        ("datetime", "09:00", "9 AM", "上午9点"),
        ("duration", 5400, "1 hour and 30 minutes", "1小时30分钟"),
        ("duration", "PT1H30M", "1 hour and 30 minutes", "1小时30分钟"),
        ("duration", "90m", "1 hour and 30 minutes", "1小时30分钟"),
        ("duration", "P1W1DT1S", "8 days and 1 second", "8天1秒"),
        ("duration", 90061.2, "1 day, 1 hour, 1 minute and 1 second", "1天1小时1分钟1秒"),
        ("duration", 0, "0 seconds", "0秒"),
        ("duration", "P", "P", "P"),
        ("duration", -5, "-5", "-5"),
        ("ordinal", 2, "2nd", "第2"),
        ("ordinal", "13", "13th", "第13"),
        ("ordinal", 1.5, "1.5", "1.5"),
        ("number", 1200, "1,200", "1200"),
        ("number", "1200.50", "1,200.5", "1200.5"),
        ("number", "many", "many", "many"),
        ("words", 1200, "one thousand, two hundred", "一千二百"),
        ("words", "3.14", "three point one four", "三点一四"),
        ("list", ["a", "b", "c"], "a, b and c", "a、b和c"),
        ("list", [{"number": "1"}, None, {"number": "2"}], "1 and 2", "1和2"),
        ("list", [], "", ""),
        ("list", "a", "a", "a"),
        ("letters", "abc-1", "A B C 1", "A B C 1"),
        ("digits", "so100245", "S O, 1 0 0, 2 4 5", "S O，1 0 0，2 4 5"),
        ("digits", {"number": 1234}, "1 2 3 4", "1 2 3 4"),
        ("status", "on_its_way", "is on its way", "is on its way"),
        ("text", False, "no", "否"),
        ("text", {"name": "no number"}, "", ""),
    ],
)
def test_every_format_speaks_english_and_chinese(how, value, english, chinese):
    assert (said(value, how), said(value, how, "zh")) == (english, chinese)


@pytest.mark.parametrize(
    ("number", "english"),
    [
        ("+15550101", "plus 1, 5 5 5, 0 1 0 1"),
        ("+15551230101", "plus 1, 5 5 5, 1 2 3, 0 1 0 1"),
        ("+8613812345678", "plus 8 6, 1 3 8, 1 2 3 4, 5 6 7 8"),
        ("+49 30 123456", "plus 4 9, 3 0, 1 2 3, 4 5 6"),
        ("+35312345678", "plus 3 5 3, 1 2 3 4, 5 6 7 8"),
        ("(555) 010-1234", "5 5 5, 0 1 0, 1 2 3 4"),
        ("030123456", "0 3 0, 1 2 3, 4 5 6"),
        ("112", "1 1 2"),
        ("+", "+"),
        ("withheld", "withheld"),
        ("sip:ann@example.com", "sip:ann@example.com"),
    ],
)
def test_a_telephone_number_is_read_country_code_first_and_in_the_groups_it_is_written_in(number, english):
    assert said(number, "phone") == english


def test_a_chinese_voice_says_jia_for_plus():
    assert said("+8613812345678", "phone", "zh") == "加 8 6，1 3 8，1 2 3 4，5 6 7 8"


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("1", "1"),
        ("1234", "1 2 3 4"),
        ("12345", "1 2 3, 4 5"),
        ("1234567", "1 2 3, 4 5 6 7"),
        ("ab-12", "A B, 1 2"),
        ("", ""),
    ],
)
def test_numbers_are_grouped_in_threes_and_fours_apart_from_their_letters(digits, said):
    assert grouped(digits) == said


@given(st.text("0123456789", max_size=30))
def test_grouping_loses_no_figure(digits):
    said = grouped(digits)
    assert said.replace(",", "").replace(" ", "") == digits
    assert all(len(group.split()) <= 4 for group in said.split(","))


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("1", "1 euro"),
        ("0.5", "50 cents"),
        ("0.01", "1 cent"),
        ("0", "0 euros"),
        ("20.00", "20 euros"),
        (-5.5, "minus 5 euros and 50 cents"),
        (-0.001, "0 euros"),
        ("a lot", "a lot"),
        (None, ""),
    ],
)
def test_money_is_said_with_its_plural(amount, said):
    assert render("{m|money}", {"m": {"amount": amount, "currency": "EUR"}}, SAYING) == said
    assert render("{m|money}", {"m": amount}, SAYING) == said


@pytest.mark.parametrize(
    ("amount", "currency", "english", "chinese"),
    [
        ("2.01", "GBP", "2 pounds and 1 penny", "2.01英镑"),
        ("49.90", "CNY", "49.90 Chinese yuan", "49元9角"),
        ("49.95", "CNY", "49.95 Chinese yuan", "49元9角5分"),
        ("49.05", "CNY", "49.05 Chinese yuan", "49元零5分"),
        ("49.00", "CNY", "49 Chinese yuan", "49元"),
        ("0.05", "CNY", "0.05 Chinese yuan", "5分"),
        ("0", "CNY", "0 Chinese yuan", "0元"),
        ("49.90", "EUR", "49 euros and 90 cents", "49.90欧元"),
        ("49", "USD", "49 dollars", "49美元"),
        ("1249.90", "chf", "1,249.90 Swiss francs", "1249.90瑞士法郎"),
        ("1", "CHF", "1 Swiss franc", "1瑞士法郎"),
        ("5", "points", "5 POINTS", "5POINTS"),
    ],
)
def test_every_currency_has_its_words(amount, currency, english, chinese):
    money = {"amount": amount, "currency": currency}
    assert (said(money, "money"), said(money, "money", "zh")) == (english, chinese)


@pytest.mark.parametrize(
    ("value", "language", "forms", "words"),
    [
        (1, "en", "day/days", "1 day"),
        (3, "en", "day/days", "3 days"),
        (0, "en", "day/days", "0 days"),
        ("1.5", "en", "day/days", "1.5 days"),
        (1200, "en", "day/days", "1,200 days"),
        (1, "en", "sheep", "1 sheep"),
        (7, "en", "sheep", "7 sheep"),
        (["a", "b"], "en", "order/orders", "2 orders"),
        ("many", "en", "day/days", "many days"),
        ("", "en", "day/days", ""),
        (2, "en", "", "2"),
        (3, "zh", "天", "3 天"),
        (1, "ru", "день/дня/дней", "1 день"),
        (3, "ru", "день/дня/дней", "3 дня"),
        (5, "ru", "день/дня/дней", "5 дней"),
        (21, "ru", "день/дня/дней", "21 день"),
        (0, "fr", "jour/jours", "0 jour"),
        (2, "fr", "jour/jours", "2 jours"),
        (0, "ar", "صفر/واحد/اثنان/قليل/كثير/آخر", "0 صفر"),
    ],
)
def test_a_count_takes_the_plural_form_of_its_language(value, language, forms, words):
    assert said(value, "plural", language, forms) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "零"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (101, "一百零一"),
        (110, "一百一十"),
        (1001, "一千零一"),
        (2000, "两千"),
        (10205, "一万零二百零五"),
        (20000, "两万"),
        (120000, "十二万"),
        (1000010, "一百万零一十"),
        (200000002, "两亿零二"),
        (-5, "负五"),
        ("10.05", "十点零五"),
    ],
)
def test_chinese_numbers_are_put_in_words(number, words):
    assert said(number, "words", "zh") == words


@pytest.mark.parametrize(
    ("how", "value", "german"),
    [
        ("day", "2026-11-25", "Mittwoch, 25. November"),
        ("day", "2026-12-02", "2. Dezember"),
        ("day", "2027-12-02", "2. Dezember 2027"),
        ("date", "2026-12-02", "2. Dezember 2026"),
        ("time", "09:30", "09:30"),
        ("datetime", "2026-12-02T09:30", "2. Dezember, 09:30"),
        ("duration", 5400, "1 Stunde und 30 Minuten"),
        ("money", {"amount": "49.90", "currency": "EUR"}, "49,90 Euro"),
        ("number", "1200.5", "1.200,5"),
        ("words", 12, "zwölf"),
        ("words", 1_000_000, "1.000.000"),
        ("ordinal", 2, "2."),
        ("list", ["a", "b", "c"], "a, b und c"),
    ],
)
def test_another_language_speaks_through_the_locale_data(how, value, german):
    assert said(value, how, "de") == german


@pytest.mark.parametrize(
    ("how", "value", "language", "figures"),
    [
        ("words", -5, "pl", "-5"),
        ("words", 1200, "am", "1,200"),
        ("words", 12, "el", "12"),
        ("words", "1.5", "ce", "1.5"),
        ("ordinal", 2, "sv", "2"),
        ("ordinal", 2, "vi", "2"),
        ("ordinal", 2, "ru", "2"),
    ],
)
def test_figures_stand_in_where_a_language_has_no_words_for_a_number(how, value, language, figures):
    assert said(value, how, language) == figures


@pytest.mark.parametrize("language", ["de", "de-AT", "de_DE"])
def test_a_language_may_name_its_country(language):
    assert said("2026-12-02", "date", language).endswith(" Dezember 2026")


@pytest.mark.parametrize("language", ["xx", "", "no such language", "en-GB", "EN"])
def test_a_language_that_nobody_knows_speaks_english(language):
    assert said("2026-11-24", "day", language) == "tomorrow"
    assert said(3, "plural", language, "day/days") == "3 days"


def test_a_hotline_may_have_its_own_words_for_days_and_statuses():
    german = Saying(NOON, "UTC", {"day.tomorrow": "morgen", "status.shipped": "ist unterwegs"}, "de")
    slots = {"eta": "2026-11-24", "status": "shipped"}
    assert render("Sie {status|status} und kommt {eta|day}.", slots, german) == (
        "Sie ist unterwegs und kommt morgen."
    )
    assert spell("2026-11-24T09:00", "datetime", german) == "morgen, 09:00"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
    | st.sampled_from(["2026-11-25", "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00", "09:30", "1e30", "P9999W"])
    | st.sampled_from(["999999999d", "P999999999W", "1e-30", "999999999999999.999999", "+99", "١٢", "²"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["number", "amount", "currency", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh", "de", "ar", "ja", "pl", "am", "pt-BR", "xx"])
@given(value=JSON, argument=st.text(max_size=12))
def test_whatever_a_slot_holds_is_said_somehow(language, value, argument):
    for how in FORMATS:
        assert isinstance(said(value, how, language, argument, zone="America/New_York"), str)


@given(st.text("{}|:ab.A 1,!", max_size=40))
def test_any_text_is_a_template_of_which_nothing_is_lost(template):
    texts = [part for part in parts(template) if isinstance(part, str)]
    assert len(texts) + len(holes(template)) == len(parts(template))
    assert ("{" in "".join(texts) or "}" in "".join(texts)) == bool(broken_holes(template))
    assert isinstance(render(template, {"a": 1}, SAYING), str)


def test_a_text_without_holes_can_be_spoken_ahead():
    assert is_fixed("Hello.")
    assert not is_fixed("Hello {name}.")
    assert parts("a {b.c|day}") == ("a ", Hole(("b", "c"), "day"))


def test_holes_are_told_in_order_with_their_arguments():
    template = "{a} {b.c|day} {n| plural : day / days } {t|unheard_of:x|y}"
    assert holes(template) == (
        Hole(("a",), "text"),
        Hole(("b", "c"), "day"),
        Hole(("n",), "plural", "day / days"),
        Hole(("t",), "unheard_of", "x|y"),
    )
    assert WITH_ARGUMENT < FORMATS


@pytest.mark.parametrize(
    ("template", "broken"),
    [
        ("Hello {name}.", ()),
        ("Hello {Name}.", ("{Name}",)),
        ("{} {a.} {a|} {a|B} {a b}", ("{}", "{a.}", "{a|}", "{a|B}", "{a b}")),
        ("Hello {name", ("{name",)),
        ("Hello }", ("}",)),
        ("{{a}}", ("{", "}")),
    ],
)
def test_a_broken_hole_stays_text_and_is_told_to_the_linter(template, broken):
    assert broken_holes(template) == broken
    assert "".join(part for part in parts(template) if isinstance(part, str)).count("{") == sum(
        piece.count("{") for piece in broken
    )


def test_a_slot_is_looked_up_by_its_path():
    slots = {"order": {"total": {"amount": 5}}, "name": "Ann"}
    assert lookup(slots, ("order", "total", "amount")) == 5
    assert lookup(slots, ("name", "first")) is None
    assert lookup(slots, ("nobody",)) is None
    assert lookup(slots, ()) == slots


def test_a_record_stands_for_its_number_and_nothing_for_nothing():
    assert [key_of(value) for value in ({"number": 7}, {}, None, ["a", None, 1])] == ["7", "", "", "a, 1"]


def test_the_language_libraries_are_loaded_only_when_something_needs_them():
    code = "import sys, ivr.dialog.prompts; print(sorted({'babel', 'num2words'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
