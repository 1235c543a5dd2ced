"""Card numbers that callers tell are masked before anything is kept, and the caller is told not to."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialog.events import Pressed, Spoke
from ivr.dialog.spoken import CARD, is_card, masked
from ivr.dialog.spoken.checks import luhn
from ivr.service.calls import without_cards
from ivr.storage.tables import EffectRow, TicketRow, TurnRow
from tests.conftest import NOON

CARDS = ["4111111111111111", "5500005555555559", "340000000000009", "6228480402564890018", "4111111111111112"]
WORDS = dict(
    zip(
        "0123456789",
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
        strict=True,
    )
)


def figures(text):
    return "".join(sign for sign in text if sign.isdigit())


@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_is_masked_however_it_is_told(card):
    spoken = " ".join(WORDS[digit] for digit in card)
    grouped = " ".join(card[at : at + 4] for at in range(0, len(card), 4))
    dashed = "-".join(card[at : at + 4] for at in range(0, len(card), 4))
    for told in (
        card,
        spoken,
        grouped,
        dashed,
        f"my card is {grouped}, please",
        f"uh it is {spoken} thank you",
    ):
        plain = masked(told)
        assert CARD in plain
        assert len(figures(plain)) < 5
        assert "one one" not in plain


@pytest.mark.parametrize(
    "text",
    [
        "order 100245",
        "call me at +49 30 1234 5678",
        "my number is 0049301234567",
        "one zero zero two four five",
        "",
    ],
)
def test_other_numbers_stay_as_they_are(text):
    assert masked(text) == text


def test_a_card_number_in_chinese_is_masked_too():
    plain = masked("我的卡号是六二二八四八零四零二五六四八九零零一八", "zh")
    assert CARD in plain
    assert "八四八" not in plain


@given(st.text(alphabet="0123456789", min_size=16, max_size=19))
def test_whatever_is_longer_than_a_telephone_number_is_never_kept(digits):
    assert is_card(digits)
    assert masked(f"it is {digits} thanks") == f"it is {CARD} thanks"


@given(st.text(max_size=60))
def test_masking_twice_changes_nothing_more(text):
    once = masked(text)
    assert masked(once) == once


def test_keys_that_are_a_card_number_become_words_without_it():
    event, heard = without_cards(Pressed(NOON, "4111111111111111"), {"keys": "4111111111111111"}, "en")
    assert (event, dict(heard)) == (Spoke(NOON, CARD, 1.0), {})
    assert luhn("4111111111111111")


def test_nothing_of_a_card_number_is_kept_and_the_caller_is_told_not_to_tell_any(hotline, floor):
    said = "my card is four one one one one one one one one one one one one one one one"
    hotline.calls.begin("CA1", "+15550101", "+1555", "webhook")
    told = hotline.calls.advance("CA1", 1, Spoke(NOON, said, 0.9), {"text": said, "confidence": 0.9})
    words = " ".join(getattr(reply, "text", "") for reply in told.replies)
    assert "Please never tell me a card number." in words
    hotline.calls.advance("CA1", 2, Pressed(NOON, "4111111111111111"))
    hotline.calls.advance("CA1", 3, Pressed(NOON, "0"))
    floor.settle()
    with hotline.db.read() as session:
        kept = [row.event for row in session.query(TurnRow)] + [row.heard for row in session.query(TurnRow)]
        kept += [row.summary for row in session.query(TicketRow)] + [
            row.inputs for row in session.query(EffectRow)
        ]
    everything = json.dumps(kept) + json.dumps(
        [message.as_data() for message in hotline.feed._recent], default=str
    )
    assert "4111" not in everything
    assert "one one one" not in everything


def test_a_note_of_an_agent_keeps_no_card_number(hotline, floor):
    floor.ready("ann")
    floor.call("CA1")
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    hotline.queue.note("ann", floor.ticket("CA1").id, "paid with 4111 1111 1111 1111")
    assert floor.ticket("CA1").note == f"paid with {CARD}"
