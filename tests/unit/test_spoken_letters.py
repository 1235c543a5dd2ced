import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialog.spoken import Span, coded_in, correction, letters_in, words

ALPHABET = [
    "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima", "mike",
    "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "x-ray",
    "yankee", "zulu",
]  # fmt: skip
FIGURES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
HAN = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
CURRENT = "100245"

# ---- letters


@pytest.mark.parametrize(
    ("said", "spelled"),
    [
        ("b as in bravo c as in charlie", "BC"),
        ("B as in Bravo, oscar, double t", "BOTT"),
        ("b for bravo o for oscar", "BO"),
        ("bravo oscar", "BO"),
        ("B, Bravo, O, Oscar", "BO"),
        ("s o one zero zero two four five", "SO100245"),
        ("Sierra Oscar one double zero two four five", "SO100245"),
        ("SO-100245", "SO100245"),
        ("RX 100", "RX100"),
        ("s see are", None),
        ("p e t e r", "PETER"),
        ("b see d", "BCD"),
        ("b be d", "BBD"),
        ("t you v double you", "TUVW"),
        ("my name is s m i t h", "SMITH"),
        ("my last name is smith s m i t h", "SMITH"),
        ("x-ray yankee", "XY"),
        ("x ray seven", "X7"),
        ("a b c", "ABC"),
        ("double u k", "WK"),
        ("double b", "BB"),
        ("n as in Nancy a as in apple", "NA"),
        ("s as in sam u as in uncle e as in edward", "SUE"),
        ("m as in november p", "NP"),  # the longer word counts
        ("m a i a", "MAIA"),
        ("j o e", "JOE"),
        ("one o one", "101"),
        ("tee tango four", "TT4"),
        ("zed zee", "ZZ"),
        ("double five b", "55B"),
        ("d as in dog dash seven", "D7"),
        ("the code is q w 7 p", "QW7P"),
        ("k one seven t", "K17T"),
        ("t as in tom twenty three", "T23"),
        ("capital l, u, k, e", "LUKE"),
        ("whisky alfa juliett 7 7", "WAJ77"),
        ("one two three", "123"),
    ],
)
def test_what_is_spelled_is_put_together(said, spelled):
    assert letters_in(said) == spelled


@pytest.mark.parametrize(
    "said",
    [
        "", "a", "b", "B as in Bravo", "be see", "I see", "are you there", "where is my order", "I want a refund", "s for sam",
        "see you later", "why are you asking", "oh I see", "please be quick", "I want to return order 100",
        "you are late", "oh you", "I live in a hotel",
    ],
)  # fmt: skip
def test_an_ordinary_sentence_spells_nothing(said):
    assert letters_in(said) is None


@pytest.mark.parametrize(
    ("said", "spelled"),
    [
        ("S O 一零零二四五", "SO100245"),
        ("SO一零零二四五", "SO100245"),
        ("我的订单号是S O 一零零", "SO100"),
        ("B 五 C", "B5C"),
        ("大写A大写B", "AB"),
        ("A B C 一二三", "ABC123"),
        ("我的订单在哪里", None),
        ("", None),
    ],
)
def test_letters_among_chinese_are_put_together(said, spelled):
    assert letters_in(said, "zh") == spelled


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=2, max_size=10))
def test_any_code_in_alphabet_words_comes_back(code):
    said = [FIGURES[int(mark)] if mark.isdigit() else ALPHABET[ord(mark) - 65] for mark in code]
    assert letters_in(" ".join(said)) == code


# ---- numbers with letters before them


@pytest.mark.parametrize(
    "said",
    [
        "s o one zero zero two four five", "SO-100245", "SO100245", "so 100245", "Sierra Oscar 100245",
        "S as in Sierra O as in Oscar 100245", "s for sierra o for oscar one zero zero two for five",
        "my order is s o dash one double zero two four five please", "ess oh 100245", "S O, uh, 1 0 0 2 4 5",
        "letter s letter o one zero zero two forty five",
    ],
)  # fmt: skip
def test_a_number_with_its_letters_is_read_as_people_spell_it(said):
    assert coded_in(said, ("SO", "RX"), 6, 6)[0].value == "SO100245"
    assert coded_in(said, ("SO",), 6, 6)[0].value == "SO100245"


@pytest.mark.parametrize(
    "said", ["are ex 100245", "romeo x-ray dash one zero zero two four five", "r x 100245"]
)
def test_each_prefix_is_known(said):
    assert coded_in(said, ("SO", "rx"), 6, 6)[0].value == "RX100245"


@pytest.mark.parametrize(
    "said", ["SO一零零二四五", "S O 幺零零二四五", "我的订单号是SO100245", "SO一零零那个二四五"]
)
def test_a_number_with_its_letters_is_read_in_chinese(said):
    assert coded_in(said, ("SO", "RX"), 6, 6, "zh")[0].value == "SO100245"


def test_letters_may_be_left_out_if_there_is_no_choice():
    assert coded_in("one zero zero two four five", ("SO",), 6, 6) == [Span("SO100245", 0, 6, True)]
    assert coded_in("one zero zero two four five", ("SO", "RX"), 6, 6) == []


def test_a_number_with_letters_is_sure_like_one_without():
    assert coded_in("my order is s o 100245 please", ("SO", "RX"), 6, 6) == [Span("SO100245", 3, 6, True)]
    both = coded_in("order SO 100245 or RX 100311", ("SO", "RX"), 6, 6)
    assert [(span.value, span.sure) for span in both] == [("SO100245", False), ("RX100311", False)]


def test_the_check_digit_of_a_number_leaves_its_letters_aside():
    (found,) = coded_in("SO 79927398713", ("SO", "RX"), 11, 11, check="luhn")
    assert found == Span("SO79927398713", 0, 2, True)
    assert not coded_in("SO 79927398714", ("SO", "RX"), 11, 11, check="luhn")[0].sure


@given(st.text("0123456789", min_size=6, max_size=6), st.sampled_from(["SO", "RX", "A1", "BEE"]))
def test_any_number_behind_its_spelled_letters_comes_back(number, prefix):
    letters = [mark if mark.isdigit() else ALPHABET[ord(mark) - 65] for mark in prefix]
    said = " ".join([*letters, *(FIGURES[int(digit)] for digit in number)])
    found = coded_in(said, ("SO", "RX", "A1", "BEE"), 6, 6)
    assert found == [Span(prefix + number, 0, len(words(said)), True)]


# ---- corrections


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("no, 46 not 45", "100246"),
        ("not 45 but 46", "100246"),
        ("not 45, 46", "100246"),
        ("no it's not 45 it's 46", "100246"),
        ("that's not 45 it's 46", "100246"),
        ("it's 46 instead of 45", "100246"),
        ("246 rather than 245", "100246"),
        ("four six not four five", "100246"),
        ("not four five but four six", "100246"),
        ("it's six not five", "100246"),
        ("45 is wrong it's 46", "100246"),
        ("45 should be 46", "100246"),
        ("change 45 to 46", "100246"),
        ("replace four five with four six", "100246"),
        ("it should be 46 not 45", "100246"),
        ("it ends in 46", "100246"),
        ("ends in double six", "100266"),
        ("ending with seven seven", "100277"),
        ("the last two are four six", "100246"),
        ("no, the last two are forty six", "100246"),
        ("the last two digits should be 46", "100246"),
        ("the last two are not 45 but 46", "100246"),
        ("the last three are three one one", "100311"),
        ("46 at the end", "100246"),
        ("it starts with 20", "200245"),
        ("the first two are two zero", "200245"),
        ("the first three are one one zero", "110245"),
        ("20 at the beginning", "200245"),
        ("the third digit is 7", "107245"),
        ("the 3rd digit is 7", "107245"),
        ("the second number is nine", "190245"),
        ("the last digit is six", "100246"),
        ("the last one is a 6", "100246"),
        ("no, 46", "100246"),
        ("no 46 please", "100246"),
        ("no it's 46", "100246"),
        ("no forty six", "100246"),
        ("no two four six", "100246"),
        ("no 6", "100246"),
        ("46", "100246"),
        ("I said 46", "100246"),
    ],
)
def test_a_part_that_the_caller_corrects_is_replaced(said, meant):
    assert correction(said, CURRENT) == meant


@pytest.mark.parametrize(
    "said",
    [
        "", "no", "yes", "2", "100246", "no 100246", "one zero zero two four six", "no one zero zero two four six",
        "no, 99 not 98", "1 not 0", "the last three are 46", "ends in 45", "the ninth digit is 7", "where is my order",
        "the third digit is 77", "not 45", "I want a refund of 46",
    ],
)  # fmt: skip
def test_what_corrects_no_part_of_the_number_is_none(said):
    assert correction(said, CURRENT) is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("不是45，是46", "100246"), ("是46不是45", "100246"), ("不是四五是四六", "100246"), ("四六不是四五", "100246"),
        ("是四六而不是四五", "100246"), ("是四十六不是四十五", "100246"), ("把45改成46", "100246"), ("最后两位是46", "100246"),
        ("最后三位是三一一", "100311"), ("后两位四六", "100246"), ("尾号46", "100246"), ("尾号是四六", "100246"),
        ("开头是20", "200245"), ("前两位是二零", "200245"), ("第三位是七", "107245"), ("第3位是7", "107245"),
        ("最后一位是六", "100246"), ("末位是六", "100246"), ("不对，四六", "100246"), ("不，是46", "100246"),
        ("不对不对，是四六", "100246"), ("错了，是46", "100246"), ("应该是46", "100246"),
        ("不是", None), ("对", None), ("100246", None), ("一零零二四六", None), ("不是45", None), ("我的订单在哪", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_part_that_the_caller_corrects_in_chinese_is_replaced(said, meant):
    assert correction(said, CURRENT, "zh") == meant


def test_the_letters_before_a_number_stay():
    assert correction("it starts with 20", "SO100245") == "SO200245"
    assert correction("no, 46 not 45", "SO-100245") == "SO-100246"


@given(st.text("0123456789", min_size=4, max_size=9), st.data())
def test_any_other_ending_replaces_the_end(number, data):
    length = data.draw(st.integers(2, len(number) - 1))
    ending = data.draw(st.text("0123456789", min_size=length, max_size=length))
    meant = number[:-length] + ending
    said = " ".join(FIGURES[int(digit)] for digit in ending)
    wanted = None if meant == number else meant
    assert correction(f"it ends in {said}", number) == wanted
    assert correction(f"no, {said}", number) == wanted
    assert correction(f"尾号是{''.join(HAN[digit] for digit in ending)}", number, "zh") == wanted
