import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ivr.dialog.actions import HangUp, JoinQueue, Say
from ivr.dialog.events import Pressed, Silent, Spoke
from ivr.errors import NotFound, TooBusy
from tests.conftest import NOON


def begun(hotline, call="CA1"):
    return hotline.calls.begin(call, "+15550101", "+1555", "webhook")


def words(part):
    return " ".join(reply.text for reply in part.replies if isinstance(reply, Say))


def test_a_repeated_first_webhook_gets_the_same_turn(hotline):
    assert begun(hotline) == begun(hotline)
    assert len(hotline.calls.live()) == 1


def test_a_repeated_answer_returns_what_was_stored_and_changes_nothing(hotline):
    begun(hotline)
    first = hotline.calls.advance("CA1", 1, Pressed(NOON, "1"))
    again = hotline.calls.advance("CA1", 1, Pressed(NOON, "2"))
    assert again == first
    assert hotline.calls.head("CA1")["node"] == "ask_order"


def test_many_deliveries_of_one_answer_at_once_advance_the_call_once(hotline):
    begun(hotline)
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda n: hotline.calls.advance("CA1", 1, Pressed(NOON, "1")), range(16)))
    assert len(set(map(words, parts))) == 1
    assert len(hotline.calls.transcript("CA1")["turns"]) == 2


def test_an_unknown_call_or_turn_is_named(hotline):
    with pytest.raises(NotFound):
        hotline.calls.advance("CA404", 1, Silent(NOON))
    begun(hotline)
    with pytest.raises(NotFound, match="turn 7"):
        hotline.calls.advance("CA1", 7, Silent(NOON))


def test_an_order_is_looked_up_and_told(hotline):
    begun(hotline)
    hotline.calls.advance("CA1", 1, Spoke(NOON, "where is my order", 0.9))
    asked = hotline.calls.advance("CA1", 2, Pressed(NOON, "100245"))
    assert asked.effect is not None
    tracked = hotline.calls.settle(asked)
    assert hotline.calls.settle(asked) == tracked
    told = hotline.calls.settle(tracked)
    assert "has been shipped. It should arrive on Wednesday." in words(told)
    assert hotline.calls.settle(tracked) == told


def test_a_refund_is_requested_once_however_often_it_is_settled(hotline, shop):
    begun(hotline)
    hotline.calls.advance("CA1", 1, Pressed(NOON, "2"))
    offered = hotline.calls.settle(hotline.calls.advance("CA1", 2, Pressed(NOON, "100311")))
    assert "49 euros and 90 cents" in words(offered)
    asked = hotline.calls.advance("CA1", 3, Pressed(NOON, "1"))
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda n: hotline.calls.settle(asked), range(4)))
    assert len({words(part) for part in parts}) == 1
    assert len(shop.refunds_of("100311")) == 1


def test_a_slow_shop_is_waited_for_briefly_and_its_answer_counts_later(hotline, shop):
    gate = threading.Event()
    real = shop.order
    shop_order = lambda number: (gate.wait(5), real(number))[1]  # noqa: E731
    shop.order = shop_order
    begun(hotline)
    hotline.calls.advance("CA1", 1, Pressed(NOON, "1"))
    asked = hotline.calls.advance("CA1", 2, Pressed(NOON, "100417"))
    assert hotline.calls.settle(asked, wait_s=0.01) is None
    gate.set()
    assert "will be packed soon" in words(hotline.calls.settle(asked))


def test_a_shop_that_never_answers_ends_in_the_unavailable_exit(hotline, shop, clock):
    gate = threading.Event()
    shop.order = lambda number: gate.wait(20)
    begun(hotline)
    hotline.calls.advance("CA1", 1, Pressed(NOON, "1"))
    asked = hotline.calls.advance("CA1", 2, Pressed(NOON, "100245"))
    assert hotline.calls.settle(asked, wait_s=0.01) is None
    clock.forward(2.1)
    part = hotline.calls.settle(asked)
    gate.set()
    assert "I cannot reach our order system" in words(part)
    assert isinstance(part.last, JoinQueue)


def test_a_shop_that_is_down_leads_to_a_person(hotline, shop):
    shop.down = True
    begun(hotline)
    hotline.calls.advance("CA1", 1, Pressed(NOON, "1"))
    part = hotline.calls.settle(hotline.calls.advance("CA1", 2, Pressed(NOON, "100245")))
    assert isinstance(part.last, JoinQueue)


def test_hanging_up_anywhere_ends_the_call_and_leaves_no_ticket(hotline, floor):
    begun(hotline)
    hotline.calls.hang_up("CA1")
    hotline.calls.hang_up("CA1")
    assert hotline.calls.head("CA1")["outcome"] == "gave_up"
    floor.call("CA2")
    hotline.calls.hang_up("CA2")
    assert floor.ticket("CA2") is None
    assert hotline.calls.live() == []


def test_an_answer_after_the_end_changes_nothing(hotline):
    begun(hotline)
    hotline.calls.hang_up("CA1")
    part = hotline.calls.advance("CA1", 1, Pressed(NOON, "1"))
    assert part.replies == ()


def test_a_stream_opens_once_with_its_own_token_only(hotline):
    hotline.calls.begin("CA1", "", "", "stream")
    token = hotline.calls.stream_token("CA1")
    assert not hotline.calls.claim_stream("CA1", "wrong")
    assert not hotline.calls.claim_stream("CA404", token)
    assert hotline.calls.claim_stream("CA1", token)
    assert not hotline.calls.claim_stream("CA1", token)


def test_all_lines_taken_is_said_and_live_calls_stay(hotline):
    object.__setattr__(hotline.calls, "_max_calls", 1)
    begun(hotline)
    with pytest.raises(TooBusy):
        begun(hotline, "CA2")
    assert begun(hotline).call == "CA1"


def test_a_guess_is_checked_without_changing_the_call(hotline):
    begun(hotline)
    assert hotline.calls.would_take("CA1", "where is my order", 0.9)
    assert not hotline.calls.would_take("CA1", "where is", 0.9)
    assert hotline.calls.head("CA1")["node"] == "welcome"


def test_rescue_brings_a_caller_to_a_person(hotline):
    begun(hotline)
    part = hotline.calls.rescue("CA1")
    assert isinstance(part.last, JoinQueue)
    assert "went wrong on our side" in words(part)


def test_a_call_keeps_the_menus_it_began_with(hotline):
    begun(hotline)
    files = {**hotline.menus.draft()["files"]}
    files["orders.yaml"] = files["orders.yaml"].replace("What is your order number?", "Number, please?")
    hotline.menus.publish(files, author="sam")
    begun(hotline, "CA2")
    assert "What is your order number?" in words(hotline.calls.advance("CA1", 1, Pressed(NOON, "1")))
    assert "Number, please?" in words(hotline.calls.advance("CA2", 1, Pressed(NOON, "1")))


def test_the_end_of_a_talk_is_stored_with_its_outcome(hotline):
    begun(hotline)
    part = hotline.calls.advance("CA1", 1, Spoke(NOON, "goodbye", 0.9))
    assert part.last == HangUp("resolved")
    hotline.calls.hang_up("CA1")
    assert hotline.calls.head("CA1")["outcome"] == "resolved"


def test_the_feed_tells_each_turn_with_what_was_heard(hotline):
    seen = []
    stop = hotline.feed.subscribe(seen.append)
    begun(hotline)
    hotline.calls.advance("CA1", 1, Spoke(NOON, "where is my order", 0.9), {"confidence": 0.9})
    stop()
    begun(hotline, "CA2")
    turns = [message.data for message in seen if message.topic == "turn"]
    assert [turn["node"] for turn in turns] == ["welcome", "ask_order"]
    assert turns[1]["event"]["text"] == "where is my order"
    assert [message.number for message in seen] == sorted(message.number for message in seen)
