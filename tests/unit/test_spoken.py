import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialog.spoken import UNITS, amount, digits_in, yes_or_no

NAMES = {digit: word for word, digit in reversed(UNITS.items()) if word not in ("o", "nought", "nil")}


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
    ],
)
def test_a_spoken_number_is_read_as_people_say_it(said, digits):
    found = digits_in(said, len(digits), len(digits))
    assert found is not None
    assert found[0] == digits


@pytest.mark.parametrize("said", ["", "where is my order", "for the order", "one two", "agent please"])
def test_what_is_no_number_of_the_asked_length_is_not_read_as_one(said):
    assert digits_in(said, 6, 6) is None


def test_a_number_inside_other_words_is_not_sure():
    assert digits_in("one zero zero banana two four five", 6, 6) == ("100245", False)


@given(st.text("0123456789", min_size=1, max_size=12))
def test_any_number_said_digit_by_digit_comes_back(digits):
    said = " ".join(NAMES[digit] for digit in digits)
    assert digits_in(said, len(digits), len(digits)) == (digits, True)


@given(st.text(max_size=80))
def test_no_text_whatever_breaks_the_number_reader(text):
    digits_in(text, 1, 8)
    yes_or_no(text)
    amount(text)


@pytest.mark.parametrize(
    "said", ["yes", "Yeah, sure.", "yes please", "that's right", "go ahead", "okay", "correct"]
)
def test_yes_in_its_usual_forms(said):
    assert yes_or_no(said) is True


@pytest.mark.parametrize("said", ["no", "Nope.", "no thank you", "that's not right", "no, leave it", "wrong"])
def test_no_in_its_usual_forms(said):
    assert yes_or_no(said) is False


@pytest.mark.parametrize("said", ["", "maybe", "where is my order"])
def test_neither_yes_nor_no(said):
    assert yes_or_no(said) is None


def test_amounts():
    assert amount("49,90 euros") == "49.90"
    assert amount("no idea") is None
