"""Waiting for a person by webhooks: what is heard, and the ways out of the queue."""

from datetime import timedelta
from xml.etree.ElementTree import fromstring

import pytest

from audio import pcm as audio
from audio.registry import Engines
from ivr.bootstrap import build
from tests.conftest import make_settings
from tests.http.conftest import BASE
from tests.small_shop import written

CALL = {"CallSid": "CA1", "From": "+15550101", "To": "+15550000", "CallStatus": "in-progress"}
INCOMING, NEXT, WAIT = "/voice/twilio/incoming", "/voice/twilio/next", "/voice/twilio/wait?turn=2"


@pytest.fixture
def hotline(tmp_path, clock, shop, carrier):
    settings = make_settings(tmp_path, menus=written(tmp_path / "menus"))
    built = build(settings, clock=clock, shop=shop, engines=Engines({}, {}), carrier=carrier)
    built.accounts.add("ann", "Ann", "agent", "password-1", {"orders": 3, "en": 3})
    yield built
    built.close()


def verbs(answer):
    assert answer.status_code == 200
    return fromstring(answer.data)


def tags(answer):
    return [element.tag for element in verbs(answer)]


def words(answer):
    return " ".join(element.text or "" for element in verbs(answer).iter("Say"))


@pytest.fixture
def queued(carrier_post, floor):
    """A caller who waits for a person."""
    carrier_post(INCOMING, **CALL)
    answer = verbs(carrier_post(NEXT + "?turn=1", **CALL, Digits="0"))[-1]
    assert answer.get("action") == f"{BASE}{NEXT}?after=queue&turn=2"
    assert answer.get("waitUrl") == f"{BASE}{WAIT}"
    floor.settle()
    return carrier_post


def onward(answer):
    """The address of the next round."""
    return verbs(answer).find("Redirect").text.removeprefix(BASE)


def left(carrier_post):
    return carrier_post(NEXT + "?after=queue&turn=2", **CALL, QueueResult="leave", QueueTime="61")


def seconds_of(client, answer):
    paths = [play.text.removeprefix(BASE) for play in verbs(answer).iter("Play")]
    return sum(len(audio.read_wav(client.get(path).data)[0]) for path in paths) / audio.RATE


# ---- what is heard


def test_the_place_is_told_at_its_time_and_not_in_between(queued, clock):
    first = queued(WAIT, **CALL)
    assert words(first) == "You are next in line."
    clock.forward(20)
    again = queued(onward(first), **CALL)
    assert words(again) == ""
    clock.forward(30)
    assert words(queued(onward(again), **CALL)) == "You are next in line."


def test_a_place_that_became_worse_is_not_told(queued, floor, clock):
    first = queued(WAIT, **CALL)
    clock.forward(46)
    worse = queued(onward(first).replace("told=1", "told=0"), **CALL)
    assert words(worse) == "You are next in line."
    floor.hotline.dispatcher.position = lambda ticket: 3
    clock.forward(10)
    assert words(queued(WAIT + "&told=2&at=0&offered=0", **CALL)) == ""
    assert words(queued(WAIT + "&told=3&at=0&offered=0", **CALL)) == "You are number 3 in the queue."


def test_a_round_ends_when_the_offer_or_the_overflow_is_due(queued, client, clock):
    assert seconds_of(client, queued(WAIT, **CALL)) == 44  # and the words before it
    now = round(clock().timestamp())
    clock.forward(50)
    heard = f"&told=1&at={now + 50}&offered=1"
    assert seconds_of(client, queued(WAIT + heard, **CALL)) == 12  # the offer comes after a minute
    clock.forward(547)
    heard = f"&told=1&at={now + 597}&offered=1"
    assert seconds_of(client, queued(WAIT + heard, **CALL)) == 3  # and ten minutes are the end


def test_where_the_menus_want_no_music_there_is_silence(queued, hotline, monkeypatch):
    quiet(hotline, monkeypatch, music="none")
    assert tags(queued(WAIT, **CALL)) == ["Say", "Pause", "Redirect"]


def test_where_the_menus_announce_nothing_nothing_is_said(queued, hotline, monkeypatch):
    quiet(hotline, monkeypatch, announce=())
    assert words(queued(WAIT, **CALL)) == ""
    quiet(hotline, monkeypatch, announce_every_ms=0)
    assert words(queued(WAIT, **CALL)) == ""


def quiet(hotline, monkeypatch, **changes):
    from dataclasses import replace

    real = type(hotline.calls).current

    def current(calls, call):
        part = real(calls, call)
        return replace(part, replies=(*part.replies[:-1], replace(part.replies[-1], **changes)))

    monkeypatch.setattr(type(hotline.calls), "current", current)


def test_the_wait_is_told_as_a_range_that_never_rises(queued, hotline, monkeypatch):
    quiet(hotline, monkeypatch, announce=("position", "wait_range"))
    told = {"wait": (100_000.0, 230_000.0)}
    hotline.dispatcher.wait_ms = lambda ticket: told["wait"]
    first = queued(WAIT, **CALL)
    assert words(first) == "You are next in line. The wait should be between 1 and 4 minutes."
    assert "wait=1-4" in onward(first)
    told["wait"] = (200_000.0, 400_000.0)
    assert words(queued(WAIT + "&told=1&at=0&offered=0&wait=1-4", **CALL)) == "You are next in line."
    told["wait"] = (30_000.0, 170_000.0)
    better = words(queued(WAIT + "&told=1&at=0&offered=0&wait=1-4", **CALL))
    assert better == "You are next in line. It should be no more than 3 minutes."
    told["wait"] = (3_000.0, 50_000.0)
    assert "less than a minute" in words(queued(WAIT + "&told=1&at=0&offered=0&wait=0-3", **CALL))


def test_as_long_as_nothing_is_known_of_waits_none_is_told(queued, hotline, monkeypatch):
    quiet(hotline, monkeypatch, announce=("wait_range",))
    assert words(queued(WAIT, **CALL)) == ""


# ---- a call back by key


def offered(queued, clock):
    clock.forward(61)
    answer = queued(WAIT, **CALL)
    gather = verbs(answer).find("Gather")
    assert gather.get("numDigits") == "1"
    return gather.get("action").removeprefix(BASE), words(answer)


def test_a_call_back_is_offered_after_its_time_and_taken_by_a_key(queued, clock, hotline):
    path, said = offered(queued, clock)
    assert "press 1" in said
    assert tags(queued(path, **CALL, Digits="1")) == ["Leave"]
    assert hotline.queue.ticket_of("CA1") is None
    answer = left(queued)
    assert "We will call you back." in words(answer)
    assert hotline.calls.head("CA1")["status"] == "talking"
    booked = hotline.followups.callbacks()
    assert [(one["number"], one["queue"]) for one in booked] == [("+15550101", "support")]
    assert verbs(answer)[-2].get("action") == f"{BASE}{NEXT}?turn=3"


def test_the_key_counts_once_however_often_it_is_delivered(queued, clock, hotline):
    path, _ = offered(queued, clock)
    first = queued(path, **CALL, Digits="1")
    assert queued(path, **CALL, Digits="1").data == first.data
    assert left(queued).data == left(queued).data
    assert len(hotline.followups.callbacks()) == 1
    assert len(hotline.calls.transcript("CA1")["turns"]) == 4  # the key's turn has a part for the booking


def test_another_key_or_a_key_without_an_offer_changes_nothing(queued, clock, hotline):
    assert "Leave" not in tags(queued(WAIT, **CALL, Digits="1"))
    path, _ = offered(queued, clock)
    on = queued(path, **CALL, Digits="7")
    assert tags(on) == ["Gather", "Redirect"]
    assert words(on) == ""  # the music goes on, nothing is said again
    assert hotline.queue.ticket_of("CA1").state == "waiting"


def test_the_offer_is_made_again_with_the_place_and_not_more_often(queued, clock):
    clock.forward(61)
    first = queued(WAIT, **CALL)
    clock.forward(10)
    second = queued(onward(first), **CALL)
    assert words(second) == ""
    clock.forward(40)
    assert "press 1" in words(queued(onward(second), **CALL))


def test_a_caller_who_is_being_connected_is_not_torn_away(queued, floor, clock, hotline):
    path, _ = offered(queued, clock)
    floor.ready("ann")
    assert hotline.queue.ticket_of("CA1").state == "offered"
    assert "Leave" not in tags(queued(path, **CALL, Digits="1"))
    clock.forward(600)
    assert "Leave" not in tags(queued(WAIT, **CALL))
    assert hotline.queue.ticket_of("CA1").state in ("offered", "waiting")
    assert len(hotline.calls.transcript("CA1")["turns"]) == 2


# ---- a call back by voice


@pytest.fixture
def asked(queued, clock, hotline, monkeypatch):
    """A caller who is asked in words, where the hotline understands words."""
    monkeypatch.setattr(type(hotline.speech), "hears", lambda speech, language: True)
    entered = hotline.queue.ticket_of("CA1").entered_at
    clock.forward(61)
    assert tags(queued(WAIT, **CALL)) == ["Leave"]
    answer = left(queued)
    assert words(answer) == "Shall we call you back instead? You keep your place. Please say yes or no."
    assert hotline.queue.ticket_of("CA1").state == "waiting"  # the place is kept meanwhile
    assert hotline.queue.ticket_of("CA1").entered_at == entered
    return queued


@pytest.mark.parametrize("said", [{"SpeechResult": "yes please", "Confidence": "0.9"}, {"Digits": "1"}])
def test_a_yes_in_words_books_the_call_back_at_the_caller_s_place(asked, hotline, clock, said):
    entered = hotline.queue.ticket_of("CA1").entered_at
    assert "We will call you back." in words(asked(NEXT + "?turn=3", **CALL, **said))
    assert hotline.queue.ticket_of("CA1") is None
    (booked,) = hotline.followups.callbacks()
    assert (booked["number"], booked["entered_at"]) == ("+15550101", entered.isoformat())


@pytest.mark.parametrize("said", ["no thank you", "the weather is nice", ""])
def test_whatever_else_is_said_the_caller_waits_on_in_the_same_place_and_is_not_asked_again(
    asked, hotline, clock, floor, said
):
    ticket = hotline.queue.ticket_of("CA1").id
    answer = asked(NEXT + "?turn=3", **CALL, SpeechResult=said, Confidence="0.9")
    assert tags(answer) == ["Enqueue"]
    wait = verbs(answer)[0].get("waitUrl").removeprefix(BASE)
    assert hotline.queue.ticket_of("CA1").id == ticket
    again = asked(wait, **CALL)
    assert tags(again)[-1] == "Redirect"
    assert words(again) == ""
    clock.forward(50)
    assert "press 1" in words(asked(onward(again), **CALL))
    floor.ready("ann")
    assert floor.of("ann")["call"]["call_id"] == "CA1"


def test_an_agent_who_is_free_while_the_caller_is_asked_takes_the_call(asked, hotline, floor, carrier):
    floor.ready("ann")
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    assert carrier.connected == [("CA1", "ann")]


def test_in_stream_mode_the_question_is_asked_in_a_new_stream(queued, clock, hotline, monkeypatch):
    in_stream(hotline)
    monkeypatch.setattr(type(hotline.speech), "hears", lambda speech, language: True)
    clock.forward(61)
    assert tags(queued(WAIT, **CALL)) == ["Leave"]
    assert tags(left(queued))[0] == "Connect"
    assert hotline.queue.ticket_of("CA1").state == "waiting"


def test_whether_an_announced_wait_held_is_kept_for_the_board(queued, hotline, monkeypatch, clock, floor):
    quiet(hotline, monkeypatch, announce=("wait_range",))
    hotline.dispatcher.wait_ms = lambda ticket: (100_000.0, 230_000.0)
    assert "between 1 and 4" in words(queued(WAIT, **CALL))
    clock.forward(180)
    floor.ready("ann")
    hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
    (measured,) = hotline.reports.queues(clock() - timedelta(hours=1))
    assert measured["announced"] == {"told": 1, "held": 1}


# ---- too long a wait


def test_who_waited_too_long_is_led_on_with_words(queued, clock, hotline):
    clock.forward(601)
    assert tags(queued(WAIT, **CALL)) == ["Leave"]
    answer = left(queued)
    assert words(answer) == "All colleagues are busy. Please speak after the tone."
    assert tags(answer) == ["Gather", "Record"]
    assert hotline.queue.ticket_of("CA1") is None


def test_an_overflow_happens_once(queued, clock, hotline):
    clock.forward(601)
    assert queued(WAIT, **CALL).data == queued(WAIT, **CALL).data
    assert left(queued).data == left(queued).data
    assert len(hotline.calls.transcript("CA1")["turns"]) == 3


def test_in_stream_mode_the_talk_goes_on_in_a_new_stream_with_a_fresh_token(
    queued, clock, hotline, monkeypatch
):
    in_stream(hotline)
    clock.forward(601)
    queued(WAIT, **CALL)
    answer = left(queued)
    token = verbs(answer).find("Connect/Stream/Parameter").get("value")
    assert verbs(answer).find("Connect").get("action") == f"{BASE}{NEXT}?after=stream"
    assert left(queued).data == answer.data
    assert hotline.calls.claim_stream("CA1", token)
    assert not hotline.calls.claim_stream("CA1", token)


def in_stream(hotline, call="CA1"):
    from ivr.storage.tables import CallRow

    with hotline.db.write() as session:
        session.get_one(CallRow, call).media = "stream"


# ---- whatever goes wrong


def test_a_failure_while_waiting_keeps_the_caller_waiting(queued, hotline, monkeypatch):
    monkeypatch.setattr(type(hotline.queue), "waited_ms", lambda *a: 1 / 0)
    assert tags(queued(WAIT, **CALL)) == ["Pause"]
    assert hotline.queue.ticket_of("CA1") is not None


def test_a_caller_whose_ticket_was_lost_gets_another(queued, hotline):
    hotline.queue.leave("CA1")  # and then we crashed
    assert tags(queued(WAIT, **CALL)) == ["Leave"]
    answer = left(queued)
    assert "something went wrong on our side" in words(answer)
    assert tags(answer)[-1] == "Enqueue"
    assert hotline.queue.ticket_of("CA1").state == "waiting"


def test_a_queue_that_fails_is_told_in_words(queued, hotline):
    answer = queued(NEXT + "?after=queue&turn=2", **CALL, QueueResult="queue-full")
    assert "went wrong on our side" in words(answer)
    assert hotline.calls.head("CA1")["status"] == "ended"


def test_a_round_for_a_call_that_is_over_ends_it(queued, hotline):
    hotline.calls.hang_up("CA1")
    assert tags(queued(WAIT, **CALL)) == ["Hangup"]
    assert hotline.queue.ticket_of("CA1") is None


def test_a_text_line_waits_and_leaves_the_same_way(carrier_post, clock, floor):
    form = {**CALL, "SipHeader_X-Ivr-Media": "text"}
    carrier_post(INCOMING, **form)
    carrier_post(NEXT + "?turn=1", **form, Digits="0")
    floor.settle()
    assert words(carrier_post(WAIT, **form)) == "You are next in line."
    clock.forward(601)
    assert tags(carrier_post(WAIT, **form)) == ["Leave"]
    answer = carrier_post(NEXT + "?after=queue&turn=2", **form, QueueResult="leave")
    assert tags(answer) == ["Gather", "Redirect"]
    kept = carrier_post(NEXT + "?turn=3", **form, SpeechResult="Please call me back about my chair.")
    assert words(kept) == "Thank you, we have your message."


@pytest.fixture
def talked(tmp_path, clock, shop, carrier):
    """A hotline whose callers go on to another question when the person has hung up."""
    folder = written(tmp_path / "menus-after")
    head = folder / "hotline.yaml"
    head.write_text(
        head.read_text().replace(
            "    queue: support\n", "    queue: support\n    afterwards: anything_else\n"
        )
    )
    built = build(
        make_settings(tmp_path, menus=folder),
        clock=clock,
        shop=shop,
        engines=Engines({}, {}),
        carrier=carrier,
    )
    built.accounts.add("ann", "Ann", "agent", "password-1", {"orders": 3, "en": 3})
    yield built
    built.close()


class TestAfterTheTalk:
    @pytest.fixture
    def hotline(self, talked):
        return talked

    def test_a_caller_whom_the_person_left_on_the_line_is_asked_on(self, queued, floor):
        floor.ready("ann")
        floor.hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
        floor.settle()
        answer = queued(NEXT + "?after=agent", **CALL, DialCallStatus="completed")
        assert "Hangup" not in tags(answer)
        again = queued(NEXT + "?after=agent", **CALL, DialCallStatus="completed")  # the same webhook twice
        assert floor.hotline.calls.head("CA1")["node"] == "anything_else"
        assert verbs(again) is not None

    def test_a_caller_who_has_hung_up_as_well_is_not(self, queued, floor):
        floor.ready("ann")
        floor.hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
        floor.settle()
        gone = {**CALL, "CallStatus": "completed"}
        assert tags(queued(NEXT + "?after=agent", **gone, DialCallStatus="completed")) == ["Hangup"]
