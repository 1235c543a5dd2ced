"""What leaves for customers: nothing lost, nothing twice, whatever the provider does."""

import json
import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.errors import Conflict, Unavailable, Undeliverable, Unsure
from ivr.ports import Letter
from ivr.service.feed import Feed
from ivr.service.outbox import Outbox
from ivr.storage.session import Database
from tests.conftest import ManualClock, database_url
from tests.service.test_verification import Line

LETTER = Letter("sms", "+15550101", "Your refund is on its way.", template="refund", call="CA1")


class Provider:
    """A provider whose faults are told beforehand: what it took, and what it says of it."""

    def __init__(self, *faults, can_tell=True):
        self.faults, self.can_tell, self.taken, self.asked = list(faults), can_tell, [], 0

    def send(self, id, letter):
        fault = self.faults.pop(0) if self.faults else None
        if fault == "lost answer":
            self.taken.append(id)
            raise Unsure("the answer was lost")
        if fault == "lost request":
            raise Unsure("the answer was lost")
        if fault == "down":
            raise Unavailable("the provider is down")
        if fault == "refused":
            raise Undeliverable("no such number")
        if fault == "died":
            self.taken.append(id)
            raise KeyboardInterrupt
        self.taken.append(id)
        return f"SM{len(self.taken)}"

    def find(self, id, letter, since):
        self.asked += 1
        if not self.can_tell:
            return None
        return "SM1" if id in self.taken else ""


@pytest.fixture
def db(tmp_path):
    database = Database(database_url(tmp_path))
    database.upgrade()
    yield database
    database.close()


def outbox(db, clock, provider):
    return Outbox(db, Feed(), clock, {"sms": provider, "email": provider})


def only(box):
    (message,) = box.list()
    return message


def test_a_letter_leaves_once_however_often_it_is_posted(db, clock):
    provider = Provider()
    box = outbox(db, clock, provider)
    for _ in range(3):
        box.post(LETTER, "k1")
        box.send_due()
    assert len(provider.taken) == 1
    assert only(box)["state"] == "sent"


def test_a_provider_that_is_down_for_an_hour_loses_nothing(db, clock):
    provider = Provider(*["down"] * 8)
    box = outbox(db, clock, provider)
    box.post(LETTER, "k1")
    waits = []
    while only(box)["state"] != "sent":
        before = only(box)["tries"]
        box.send_due()
        if only(box)["tries"] == before and only(box)["state"] != "sent":
            clock.forward(30)
        waits.append(clock())
        assert clock() - waits[0] < timedelta(hours=3)
    assert clock() - waits[0] > timedelta(hours=1)
    assert len(provider.taken) == 1
    assert only(box)["error"] == "the provider is down" or only(box)["tries"] == 8


def test_a_lost_answer_is_asked_about_and_not_sent_again(db, clock):
    provider = Provider("lost answer")
    box = outbox(db, clock, provider)
    box.post(LETTER, "k1")
    box.send_due()
    assert only(box)["state"] == "sending"
    clock.forward(301)
    box.send_due()
    assert only(box)["state"] == "sent"
    assert len(provider.taken) == 1


def test_a_lost_request_is_sent_when_the_provider_does_not_know_of_it(db, clock):
    provider = Provider("lost request")
    box = outbox(db, clock, provider)
    box.post(LETTER, "k1")
    box.send_due()
    clock.forward(301)
    box.send_due()
    assert only(box)["state"] == "sent"
    assert len(provider.taken) == 1


def test_where_nobody_can_tell_a_person_decides(db, clock):
    provider = Provider("lost answer", can_tell=False)
    box = outbox(db, clock, provider)
    box.post(LETTER, "k1")
    box.send_due()
    clock.forward(301)
    box.send_due()
    clock.forward(3600)
    box.send_due()
    assert only(box)["state"] == "unsure"
    assert len(provider.taken) == 1
    box.send_again(only(box)["id"])
    box.send_due()
    assert len(provider.taken) == 2


def test_a_process_that_dies_while_sending_leaves_nothing_in_doubt(db, clock):
    provider = Provider("died")
    box = outbox(db, clock, provider)
    box.post(LETTER, "k1")
    with pytest.raises(KeyboardInterrupt):
        box.send_due()
    restarted = outbox(db, clock, provider)
    assert restarted.send_due() == 0  # it may be sending still
    clock.forward(301)
    restarted.send_due()
    assert only(restarted)["state"] == "sent"
    assert len(provider.taken) == 1


def test_a_number_that_does_not_exist_is_given_up_at_once(db, clock):
    provider = Provider("refused")
    box = outbox(db, clock, provider)
    box.post(LETTER, "k1")
    box.send_due()
    assert (only(box)["state"], only(box)["error"]) == ("failed", "no such number")
    clock.forward(3600)
    assert box.send_due() == 0
    box.send_again(only(box)["id"])
    box.send_due()
    with pytest.raises(Conflict):
        box.send_again(only(box)["id"])


def test_after_a_day_a_person_has_to_look(db, clock):
    box = outbox(db, clock, Provider(*["down"] * 1000))
    box.post(LETTER, "k1")
    for _ in range(120):
        clock.forward(900)
        box.send_due()
    assert only(box)["state"] == "failed"


def test_of_a_secret_nothing_is_kept_once_it_is_sent(db, clock):
    box = outbox(db, clock, Provider())
    box.post(Letter("sms", "+15550101", "Your code is 135790.", secret=True), "k1")
    box.send_due()
    with db.engine.connect() as connection:
        assert "135790" not in str(connection.exec_driver_sql("SELECT * FROM outbox").all())


FAULTS = st.lists(st.sampled_from(["down", "lost answer", "lost request", ""]), max_size=12)


@settings(max_examples=60, deadline=None)
@given(FAULTS, st.integers(0, 2**32))
def test_whatever_the_provider_does_each_letter_arrives_exactly_once(tmp_path_factory, faults, seed):
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('box')}/box.db")
    database.upgrade()
    clock, dice, provider = ManualClock(), random.Random(seed), Provider(*faults)
    boxes = [outbox(database, clock, provider) for _ in range(2)]  # two processes
    for number in range(4):
        boxes[number % 2].post(LETTER, f"k{number}")
    for _ in range(200):
        dice.choice(boxes).send_due()
        clock.forward(dice.choice((1, 40, 400)))
    assert sorted(provider.taken) == sorted({one["id"] for one in boxes[0].list()})
    assert {one["state"] for one in boxes[0].list()} == {"sent"}
    database.close()


def test_a_refund_is_confirmed_to_the_address_that_the_shop_knows(hotline):
    line = Line(hotline)
    line.say("I want a refund for order 100311")
    line.key("1")
    hotline.outbox.send_due()
    (letter,) = [json.loads(path.read_text()) for path in hotline.settings.outbox.iterdir()]
    assert (letter["channel"], letter["to"], letter["template"]) == ("sms", "+15550101", "refund_accepted")
    assert "49 euros and 90 cents will be on your credit card" in letter["text"]


def test_messages_are_in_the_language_of_the_call(hotline):
    line = Line(hotline)
    line.key("8")
    line.key("2")
    line.say("发票")
    line.hotline.outbox.send_due()
    assert line.part.node  # the call goes on in Chinese
    line.key("100311")
    hotline.outbox.send_due()
    letters = [json.loads(path.read_text()) for path in hotline.settings.outbox.iterdir()]
    assert [one["subject"] for one in letters] == ["订单1 0 0，3 1 1的发票"]
