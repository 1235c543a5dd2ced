"""Nothing personal is told before it is sure enough who calls, and what is said in confidence is kept nowhere."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from ivr.commerce.model import Coupon, Customer
from ivr.dialog.actions import JoinQueue, Say
from ivr.dialog.events import Pressed, Spoke
from ivr.service.menus import check
from ivr.service.sealing import Seal
from ivr.storage.tables import Base, EffectRow
from ivr.telephony.twilio.webhook import parse
from tests.conftest import NOON, demo_files

ADA, BEN, STRANGER = "+15550101", "+15550102", "+4930111222"
PIN = "2468"


class Line:
    """One caller, who says and keys things and hears what comes of it."""

    def __init__(self, hotline, caller=ADA, call="CA1"):
        self.hotline, self.call = hotline, call
        self.part = hotline.calls.begin(call, caller, "+1555", "webhook")
        self.heard = self.words()

    def words(self):
        return " ".join(reply.text for reply in self.part.replies if isinstance(reply, Say))

    def _go(self, event):
        self.part = self.hotline.calls.advance(self.call, self.part.turn + 1, event)
        self.heard = self.words()
        while self.part.effect is not None:
            self.part = self.hotline.calls.settle(self.part)
            self.heard += " " + self.words()
        return self.heard

    def say(self, words):
        return self._go(Spoke(NOON, words, 0.95))

    def key(self, digits):
        return self._go(Pressed(NOON, digits))

    @property
    def queue(self):
        return next((one.queue for one in self.part.replies if isinstance(one, JoinQueue)), None)


def everything_stored(hotline):
    """All that stands in the database, as one text."""
    with hotline.db.read() as session:
        tables = Base.metadata.tables.values()
        return "\n".join(str(row) for table in tables for row in session.execute(select(table)))


def test_a_stranger_who_knows_an_order_number_is_told_nothing_of_it(hotline):
    line = Line(hotline, STRANGER)
    heard = line.say("where is my order 100245")
    assert "what is the postcode" in heard
    assert "rain" not in heard
    assert "shipped" not in heard


def test_the_postcode_proves_it_and_the_proof_ends_with_the_call(hotline):
    line = Line(hotline, STRANGER)
    line.say("where is my order 100245")
    assert "has been shipped" in line.key("10115")
    assert "49 euros" in line.say("I want a refund for order 100311")  # hers as well: no second proof
    again = Line(hotline, STRANGER, "CA2")
    assert "what is the postcode" in again.say("where is my order 100245")


def test_the_proof_for_one_customer_opens_nothing_of_another(hotline):
    line = Line(hotline, STRANGER)
    line.say("where is my order 100245")
    line.key("10115")
    assert "what is the postcode" in line.say("where is my order 100488")


def test_a_number_that_several_share_proves_nothing(hotline, shop):
    shop.records.put(Customer("C9", "Ann Brown", ADA))
    assert "what is the postcode" in Line(hotline, ADA).say("where is my order 100245")


@pytest.mark.parametrize("call", ["one after the other", "in new calls"])
def test_three_wrong_answers_lock_the_customer_and_tell_security(hotline, call):
    line = Line(hotline, STRANGER)
    line.say("where is my order 100245")
    for number, wrong in enumerate(("99999", "99998", "99997")):
        line.key(wrong)
        if call == "in new calls" and number < 2:
            line = Line(hotline, STRANGER, f"CA{number + 2}")
            line.say("where is my order 100245")
    assert "any more tries" in line.heard
    assert line.queue == "security"
    (case,) = hotline.cases.list()
    assert (case["kind"], case["severity"], case["customer"], case["queue"]) == (
        "security",
        3,
        "C1",
        "security",
    )
    after = Line(hotline, STRANGER, "CA9")
    assert "any more tries" in after.say("where is my order 100245")  # the right postcode is not even asked


def test_a_lock_ends_after_its_hours_or_by_a_person(hotline, clock):
    for number in range(3):
        line = Line(hotline, STRANGER, f"CA{number}")
        line.say("where is my order 100245")
        line.key("99999")
    hotline.standing.unlock("C1", "sam")
    line = Line(hotline, STRANGER, "CA7")
    line.say("where is my order 100245")
    assert "has been shipped" in line.key("10115")
    for wrong in ("1", "2", "3"):
        line = Line(hotline, STRANGER, f"CB{wrong}")
        line.say("where is my order 100245")
        line.key(f"9999{wrong}")
    assert "any more tries" in Line(hotline, STRANGER, "CB8").say("where is my order 100245")
    clock.forward(timedelta(hours=25).total_seconds())
    assert "what is the postcode" in Line(hotline, STRANGER, "CB9").say("where is my order 100245")


def test_a_pin_stands_nowhere_afterwards(hotline):
    told = []
    hotline.feed.subscribe(lambda message: told.append(json.dumps(dict(message.data), default=str)))
    line = Line(hotline)
    assert "PIN" in line.say("how many loyalty points do I have left")
    assert "1240 points" in line.key(PIN)
    spoken = Line(hotline, ADA, "CA2")
    spoken.say("how many loyalty points do I have left")
    assert "1240 points" in spoken.say("two four six eight")
    stored = everything_stored(hotline)
    assert PIN not in stored
    assert "two four six eight" not in stored
    assert PIN not in "\n".join(told)
    assert "two four six eight" not in "\n".join(told)


def test_what_is_sealed_opens_only_with_its_key():
    sealed = Seal("a-secret-for-tests").close(PIN)
    assert PIN not in sealed
    assert Seal("a-secret-for-tests").open(sealed) == PIN
    assert Seal("another-secret-key").open(sealed) == ""


def test_a_code_goes_to_the_number_that_the_shop_knows_and_counts_once(hotline, clock):
    line = Line(hotline, BEN)
    assert "sending you a code" in line.say("how many loyalty points do I have left")
    hotline.outbox.send_due()
    letter = json.loads(next(hotline.settings.outbox.iterdir()).read_text())
    assert letter["to"] == BEN
    code = next(word.strip(".") for word in letter["text"].split() if word.strip(".").isdigit())
    assert code not in everything_stored(hotline)  # not even in the outbox, once it is sent
    assert "That is not the code" in line.key("000000" if code != "000000" else "111111")
    assert "points" in line.key(code)
    assert not hotline.standing.take_code("CA1", "C2", code)


def test_a_code_is_too_old_after_ten_minutes(hotline, clock):
    code = hotline.standing.new_code("CA1", "C2", timedelta(minutes=10), 3)
    clock.forward(601)
    assert not hotline.standing.take_code("CA1", "C2", code)


def test_codes_are_not_sent_without_end(hotline):
    asked = [hotline.standing.new_code(f"CA{n}", "C2", timedelta(minutes=10), 3) for n in range(4)]
    assert [one is None for one in asked] == [False, False, False, True]


def test_a_code_of_one_call_does_not_count_in_another(hotline):
    code = hotline.standing.new_code("CA1", "C2", timedelta(minutes=10), 3)
    assert not hotline.standing.take_code("CA2", "C2", code)
    assert not hotline.standing.take_code("CA1", "C1", code)


def test_the_policies_can_ask_for_more(hotline):
    files = dict(demo_files())
    files["policies.yaml"] = files["policies.yaml"].replace(
        "verification:\n", "verification:\n  actions: {order.cancel: 2}\n"
    )
    hotline.menus.publish(files, author="sam")
    line = Line(hotline)
    line.say("cancel order 100417")
    assert "PIN" in line.key("1")
    assert "is cancelled" in line.key(PIN)


def test_a_caller_is_asked_to_prove_it_again_where_more_is_needed(hotline):
    line = Line(hotline, STRANGER)
    line.say("where is my order 100245")
    line.key("10115")
    assert "PIN" in line.say("how many loyalty points do I have left")
    assert "1240 points" in line.key(PIN)


def test_the_audit_says_for_whom_an_action_ran_and_what_it_moved(hotline):
    line = Line(hotline)
    line.say("I want a refund for order 100311")
    line.key("1")
    with hotline.db.read() as session:
        rows = session.query(EffectRow).filter(EffectRow.action == "refund.request").all()
    assert [(row.customer, row.amount, row.outcome) for row in rows] == [("C1", Decimal("49.90"), "accepted")]


def test_limits_hold_over_calls_and_customers(hotline, shop):
    files = dict(demo_files())
    files["policies.yaml"] = files["policies.yaml"].replace(
        "refund.request: {call: 200, customer: 300, day: 5000}",
        "refund.request: {call: 100, customer: 120, day: 125}",
    )
    hotline.menus.publish(files, author="sam")
    line = Line(hotline)
    line.say("I want a refund for order 100433")
    line.say("everything")
    assert "Done" in line.key("1")  # 79.80
    line.say("I want a refund for order 100311")
    line.key("1")
    assert line.queue == "refunds"  # 49.90 more are above 100 in a call
    other = Line(hotline, ADA, "CA2")
    other.say("I want a refund for order 100311")
    other.key("1")
    assert other.queue == "refunds"  # and above 120 for a customer
    third = Line(hotline, BEN, "CA3")
    third.say("I want a refund for order 100488")
    third.key("1")
    assert third.queue == "refunds"  # 64.90 are above what a day has left
    assert [one.order for one in shop.refunds_of_customer("C1") if one.requested_on == NOON.date()] == [
        "100433"
    ]


def test_nobody_gets_a_second_voucher_in_another_call(hotline, shop):
    for number, queue in ((1, None), (2, "sales")):
        line = Line(hotline, ADA, f"CA{number}")
        line.say("my discount code is not accepted")
        line.say("SUMMER5")
        line.say("yes")
        assert line.queue == queue
    given = [one for one in shop.records.all(Coupon) if one.code.startswith("SORRY")]
    assert [one.amount for one in given] == [Decimal(5)]


def test_two_calls_at_once_refund_an_order_once(hotline, shop):
    lines = [Line(hotline, ADA, f"CA{n}") for n in range(6)]
    for line in lines:
        line.say("I want a refund for order 100311")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda line: line.key("1"), lines))
    assert sum("Done" in line.heard for line in lines) == 1
    assert sum(line.queue == "refunds" for line in lines) == 5
    assert len(shop.refunds_of("100311")) == 1


def test_who_calls_again_does_not_get_a_refund_twice(hotline, shop):
    first = Line(hotline)
    first.say("I want a refund for order 100311")
    assert "Done" in first.key("1")
    hotline.calls.hang_up("CA1")
    again = Line(hotline, ADA, "CA2")
    assert "already on its way" in again.say("I want a refund for order 100311")
    assert len(shop.refunds_of("100311")) == 1


def test_a_right_postcode_does_not_make_room_for_more_pins(hotline):
    """A proof of a lower level takes no wrong PIN back."""
    asked = 0
    for number in range(4):
        line = Line(hotline, STRANGER, f"CA{number}")
        if "postcode" not in line.say("where is my order 100245"):
            break
        line.key("10115")
        line.say("how many loyalty points do I have left")
        for wrong in ("1111", "2222"):
            if "PIN" not in line.heard:
                break
            line.key(wrong)
            asked += 1
    assert asked == 3
    assert "any more tries" in Line(hotline, STRANGER, "CA9").say("where is my order 100245")


def test_tries_at_the_same_moment_see_each_other(hotline, shop):
    lines = [Line(hotline, ADA, f"CA{n}") for n in range(12)]
    for line in lines:
        line.say("how many loyalty points do I have left")
    looked_at, real = [], shop.check_pin

    def slow(customer, pin):
        if pin:
            looked_at.append(pin)
            threading.Event().wait(0.05)
        return real(customer, pin)

    shop.check_pin = slow
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda line: line.key("1111"), lines))
    assert len(looked_at) <= 3
    assert len(hotline.cases.list()) == 1


def test_who_guesses_at_several_customers_is_stopped_as_well(hotline):
    line, wrong = Line(hotline, STRANGER), 0
    for number, order in enumerate(("100245", "100488", "100491", "100459", "100245", "100488")):
        line = Line(hotline, STRANGER, f"CA{number}")
        if "postcode" in line.say(f"where is my order {order}"):
            line.key("99999")
            wrong += 1
    assert wrong == 5
    assert [case["phone"] for case in hotline.cases.list()] in ([], [""])  # and nobody is called for it


def test_a_known_caller_who_proves_a_friend_s_order_acts_on_their_own_account(hotline, shop):
    line = Line(hotline)
    line.say("where is my order 100491")
    assert "with the driver" in line.key("04109")
    line.say("somebody has broken into my account")
    line.key("1")
    assert (shop.customer("C1").locked, shop.customer("C3").locked) == (True, False)


def test_a_pin_stays_nowhere_even_sealed(hotline):
    line = Line(hotline)
    line.say("how many loyalty points do I have left")
    line.key(PIN)
    assert "sealed:" not in everything_stored(hotline)


def test_a_new_number_is_kept_as_one_that_can_be_called(hotline, shop):
    line = Line(hotline)
    line.say("I want to update the details in my profile")
    line.key("1")
    line.key("5550177")
    line.key("1")
    assert "PIN" in line.heard
    line.key(PIN)
    assert shop.customer("C1").phone == "+15550177"
    assert Line(hotline, "+15550177", "CA2").heard.startswith("Hello Ada Brown")


def test_a_number_of_somebody_else_is_a_matter_for_people(hotline, shop):
    line = Line(hotline)
    line.say("I want to update the details in my profile")
    line.key("1")
    line.key("5550102")
    line.key("1")
    line.key(PIN)
    assert line.queue == "security"
    assert shop.customer("C1").phone == ADA


def test_where_the_number_alone_proves_nothing_nothing_is_offered_for_it(hotline):
    files = dict(demo_files())
    files["policies.yaml"] = files["policies.yaml"].replace("known_number: 1 ", "known_number: 0 ")
    hotline.menus.publish(files, author="sam")
    line = Line(hotline, "+15550104")
    assert "clock" not in line.heard
    assert "Dora" not in line.heard
    assert "postcode" in line.say("where is my order 100459")


def test_money_never_goes_back_twice_or_for_what_was_never_paid(hotline, shop):
    line = Line(hotline)
    line.say("I want a refund for order 100417")
    line.key("1")  # it is cancelled instead
    assert (shop.order("100417").status, shop.refunds_of("100417")) == ("cancelled", [])
    shop.records.put(replace(shop.order("100311"), payment="pending"))
    other = Line(hotline, ADA, "CA2")
    other.say("I want a refund for order 100311")
    assert other.queue == "refunds"
    assert shop.request_refund("100311", Decimal("49.90"), "k") is None
    assert shop.request_refund("100417", Decimal("24.50"), "k2") is None


def test_what_was_refunded_is_not_exchanged_and_what_comes_back_is_not_refunded(hotline, shop):
    assert shop.request_refund("100311", Decimal("49.90"), "k1") is not None
    assert shop.request_return("100311", (), "exchange", "", "k2") is None
    assert shop.request_return("100433", ("water bottle",), "exchange", "", "k3") is not None
    assert shop.request_refund("100433", Decimal("79.80"), "k4") is None
    assert shop.request_refund("100433", Decimal("64.90"), "k5", ("running shoes",)) is not None


def test_many_refunds_at_a_slow_shop_are_told_as_they_are(hotline, shop):
    """What was not done is not told as done, and what was done is not told as failed."""
    lines = [Line(hotline, ADA, f"CA{n}") for n in range(3)]
    orders = ("100311", "100433", "100488")
    lines[2] = Line(hotline, BEN, "CB")
    for line, order in zip(lines, orders, strict=True):
        line.say(f"I want a refund for order {order}")
        if "everything" in line.heard:
            line.say("everything")
    real = shop.request_refund
    shop.request_refund = lambda *given: (threading.Event().wait(0.3), real(*given))[1]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda line: line.key("1"), lines))
    assert ["Done" in line.heard for line in lines] == [True, True, True]


def test_limits_and_queues_that_mean_nothing_are_told(hotline):
    for old, new, said in (
        ("refund.request: {call", "order.cancel: {call", "'order.cancel' takes no limit"),
        ("refund.request: {call", "refund.requst: {call", "there is no action 'refund.requst'"),
        (
            "queue: complaints",
            "queue: complains",
            "there is no queue 'complains'; did you mean 'complaints'?",
        ),
    ):
        files = dict(demo_files())
        assert old in files["policies.yaml"]
        files["policies.yaml"] = files["policies.yaml"].replace(old, new, 1)
        assert said in " ".join(map(str, check(files).errors))


def test_a_forged_number_is_nobody_s():
    form = {"From": ADA, "StirVerstat": "TN-Validation-Failed-A"}
    assert parse(form).caller == ""
    assert parse({**form, "StirVerstat": "TN-Validation-Passed-A"}).caller == ADA
