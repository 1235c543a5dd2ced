import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from ivr.dialog.spoken import amount, amount_in, currency_in, words
from tests.unit.test_spoken import in_chinese


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("49.90", "49.90"),
        ("49,90", "49.90"),
        ("49,90 euros", "49.90"),
        ("€49.90", "49.90"),
        ("49.90 €", "49.90"),
        ("49€90", "49.90"),
        ("49.9", "49.90"),
        ("1,299.00", "1299"),
        ("1.299,50 EUR", "1299.50"),
        ("1,299", "1299"),
        ("EUR 49.90", "49.90"),
        ("49", "49"),
        ("forty nine euros ninety", "49.90"),
        ("forty nine ninety", "49.90"),
        ("forty-nine euros and ninety cents", "49.90"),
        ("forty nine euros and five cents", "49.05"),
        ("forty nine euros five", "49.05"),
        ("forty nine oh five", "49.05"),
        ("forty nine point nine", "49.90"),
        ("forty nine point nine oh", "49.90"),
        ("four nine point nine zero", "49.90"),
        ("forty nine point ninety five", "49.95"),
        ("a hundred and twenty", "120"),
        ("a hundred and twenty euros", "120"),
        ("twelve hundred", "1200"),
        ("one thousand two hundred fifty", "1250"),
        ("two and a half euros", "2.50"),
        ("two euros and a half", "2.50"),
        ("half a euro", "0.50"),
        ("a dollar", "1"),
        ("a euro fifty", "1.50"),
        ("fifty cents", "0.50"),
        ("99p", "0.99"),
        ("five pence", "0.05"),
        ("two fifty", "2.50"),
        ("twelve fifty dollars", "12.50"),
        ("one hundred forty nine ninety nine", "149.99"),
        ("I think it was twenty dollars and ten cents in total", "20.10"),
        ("my order is 100245 and I paid 49 euros", "49"),
        ("fifty euros one zero zero two four five", "50"),
        ("uh forty um nine euros", "49"),
        ("one two zero euros", "120"),
        ("four uh nine point um nine zero", "49.90"),
    ],
)
def test_an_amount_is_read_as_people_say_and_type_it(said, value):
    assert amount(said) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("四十九块九毛", "49.90"),
        ("四十九块九", "49.90"),
        ("四十九块九毛钱", "49.90"),
        ("四十九块九五", "49.95"),
        ("四十九块零五", "49.05"),
        ("三块五毛五", "3.55"),
        ("三块五毛五分", "3.55"),
        ("一百二十元", "120"),
        ("一百二十元五角", "120.50"),
        ("一千零五十", "1050"),
        ("两百五", "250"),
        ("一万二", "12000"),
        ("49块", "49"),
        ("三块五", "3.50"),
        ("两块半", "2.50"),
        ("五毛", "0.50"),
        ("五分", "0.05"),
        ("九毛九", "0.99"),
        ("三点五元", "3.50"),
        ("四十九点九", "49.90"),
        ("人民币四十九块九", "49.90"),
        ("¥49.90", "49.90"),
        ("￥４９．９０", "49.90"),
        ("五十欧元", "50"),
        ("我一共付了三百块钱", "300"),
        ("四十九块九左右", "49.90"),
    ],
)
def test_an_amount_in_chinese_is_read(said, value):
    assert amount(said, "zh") == value


@pytest.mark.parametrize(
    "said",
    ["", "no idea", "one moment please", "oh I don't know", "23.11.2026", "11/23", "where is my order",
     "twenty three forty five sixty",
        "oh", "ten percent", "50%", "two days", "the 5th", "half past"],
)  # fmt: skip
def test_what_is_no_amount_is_none(said):
    assert amount(said) is None


@pytest.mark.parametrize(
    "said", ["", "不知道", "等一下", "我的订单在哪里", "百分之五十", "打八折", "五点半", "三号", "再说一遍"]
)
def test_what_is_no_amount_in_chinese_is_none(said):
    assert amount(said, "zh") is None


@pytest.mark.parametrize(
    ("said", "language", "value"),
    [
        ("I paid 49.90 for order 100245", "en", None),
        ("forty nine ninety", "en", None),
        ("I paid 49 euros for order 100245", "en", "49"),
        ("it was fifty cents", "en", "0.50"),
        ("twenty five bucks", "en", "25"),
        ("order 7, five days ago", "en", None),
        ("一百二十", "zh", None),
        ("一百二十块", "zh", "120"),
        ("五分钟", "zh", None),
    ],
)
def test_an_amount_that_nobody_asked_for_needs_a_currency(said, language, value):
    found = amount_in(said, language, bare=False)
    assert (found.value if found else None) == value


@pytest.mark.parametrize(
    ("said", "sure"),
    [
        ("it was forty nine euros ninety please", True),
        ("49.90", True),
        ("twelve fifty", False),  # or 1250
        ("twelve fifty euros", True),
        ("twenty or thirty euros", False),
        ("thirty bucks for the blue one", False),
    ],
)
def test_an_amount_is_sure_when_nothing_else_was_said_and_it_has_one_reading(said, sure):
    found = amount_in(said)
    assert found is not None
    assert found.sure is sure


def test_an_amount_tells_where_it_was_said():
    said = "I paid forty nine euros and ninety cents for it"
    found = amount_in(said)
    assert found is not None
    assert words(said)[found.start : found.end] == ["forty", "nine", "euros", "and", "ninety", "cents"]


@pytest.mark.parametrize(
    ("said", "language", "code"),
    [
        ("49 euros", "en", "EUR"),
        ("€5", "en", "EUR"),
        ("$5", "en", "USD"),
        ("twenty bucks", "en", "USD"),
        ("five quid", "en", "GBP"),
        ("99p", "en", "GBP"),
        ("£5", "en", "GBP"),
        ("fifty yuan", "en", "CNY"),
        ("fifty cents", "en", None),
        ("fifty", "en", None),
        ("三块五", "zh", "CNY"),
        ("五毛", "zh", "CNY"),
        ("五十欧元", "zh", "EUR"),
        ("五十美金", "zh", "USD"),
        ("十英镑", "zh", "GBP"),
        ("五十", "zh", None),
    ],
)
def test_the_currency_is_the_first_that_was_named(said, language, code):
    assert currency_in(said, language) == code


@given(st.integers(0, 99_999), st.integers(0, 99))
def test_any_amount_said_or_typed_in_full_comes_back(whole, cents):
    value = f"{whole}.{cents:02d}" if cents else str(whole)
    cent_words = f" and {num2words(cents)} cents" if cents else ""
    assert amount(f"{num2words(whole)} euros{cent_words}") == value
    assert amount(f"{whole}.{cents:02d}") == (value if whole or cents else None)
    assert amount(f"€{whole:,}.{cents:02d}") == value


@given(st.integers(0, 99_999), st.integers(0, 9), st.integers(0, 9))
def test_any_amount_said_in_chinese_comes_back(whole, tenths, hundredths):
    parts = (f"{in_chinese(tenths)}毛" if tenths else "") + (
        f"{in_chinese(hundredths)}分" if hundredths else ""
    )
    value = f"{whole}.{tenths}{hundredths}" if tenths or hundredths else str(whole)
    assert amount(f"{in_chinese(whole)}块{parts}", "zh") == value


@given(st.integers(10, 99), st.integers(10, 99))
def test_any_price_said_as_a_pair_comes_back(whole, cents):
    assert amount(f"{num2words(whole)} euros {num2words(cents)}") == f"{whole}.{cents}"
    assert amount(f"{num2words(whole)} {num2words(cents)}") == f"{whole}.{cents}"
