import pytest

from ivr.dialog.events import Pressed, Spoke
from ivr.errors import NotFound
from ivr.ports import Booking, Rating
from ivr.storage.tables import RatingRow, TicketRow


def waiting_caller(hotline, floor, name="CA1"):
    floor.call(name)
    return hotline.queue.ticket_of(name)


def test_a_call_back_keeps_the_place_that_the_caller_held(hotline, floor, clock):
    ticket = waiting_caller(hotline, floor)
    clock.forward(90)
    assert hotline.queue.leave("CA1")
    part = hotline.calls.advance("CA1", 2, Pressed(clock(), "1"))
    part = hotline.calls.settle(part)
    assert part.node == "anything_else"
    booked = hotline.followups.callbacks()
    assert [(one["number"], one["queue"]) for one in booked] == [("+15550101", "support")]
    assert booked[0]["entered_at"] == ticket.entered_at.isoformat()
    assert hotline.calls.head("CA1")["status"] == "talking"


def test_a_caller_who_is_being_offered_cannot_leave_the_queue(hotline, floor):
    floor.ready("ann")
    waiting_caller(hotline, floor)
    assert floor.of("ann")["state"] == "ringing"
    assert not hotline.queue.leave("CA1")
    assert not hotline.queue.leave("nobody")


def test_who_has_left_the_queue_is_offered_to_nobody(hotline, floor):
    ticket = waiting_caller(hotline, floor)
    assert hotline.queue.leave("CA1")
    floor.settle()
    floor.ready("ann")
    assert floor.of("ann")["state"] == "ready"
    with hotline.db.read() as session:
        assert session.get_one(TicketRow, ticket.id).state == "left"


def test_the_time_in_the_queue_is_told(hotline, floor, clock):
    ticket = waiting_caller(hotline, floor)
    clock.forward(61.5)
    assert hotline.queue.waited_ms(ticket.id) == 61_500


def test_a_booking_and_a_rating_are_kept_once_for_each_key(hotline, clock):
    hotline.calls.begin("CA1", "+15550101", "", "webhook")
    booking = Booking("CA1", "+15550101", "support", {"orders": 1})
    assert hotline.followups.book_callback(booking, "k") == hotline.followups.book_callback(booking, "k")
    for _ in range(2):
        hotline.followups.keep_rating(Rating("CA1", "satisfaction", 4), "k")
    assert len(hotline.followups.callbacks()) == 1
    with hotline.db.read() as session:
        assert session.query(RatingRow).count() == 1


def test_a_booking_for_no_call_is_refused(hotline):
    with pytest.raises(NotFound):
        hotline.followups.book_callback(Booking("CA9", "+15550101", "support", {}), "k")


def test_a_rating_given_in_a_call_is_kept_with_its_reason(hotline, clock):
    calls = hotline.calls
    calls.begin("CA1", "+15550101", "", "webhook")
    calls.advance("CA1", 1, Spoke(clock(), "I want to rate you", 0.95))
    calls.advance("CA1", 2, Pressed(clock(), "2"))
    part = calls.settle(calls.advance("CA1", 3, Spoke(clock(), "it took too long", 0.95)))
    assert part.node == "anything_else"
    with hotline.db.read() as session:
        row = session.query(RatingRow).one()
    assert (row.survey, row.score, row.reason) == ("satisfaction", 2, "it took too long")


def test_a_call_can_be_in_chinese_from_its_key_on(hotline, clock):
    hotline.calls.begin("CA1", "+15550101", "", "webhook")
    hotline.calls.advance("CA1", 1, Pressed(clock(), "8"))
    part = hotline.calls.advance("CA1", 2, Pressed(clock(), "2"))
    assert part.listen.language == "zh"
    part = hotline.calls.advance("CA1", 3, Spoke(clock(), "我的订单到哪儿了", 0.95))
    assert part.node == "ask_order"
