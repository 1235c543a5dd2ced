import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from ivr.dialog import spoken
from ivr.dialog.spoken import (
    FILLERS,
    UNITS,
    Span,
    amount,
    digit_spans,
    digits_in,
    fillers,
    is_number_word,
    mentioned,
    words,
    yes_or_no,
)

NAMES = {digit: word for word, digit in reversed(UNITS.items()) if word not in ("o", "nought", "nil")}
HAN = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
TODAY = date(2026, 11, 23)


def in_chinese(number):
    """Return a number below a hundred million as it is read out."""
    if number < 10:
        return HAN[str(number)]
    if number < 20:
        return "十" + (in_chinese(number - 10) if number > 10 else "")
    power, name = next(p for p in ((10**4, "万"), (1000, "千"), (100, "百"), (10, "十")) if number >= p[0])
    count, rest = divmod(number, power)
    gap = "零" if 0 < rest < power // 10 else ""
    one = "一" if 10 <= rest < 20 else ""
    return in_chinese(count) + name + gap + one + (in_chinese(rest) if rest else "")


# ---- words


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Where's my order, please?", ["where's", "my", "order", "please"]),
        ("It\u2019s 100-245.", ["it's", "100", "245"]),
        ("SO100245", ["so", "100245"]),
        ("１００２４５ ＳＯ", ["100245", "so"]),
        ("我的订单是100245。", ["我", "的", "订", "单", "是", "100245"]),
        ("二○二六", ["二", "〇", "二", "六"]),
        ("兩萬", ["两", "万"]),
        ("OK好的", ["ok", "好", "的"]),
        ("…!?", []),
        ("", []),
    ],
)
def test_a_sentence_is_cut_into_words_figures_and_characters(text, cut):
    assert words(text) == cut


def test_each_language_has_its_fillers():
    assert fillers("en") == FILLERS
    assert {"uh", "and", "dash"} <= FILLERS
    assert {"嗯", "呃", "啊", "那", "个"} <= fillers("zh")


def test_a_language_that_nobody_taught_is_heard_as_english():
    assert digits_in("one two three", 3, 3, "fr") == ("123", True)
    assert digits_in("一二三", 3, 3, "zh-CN") == ("123", True)


@pytest.mark.parametrize("word", ["one", "oh", "twenty", "hundred", "double", "12", "两", "百", "幺"])
def test_number_words_of_both_languages_are_known(word):
    assert is_number_word(word)


@pytest.mark.parametrize("word", ["", "order", "to", "的", "and"])
def test_other_words_are_no_number_words(word):
    assert not is_number_word(word)


# ---- numbers


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("one zero zero two four five", "100245"),
        ("My order number is 100-245.", "100245"),
        ("oh four oh two", "0402"),
        ("double one zero three one one", "110311"),
        ("one zero zero triple five", "100555"),
        ("ten zero three eleven", "100311"),
        ("it's one hundred two forty five", "100245"),
        ("one zero zero, uh, three double one", "100311"),
        ("1 0 0, 3 1 1", "100311"),
        ("one zero zero two for five", "100245"),
        ("one hundred and twenty", "120"),
        ("twenty-three forty", "2340"),
        ("one, zero, zero, two, four, five.", "100245"),
        ("one hundred two", "102"),
        ("one hundred two", "1002"),
        ("twenty three", "23"),
        ("twenty three", "203"),
        ("two thousand and five", "2005"),
        ("two thousand five", "20005"),
        ("fifteen hundred", "1500"),
        ("forty five hundred", "4500"),
        ("one hundred thousand two hundred forty five", "100245"),
        ("one hundred thousand two hundred and forty-five", "100245"),
        ("oh, one zero zero two four five", "100245"),
        ("o one two three", "0123"),
        ("double oh seven", "007"),
        ("triple zero nine", "0009"),
        ("one zero three zeros five", "100005"),
        ("two fives and a one", "551"),
        ("one to three", "123"),
        ("one for too five", "1425"),
        ("one zero zero two for", "10024"),
        ("won zero zero two four five", "00245"),
        ("5 hundred", "500"),
        ("nineteen eighty four", "1984"),
        ("twenty twenty six", "2026"),
        ("treble two double three", "22233"),
        ("one zero zero two four five, one zero zero two four five", "100245"),
        ("100245 100245", "100245"),
        ("one zero zero then two dash four five", "100245"),
        ("nought one nil two", "0102"),
    ],
)
def test_a_spoken_number_is_read_as_people_say_it(said, digits):
    found = digits_in(said, len(digits), len(digits))
    assert found is not None
    assert found[0] == digits


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("幺零零二四五", "100245"),
        ("一零零二四五", "100245"),
        ("一 〇 〇 二 四 五", "100245"),
        ("我的订单号是一零零二四五", "100245"),
        ("订单号100245", "100245"),
        ("１００２４５", "100245"),
        ("嗯一零零那个二四五", "100245"),
        ("一零零，呃，二四五。", "100245"),
        ("一百二十", "120"),
        ("十五", "15"),
        ("二十", "20"),
        ("两百零五", "205"),
        ("一百二", "120"),
        ("一万二", "12000"),
        ("一千零五十", "1050"),
        ("一千零五", "1005"),
        ("一百十五", "115"),
        ("一百零二", "102"),
        ("三个五", "555"),
        ("一零零三个五", "100555"),
        ("四个零一", "00001"),
        ("双五", "55"),
        ("洞拐勾幺", "0791"),
        ("壹贰叁肆伍", "12345"),
        ("壹佰贰拾叁", "123"),
        ("一二十五", "125"),
        ("五万三千二百一十", "53210"),
        ("1万2", "12000"),
        ("兩百", "200"),
        ("二十三四十", "2340"),
        ("一零零二四五，一零零二四五", "100245"),
    ],
)
def test_a_number_said_in_chinese_is_read(said, digits):
    found = digits_in(said, len(digits), len(digits), "zh")
    assert found is not None
    assert found[0] == digits


@pytest.mark.parametrize("said", ["", "where is my order", "for the order", "one two", "agent please"])
def test_what_is_no_number_of_the_asked_length_is_not_read_as_one(said):
    assert digits_in(said, 6, 6) is None


@pytest.mark.parametrize("said", ["", "我的订单在哪里", "等一下", "一二三", "one two three four five six"])
def test_what_is_no_number_in_chinese_is_not_read_as_one(said):
    assert digits_in(said, 6, 6, "zh") is None


def test_a_number_inside_other_words_is_not_sure():
    assert digits_in("one zero zero banana two four five", 6, 6) == ("100245", False)
    assert digits_in("一零零香蕉二四五", 6, 6, "zh") == ("100245", False)


@pytest.mark.parametrize(
    ("said", "sure"),
    [
        ("my order number is one zero zero two four five please", True),
        ("one zero zero two four five, one zero zero two four five", True),
        ("100245 or 100311", False),
        ("one zero zero twenty three", False),  # 100203 is a strange way to say it
        ("one hundred two forty five", False),  # or 102405
        ("ten oh two forty five", True),
    ],
)
def test_a_number_is_sure_when_it_has_one_likely_reading(said, sure):
    found = digits_in(said, 6, 6)
    assert found is not None
    assert found[1] is sure


def test_every_reading_of_a_doubtful_number_is_offered_the_plainest_first():
    spans = digit_spans("one hundred two", 3, 4)
    assert spans == [Span("102", 0, 3, False), Span("1002", 0, 3, False)]
    assert [span.value for span in digit_spans("twenty three", 2, 3)] == ["23", "203"]


@pytest.mark.parametrize("said", ["twenty three forty five", "a hundred and twenty five"])
def test_what_nobody_means_is_no_reading(said):
    assert digits_in(said, 6, 6) is None


def test_an_unlikely_reading_leaves_the_plain_one_sure():
    assert [span.sure for span in digit_spans("twenty three forty", 4, 8)] == [True, False]
    assert digit_spans("two thousand and five", 4, 5)[0] == Span("2005", 0, 4, True)
    assert digit_spans("一百二十", 2, 6, "zh")[0] == Span("120", 0, 4, True)


def test_a_span_tells_where_the_number_was_said():
    said = "my order is one zero zero uh two four five thanks"
    (span,) = digit_spans(said, 6, 6)
    assert words(said)[span.start : span.end] == ["one", "zero", "zero", "uh", "two", "four", "five"]
    assert span.sure


@pytest.mark.parametrize(
    ("said", "rule", "meant"),
    [
        ("one hundred two fourteen", "luhn", "100214"),
        ("one hundred two eighteen", "mod11", "100218"),
        ("one hundred two ninety nine", "mod97", "100299"),
        ("one hundred two eleven", "damm", "100211"),
        ("one hundred two nineteen", "verhoeff", "100219"),
    ],
)
def test_a_check_digit_decides_between_readings(said, rule, meant):
    assert digit_spans(said, 5, 6)[0].value != meant
    best = digit_spans(said, 5, 6, check=rule)[0]
    assert (best.value, best.sure) == (meant, True)


def test_a_check_makes_the_number_that_satisfies_it_sure_and_no_other():
    assert digit_spans("79927398713", 11, 11, check="luhn") == [Span("79927398713", 0, 1, True)]
    assert digit_spans("79927398714", 11, 11, check="luhn") == [Span("79927398714", 0, 1, False)]
    both = digit_spans("79927398714 or was it 79927398713", 11, 11, check="luhn")
    assert [span.value for span in both] == ["79927398713", "79927398714"]
    assert not both[0].sure


@given(st.text("0123456789", min_size=1, max_size=12))
def test_any_number_said_digit_by_digit_comes_back(digits):
    said = " ".join(NAMES[digit] for digit in digits)
    assert digits_in(said, len(digits), len(digits)) == (digits, True)


@given(st.text("0123456789", min_size=1, max_size=12))
def test_any_number_said_digit_by_digit_in_chinese_comes_back(digits):
    said = "".join(HAN[digit] for digit in digits)
    assert digits_in(said, len(digits), len(digits), "zh") == (digits, True)


@given(st.text("0123456789", min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_fillers_anywhere_do_not_change_a_number(digits, random):
    for language, names, join in (("en", NAMES, " "), ("zh", HAN, "")):
        filler = {"en": ["uh", "um", "erm"], "zh": ["嗯", "呃"]}[language]
        said = join.join(random.choice([names[d], names[d] + join + random.choice(filler)]) for d in digits)
        assert digits_in(said, len(digits), len(digits), language) == (digits, True)


@given(st.integers(0, 99_999))
def test_any_number_in_words_is_read_first_of_all_readings(number):
    assert digit_spans(num2words(number), 1, 9)[0].value == str(number)
    assert digit_spans(in_chinese(number), 1, 9, "zh")[0].value == str(number)


@given(st.integers(0, 99_999), st.integers(1, 3), st.integers(0, 3))
def test_every_number_found_has_a_fitting_length_and_stands_where_its_span_says(number, least, more):
    said = f"well {num2words(number)} I think"
    for span in digit_spans(said, least, least + more):
        assert least <= len(span.value) <= least + more
        assert 1 <= span.start < span.end <= len(words(said)) - 2


# ---- whatever is said

SYLLABLES = [*UNITS, "twenty", "hundred", "thousand", "and", "double", "point", "euros", "cents", "a", "half",
             "last", "next", "tuesday", "march", "second", "of", "the", "not", "no", "yes", "ends in", "b", "as in",
             "for", "zeros", "100", "0" * 5000, "1.299,00", "2026-11-23", "11/23", "€", "ago", "weeks", "in",
             *"零一二三四五十百千万个双第块毛分点半年月日号上下周天前后是不对没要好尾位开头", "最后", "星期"]  # fmt: skip


def every_reader(text, language):
    digit_spans(text, 1, 8, language)
    digit_spans(text, 0, 10_000, language, check="verhoeff")
    spoken.amount_in(text, language, bare=False)
    amount(text, language)
    spoken.currency_in(text, language)
    for past in (True, False, None):
        spoken.date_in(text, TODAY, language, past=past)
    yes_or_no(text, language)
    spoken.position_in(text, language)
    spoken.letters_in(text, language)
    spoken.coded_in(text, ("SO", "RX"), 1, 8, language, check="mod97")
    spoken.coded_in(text, ("A1",), 1, 8, language)
    spoken.correction(text, "100245", language)
    spoken.correction(text, text, language)


@given(st.text(max_size=80), st.sampled_from(["en", "zh", "xx"]))
def test_no_text_whatever_breaks_a_reader(text, language):
    every_reader(text, language)


@given(st.lists(st.sampled_from(SYLLABLES), max_size=14), st.sampled_from(["", " "]))
def test_no_heap_of_the_words_we_know_breaks_a_reader(heap, between):
    for language in ("en", "zh"):
        every_reader(between.join(heap), language)


@given(st.lists(st.sampled_from(SYLLABLES), max_size=14))
def test_every_span_lies_in_the_sentence(heap):
    said = " ".join(heap)
    for language in ("en", "zh"):
        found = [
            *digit_spans(said, 1, 8, language),
            *spoken.coded_in(said, ("SO", "B"), 1, 8, language),
            spoken.amount_in(said, language),
            spoken.date_in(said, TODAY, language),
        ]
        assert all(0 <= s.start < s.end <= len(words(said)) for s in found if s is not None)


@pytest.mark.parametrize(
    "word", ["one", "twenty", "double", "uh", "not", "hundred and", "a", "no", "€5", "1.1.", "o"]
)
@pytest.mark.parametrize(
    "reader", ["digit_spans", "amount_in", "date_in", "yes_or_no", "letters_in", "coded_in", "correction"]
)
def test_the_time_for_a_speech_of_thousands_of_words_grows_with_its_length_only(word, reader):
    further = {
        "digit_spans": (1, 9),
        "date_in": (TODAY,),
        "coded_in": (("SO", "O"), 6, 6),
        "correction": ("100245",),
    }
    began = time.thread_time()  # of this thread's own work: a busy machine makes nothing longer
    getattr(spoken, reader)(f"{word} " * 5000, *further.get(reader, ()))
    assert time.thread_time() - began < 1.0  # about 0.05 s; some seconds if each word looked at all others


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("I want 20 euros back for order 100311", "en", {"amount": "20"}),
        ("call me at oh three oh one two three four five six seven", "en", {"phone": "0301234567"}),
        ("it came last friday", "en", {"date": "2026-11-20"}),
        ("order one zero zero three one one", "en", {}),
        ("where is my order", "en", {}),
        ("请退三百块", "zh", {"amount": "300"}),
        ("我的号码是一三八零零一三八零零零", "zh", {"phone": "13800138000"}),
    ],
)
def test_money_days_and_telephones_are_noticed_whatever_was_asked(text, language, found):
    assert mentioned(text, date(2026, 11, 24), language) == found


@given(st.text(max_size=80), st.sampled_from(["en", "zh"]))
def test_nothing_that_is_said_breaks_the_noticing(text, language):
    assert set(mentioned(text, date(2026, 11, 24), language)) <= {"amount", "date", "phone"}
