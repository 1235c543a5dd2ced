"""Whatever a carrier writes, a number is E.164 or nobody's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialog.spoken.telephone import WITHHELD, e164, region_of
from ivr.telephony.twilio.webhook import parse


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+4930123456", "", "+4930123456"),
        ("+49 (0)30 12 34 56", "", "+4930123456"),
        ("030 123456", "DE", "+4930123456"),
        ("030 123456", "", ""),
        ("0049 30 123456", "DE", "+4930123456"),
        ("13800138000", "CN", "+8613800138000"),
        ("+15550101", "", "+15550101"),
        ("sip:+4930123456@shop.example;user=phone", "", "+4930123456"),
        ("sip:ada@shop.example", "", ""),
        ("client:ann", "", ""),
        ("anonymous", "", ""),
        ("Restricted", "", ""),
        ("", "DE", ""),
        ("+1", "", ""),
        ("+49 30 123456 ext 12", "", ""),
    ],
)
def test_numbers_are_one_whatever_their_writing(written, region, number):
    assert e164(written, region) == number


@pytest.mark.parametrize("number", sorted(WITHHELD))
def test_what_carriers_send_for_hidden_numbers_is_nobody(number):
    assert e164(number) == ""


@given(st.text(max_size=40), st.sampled_from(["", "DE", "US", "CN"]))
def test_any_text_is_a_number_or_nothing(text, region):
    found = e164(text, region)
    assert found == "" or (found[0] == "+" and found[1:].isdigit() and 5 <= len(found) - 1 <= 15)
    assert e164(found) in (found, "")


def test_the_webhook_reads_the_caller_s_number_by_the_country_of_the_settings():
    assert parse({"From": "030 123456"}, "DE").caller == "+4930123456"
    assert parse({"From": "030 123456"}).caller == ""


def test_the_country_of_a_number_is_that_of_its_code():
    known = ("+4930123456", "+15550101", "+8613800138000", "+80012345678", "+99912345", "", "no number")
    assert [region_of(number) for number in known] == ["DE", "US", "CN", "", "", "", ""]
