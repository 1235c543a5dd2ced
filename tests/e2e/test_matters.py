"""One call by audio for each of five matters, end to end: spoken, heard, done in the shop, told, written."""

import asyncio
import json

import pytest

from ivr.cli.caller import ScriptedCall, SynthesisedCaller
from ivr.dialog.script import Script
from ivr.storage.session import Database
from ivr.storage.tables import CaseRow, EffectRow, TurnRow
from tests.live import live

MATTERS = {
    "a refund of one item, confirmed by SMS": (
        [
            {"hear": "welcome"},
            {"say": "I want a refund for my order."},
            {"hear": "ask_refund_order"},
            {"say": "one zero zero, four three three"},
            {"hear": "refund_items"},
            {"say": "the water bottle"},
            {"hear": "refund_offer_items"},
            {"say": "yes please"},
            {"hear": "tell_refunded"},
        ],
        ["refund.check", "refund.check", "refund.request"],
    ),
    "an order is cancelled": (
        [
            {"hear": "welcome"},
            {"say": "Please cancel my order."},
            {"hear": "cancel_which"},
            {"say": "one zero zero, four one seven"},
            {"hear": "cancel_offer"},
            {"say": "yes"},
            {"hear": "tell_cancelled"},
        ],
        ["order.lookup", "order.cancel"],
    ),
    "points after the PIN": (
        [
            {"hear": "welcome"},
            {"say": "How many loyalty points do I have?"},
            {"hear": "ask_pin"},
            {"press": "2468#"},
            {"hear": "tell_points"},
        ],
        ["member.summary", "customer.verify", "member.summary"],
    ),
    "a product": (
        [
            {"hear": "welcome"},
            {"say": "I have a question about a product."},
            {"hear": "product_which"},
            {"say": "the rain jacket"},
            {"hear": "tell_product"},
        ],
        ["product.find", "product.find"],
    ),
    "a complaint in own words": (
        [
            {"hear": "welcome"},
            {"say": "I would like to make a complaint."},
            {"hear": "complaint_words"},
            {"say": "The box was broken, and nobody has answered my letter."},
            {"hear": "tell_case"},
        ],
        ["case.open"],
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory, prompts):
    folder = tmp_path_factory.mktemp("matters")
    with live(folder, prompts, IVR_OUTBOX=str(folder / "outbox")) as hotline:
        hotline.outbox = folder / "outbox"
        yield hotline


@pytest.fixture(scope="module")
def voice():
    return SynthesisedCaller()


def kept(server, call, kind):
    db = Database(server.database)
    try:
        with db.read() as session:
            return session.query(kind).filter_by(call=call).all()
    finally:
        db.close()


@pytest.mark.parametrize("matter", MATTERS)
def test_a_matter_is_done_by_voice_from_end_to_end(server, voice, matter):
    turns, actions = MATTERS[matter]
    given = Script.model_validate({"call": matter, "turns": turns})
    lines = []
    call = ScriptedCall(server.base, given, voice, lines.append)
    report = asyncio.run(call.run())
    assert report.failure is None, "\n".join(lines)
    effects = sorted(kept(server, call.phone.call, EffectRow), key=lambda row: row.at)
    assert [row.action for row in effects] == actions
    assert {row.outcome for row in effects} <= {
        "eligible", "accepted", "found", "cancelled", "unverified", "verified", "not_found", "opened",
    }  # fmt: skip
    said = sum(
        row.event["kind"] in ("Spoke", "Pressed", "Recorded")
        for row in kept(server, call.phone.call, TurnRow)
    )
    assert said <= 6  # a known caller is through in six answers


def test_what_was_done_stands_in_the_audit_and_in_the_outbox(server):
    db = Database(server.database)
    try:
        with db.read() as session:
            moved = {row.action: row for row in session.query(EffectRow).filter(EffectRow.amount > 0)}
            (case,) = session.query(CaseRow).all()
    finally:
        db.close()
    assert {name: row.customer for name, row in moved.items()} == {
        "refund.request": "C1",
        "order.cancel": "C1",
    }
    assert case.recording
    letters = [json.loads(path.read_text()) for path in server.outbox.glob("*.json")]
    assert sorted(one["template"] for one in letters) == ["case_opened", "order_cancelled", "refund_accepted"]
    assert {one["to"] for one in letters} == {"+15550101"}
