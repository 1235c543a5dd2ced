import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialog.spoken import CHECKS, passes


@pytest.mark.parametrize(
    ("rule", "number"),
    [
        ("luhn", "79927398713"),
        ("luhn", "4539578763621486"),
        ("luhn", "00"),
        ("mod11", "0306406152"),  # an ISBN-10
        ("mod11", "3598215088"),
        ("mod97", "79444"),
        ("mod97", "3214282912345698765432161182"),  # GB82 WEST 1234 5698 7654 32 in figures
        ("damm", "5724"),
        ("verhoeff", "2363"),
        ("verhoeff", "123451"),
    ],
)
def test_numbers_of_the_rules_own_examples_pass(rule, number):
    assert passes(rule, number)
    assert CHECKS[rule](number)


@pytest.mark.parametrize(
    ("rule", "number"),
    [
        ("luhn", "79927398710"),
        ("mod11", "0306406153"),
        ("mod97", "79445"),
        ("damm", "5727"),
        ("verhoeff", "2364"),
    ],
)
def test_a_wrong_check_digit_does_not_pass(rule, number):
    assert not passes(rule, number)


@pytest.mark.parametrize("rule", list(CHECKS))
@pytest.mark.parametrize("number", ["", "7", "SO100245", "10 0245", "一零零", "１００", "1²"])
def test_what_is_not_two_figures_or_more_passes_no_rule(rule, number):
    assert not passes(rule, number)


def test_without_a_rule_every_number_passes():
    assert passes(None, "100245")


def test_a_rule_that_is_not_in_the_table_is_refused():
    with pytest.raises(KeyError):
        passes("crc", "100245")


def with_check_digit(rule, number):
    """Return the number with the figures behind it that make it valid, or None where there are none."""
    ends = [f"{end:02d}" for end in range(100)] if rule == "mod97" else list("0123456789")
    return next((number + end for end in ends if passes(rule, number + end)), None)


@given(st.sampled_from(list(CHECKS)), st.text("0123456789", min_size=1, max_size=8))
def test_each_number_has_one_check_digit_but_for_the_missing_x(rule, number):
    found = [end for end in "0123456789" if passes(rule, number + end)]
    assert len(found) == 1 or rule == "mod97" or (rule == "mod11" and not found)
    assert with_check_digit(rule, number) or rule == "mod11"


@given(st.data(), st.sampled_from(list(CHECKS)), st.text("0123456789", min_size=2, max_size=8))
def test_one_wrong_digit_is_always_noticed(data, rule, number):
    valid = with_check_digit(rule, number)
    if valid:
        place = data.draw(st.integers(0, len(valid) - 1))
        other = data.draw(st.sampled_from([d for d in "0123456789" if d != valid[place]]))
        assert not passes(rule, valid[:place] + other + valid[place + 1 :])


@given(
    st.data(),
    st.sampled_from(["mod11", "mod97", "damm", "verhoeff"]),
    st.text("0123456789", min_size=2, max_size=8),
)
def test_two_neighbours_that_change_places_are_noticed_by_all_but_luhn(data, rule, number):
    valid = with_check_digit(rule, number)
    if valid:
        place = data.draw(st.integers(0, len(valid) - 2))
        turned = valid[:place] + valid[place + 1] + valid[place] + valid[place + 2 :]
        assert turned == valid or not passes(rule, turned)
