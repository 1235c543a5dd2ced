"""Cases and messages over JSON: who may see and do what, and what nonsense is answered with."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from ivr.dialog.events import Pressed
from ivr.errors import Undeliverable
from ivr.ports import Letter, NewCase, Proof
from ivr.service.feed import Message
from ivr.storage.tables import AuditRow
from tests.http.test_pages import log_in
from webhooks.app import create_app
from webhooks.events import _concerns

ADA, BEN = "+15550101", "+15550102"
DAY = timedelta(hours=24)


def opened(hotline, key="k1", **more):
    about = {
        "call": "CA1",
        "kind": "complaint",
        "queue": "complaints",
        "due": DAY,
        "customer": "C1",
        "phone": ADA,
    }
    return hotline.cases.open(NewCase(**{**about, **more}), key).number


def post(client, path, body=None):
    return client.post(path, json=body or {})


def audited(hotline, who):
    with hotline.db.read() as session:
        return list(session.scalars(select(AuditRow.what).where(AuditRow.who == who).order_by(AuditRow.id)))


@pytest.fixture
def number(hotline):
    hotline.calls.begin("CA1", ADA, "+1555", "webhook")
    return opened(hotline)


@pytest.fixture
def sam(hotline, app):
    hotline.accounts.add("sam", "Sam", "supervisor", "password-1")
    client = app.test_client()
    log_in(client, "sam")
    return client


@pytest.fixture
def ann(app):
    client = app.test_client()
    log_in(client, "ann")
    return client


@pytest.fixture
def on_call(ann, floor):
    """Ann, who talks with somebody at a telephone number."""

    def with_(caller, call="CA9"):
        floor.ready("ann")
        floor.hotline.calls.begin(call, caller, "+1555", "webhook")
        floor.hotline.calls.advance(call, 1, Pressed(floor.hotline.clock(), "0"))
        floor.settle()
        floor.hotline.queue.accept("ann", floor.of("ann")["call"]["offer"])
        return ann

    return with_


STUDIO = (
    ("get", "/studio/api/cases"),
    ("get", "/studio/api/cases/{}"),
    ("get", "/studio/api/cases/{}/recording"),
    ("post", "/studio/api/cases/{}/note"),
    ("post", "/studio/api/cases/{}/close"),
    ("post", "/studio/api/cases/{}/reopen"),
    ("post", "/studio/api/cases/{}/put-off"),
    ("post", "/studio/api/cases/{}/give"),
    ("post", "/studio/api/cases/{}/unlock"),
    ("get", "/studio/api/messages"),
    ("post", "/studio/api/messages/m1/send-again"),
)
DESK = (
    ("get", "/desk/api/cases"),
    ("post", "/desk/api/cases/{}/note"),
    ("post", "/desk/api/cases/{}/close"),
)


@pytest.mark.parametrize(("method", "path"), STUDIO)
def test_what_is_for_supervisors_is_refused_to_agents_and_to_strangers(ann, client, number, method, path):
    assert getattr(ann, method)(path.format(number)).json["code"] == "refused"
    assert getattr(client, method)(path.format(number)).status_code == 302


@pytest.mark.parametrize(("method", "path"), DESK)
def test_what_is_for_agents_is_refused_to_supervisors_and_to_strangers(sam, client, number, method, path):
    assert getattr(sam, method)(path.format(number)).json["code"] == "refused"
    assert getattr(client, method)(path.format(number)).status_code == 302


@pytest.mark.parametrize("path", [path for method, path in STUDIO + DESK if method == "post"])
def test_nothing_is_changed_without_the_page_s_token(hotline, number, path):
    app = create_app(hotline)
    answer = app.test_client().post(path.format(number), json={"note": "x"})
    assert (answer.status_code, "CSRF" in answer.json["message"]) == (400, True)
    app.extensions["voice_work"].close()


# ---- cases


def test_open_and_closed_cases_are_listed_apart_with_the_queues_they_may_go_to(sam, hotline, number):
    found = sam.get("/studio/api/cases").json
    assert [one["number"] for one in found["cases"]] == [number]
    assert {"complaints", "logistics"} <= set(found["queues"])
    assert sam.get("/studio/api/cases?state=closed").json["cases"] == []
    hotline.cases.close(number, "sam")
    assert sam.get("/studio/api/cases").json["cases"] == []
    assert [one["number"] for one in sam.get("/studio/api/cases?state=closed").json["cases"]] == [number]


def test_a_case_is_shown_with_its_history_and_the_name_known_for_its_number(sam, number):
    shown = sam.get(f"/studio/api/cases/{number}").json
    assert [one["what"] for one in shown["history"]] == ["opened"]
    assert shown["name"] == "Ada Brown"


def test_the_name_of_who_called_is_not_given_to_somebody_else_s_number(sam, hotline, number):
    other = opened(hotline, "k2", phone=BEN, customer="C2")
    assert sam.get(f"/studio/api/cases/{other}").json["name"] == ""
    unkept = opened(hotline, "k3", call="CA-gone")
    assert sam.get(f"/studio/api/cases/{unkept}").json["name"] == ""


def test_a_supervisor_notes_gives_puts_off_closes_and_takes_the_close_back(sam, hotline, clock, number):
    path = f"/studio/api/cases/{number}"
    assert post(sam, f"{path}/note", {"note": "is looked for"}).json["history"][-1]["note"] == "is looked for"
    assert post(sam, f"{path}/give", {"queue": "logistics"}).json["queue"] == "logistics"
    later = clock() + timedelta(hours=48)
    assert post(sam, f"{path}/put-off", {"due": later.isoformat()}).json["due_at"] == later.isoformat()
    closed = post(sam, f"{path}/close", {"note": "found"}).json
    assert (closed["state"], closed["history"][-1]["note"]) == ("closed", "found")
    assert post(sam, f"{path}/note", {"note": "the customer is glad"}).status_code == 200
    assert post(sam, f"{path}/reopen").json["state"] == "open"
    done = ["case.note", "case.give", "case.put_off", "case.close", "case.note", "case.reopen"]
    assert audited(hotline, "sam") == done


def test_a_card_number_in_a_note_is_kept_nowhere(sam, hotline, number):
    for what in ("note", "close"):
        post(sam, f"/studio/api/cases/{number}/{what}", {"note": "paid with 4111 1111 1111 1111"})
    assert "4111" not in str(hotline.cases.one(number))


def test_a_case_that_was_called_back_is_not_called_back_again_by_opening_it_again(
    sam, hotline, clock, number
):
    clock.forward(DAY.total_seconds())
    hotline.cases.call_due()
    post(sam, f"/studio/api/cases/{number}/close")
    assert post(sam, f"/studio/api/cases/{number}/reopen").json["state"] == "calling"
    assert hotline.cases.call_due() == 0
    later = (clock() + DAY).isoformat()
    assert post(sam, f"/studio/api/cases/{number}/put-off", {"due": later}).json["state"] == "open"


WRONG = (
    ("note", {"note": "  "}, 422, "write a note first"),
    ("note", {"note": ["x"]}, 422, "plain text"),
    ("note", {"note": "\ud800"}, 422, "plain text"),
    ("note", {"note": "a\0b"}, 422, "plain text"),
    ("note", {"note": "x" * 4001}, 422, "at most 4000"),
    ("note", ["x"], 422, "send a JSON object"),
    ("close", "x", 422, "send a JSON object"),
    ("close", {"note": 7}, 422, "plain text"),
    ("give", {}, 422, "there is no queue ''; there are complaints"),
    ("give", {"queue": "nowhere"}, 422, "there is no queue 'nowhere'"),
    ("give", {"queue": ["logistics"]}, 422, "there is no queue"),
    ("give", {"queue": "complaints"}, 409, "with complaints already"),
    ("put-off", {}, 422, "ISO 8601"),
    ("put-off", {"due": "tomorrow"}, 422, "ISO 8601"),
    ("put-off", {"due": 5}, 422, "ISO 8601"),
    ("put-off", {"due": "2026-11-25T10:00:00"}, 422, "with its zone"),
    ("put-off", {"due": "2026-11-22T10:00:00+00:00"}, 422, "in the future"),
    ("put-off", {"due": "0001-01-01T00:00:00+14:00"}, 422, "in the future"),
    ("put-off", {"due": "9999-12-31T23:59:59-14:00"}, 422, "within a year"),
    ("reopen", {}, 409, "is open"),
    ("unlock", {}, 409, "not about locked proofs"),
)


@pytest.mark.parametrize(("what", "body", "status", "sentence"), WRONG)
def test_what_makes_no_sense_is_answered_with_a_sentence_and_changes_nothing(
    sam, hotline, number, what, body, status, sentence
):
    before = hotline.cases.one(number)
    answer = sam.post(f"/studio/api/cases/{number}/{what}", json=body)
    assert (answer.status_code, sentence in answer.json["message"]) == (status, True), answer.json
    assert hotline.cases.one(number) == before
    assert audited(hotline, "sam") == []


@pytest.mark.parametrize("what", ["close", "give", "put-off"])
def test_a_closed_case_is_opened_again_before_anything_is_done_with_it(sam, hotline, clock, number, what):
    hotline.cases.close(number, "eve")
    body = {"queue": "logistics", "due": (clock() + DAY).isoformat()}
    answer = sam.post(f"/studio/api/cases/{number}/{what}", json=body)
    assert (answer.status_code, answer.json["message"]) == (409, f"case {number} is closed")


def test_a_case_that_does_not_exist_is_not_found(sam, clock):
    body = {"note": "x", "queue": "logistics", "due": (clock() + DAY).isoformat()}
    for method, path in STUDIO[1:9]:
        answer = getattr(sam, method)(path.format("000000"), **({"json": body} if method == "post" else {}))
        assert (answer.status_code, answer.json["message"]) == (404, "there is no case 000000"), path
    assert sam.get("/studio/api/cases?state=lost").status_code == 422


def test_what_was_said_after_the_tone_is_played_in_ranges_as_players_ask_for_it(sam, hotline, number):
    kept = hotline.recordings.keep("CA1", "complaint", b"RIFFxxxxWAVE", 1000)
    spoken = opened(hotline, "k2", recording=kept.name)
    answer = sam.get(f"/studio/api/cases/{spoken}/recording")
    assert (answer.data, answer.mimetype) == (b"RIFFxxxxWAVE", "audio/wav")
    part = sam.get(f"/studio/api/cases/{spoken}/recording", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"RIFF")


@pytest.mark.parametrize("name", ["", "REC" + "0" * 24, "../../hotline.db"])
def test_a_recording_that_is_not_kept_is_not_found(sam, hotline, number, name):
    spoken = opened(hotline, "k2", recording=name)
    assert sam.get(f"/studio/api/cases/{spoken}/recording").status_code == 404


# ---- locked proofs


def locked(hotline, subject, tries=3):
    for at in range(tries):
        hotline.standing.keep(Proof("CA1", subject, "pin", 2, passed=False), f"{subject}{at}")


@pytest.mark.parametrize(
    ("about", "subject"), [({"customer": "C1"}, "C1"), ({"customer": "", "order": "100494"}, "order 100494")]
)
def test_a_supervisor_unlocks_whom_a_security_case_is_about_once(sam, hotline, number, about, subject):
    case = opened(hotline, "k2", kind="security", **about)
    path = f"/studio/api/cases/{case}"
    assert sam.get(path).json["lock"] == {"subject": subject, "locked": False}
    locked(hotline, subject)
    assert sam.get(path).json["lock"] == {"subject": subject, "locked": True}
    done = post(sam, f"{path}/unlock").json
    assert done["lock"]["locked"] is False
    assert (done["history"][-1]["what"], done["history"][-1]["who"]) == ("unlocked", "sam")
    assert audited(hotline, "sam") == ["case.unlock"]
    assert post(sam, f"{path}/unlock").status_code == 409


def test_a_lock_that_has_ended_by_itself_is_not_offered_to_be_unlocked(sam, hotline, clock, number):
    case = opened(hotline, "k2", kind="security")
    locked(hotline, "C1")
    clock.forward(DAY.total_seconds() + 1)
    assert sam.get(f"/studio/api/cases/{case}").json["lock"]["locked"] is False


def test_other_cases_tell_nothing_of_locks(sam, hotline, number):
    locked(hotline, "C1")
    assert sam.get(f"/studio/api/cases/{number}").json["lock"] is None
    nobody = opened(hotline, "k2", kind="security", customer="")
    assert sam.get(f"/studio/api/cases/{nobody}").json["lock"] is None


# ---- messages


class Refusing:
    """A provider that takes nothing until it is told to."""

    takes = False

    def send(self, id, letter):
        if not self.takes:
            raise Undeliverable("no such number")
        return "SM1"

    def find(self, id, letter, since):
        return ""


@pytest.fixture
def provider(hotline):
    refusing = Refusing()
    hotline.outbox._senders["sms"] = refusing
    return refusing


def test_a_message_that_was_refused_is_sent_again_because_a_supervisor_says_so(sam, hotline, provider):
    hotline.outbox.post(Letter("sms", ADA, "Your voucher is 123456.", template="voucher"), "k1")
    hotline.outbox.send_due()
    answer = sam.get("/studio/api/messages")
    assert "123456" not in answer.text
    (message,) = answer.json["messages"]
    assert (message["state"], message["error"]) == ("failed", "no such number")
    provider.takes = True
    assert post(sam, f"/studio/api/messages/{message['id']}/send-again").json["state"] == "waiting"
    hotline.outbox.send_due()
    assert sam.get("/studio/api/messages").json["messages"][0]["state"] == "sent"
    assert audited(hotline, "sam") == ["message.send_again"]
    again = post(sam, f"/studio/api/messages/{message['id']}/send-again")
    assert (again.status_code, again.json["message"]) == (409, "the message is sent")
    assert post(sam, "/studio/api/messages/m0/send-again").status_code == 404


def test_a_code_that_could_not_be_sent_is_not_sent_again(sam, hotline, provider):
    hotline.outbox.post(Letter("sms", ADA, "Your code is 123456.", template="code", secret=True), "k1")
    hotline.outbox.send_due()
    (message,) = sam.get("/studio/api/messages").json["messages"]
    answer = post(sam, f"/studio/api/messages/{message['id']}/send-again")
    assert (answer.status_code, answer.json["message"]) == (
        409, "nothing is kept of it: the caller has to ask for a new one",
    )  # fmt: skip


def test_who_watches_a_call_is_not_told_addresses_that_the_shop_knows():
    for topic in ("case", "message"):
        told = Message(1, topic, {"call_id": "CA1"})
        assert not _concerns("call:CA1", told)
        assert _concerns("floor", told)
    assert _concerns("call:CA1", Message(1, "turn", {"call_id": "CA1"}))


# ---- at the desk


def numbers(answer):
    return [one["number"] for one in answer.json["cases"]]


def test_an_agent_sees_the_open_cases_of_the_customer_on_the_line_and_no_others(hotline, on_call, number):
    opened(hotline, "k2", customer="C2", phone=BEN)
    elsewhere = opened(hotline, "k3", phone="+4930999888")  # the same customer, from another telephone
    closed = opened(hotline, "k4")
    hotline.cases.close(closed, "sam")
    assert set(numbers(on_call(ADA).get("/desk/api/cases"))) == {number, elsewhere}


def test_who_is_not_known_is_found_by_the_telephone_number(hotline, on_call, number):
    stranger = opened(hotline, "k2", customer="", phone="+4930111222")
    assert numbers(on_call("+4930111222").get("/desk/api/cases")) == [stranger]


def test_a_withheld_number_is_nobody_s(hotline, on_call, number):
    opened(hotline, "k2", customer="", phone="")
    assert numbers(on_call("").get("/desk/api/cases")) == []


def test_an_agent_notes_and_closes_and_is_told_what_is_left(hotline, on_call, number):
    ann, second = on_call(ADA), opened(hotline, "k2")
    left = post(ann, f"/desk/api/cases/{number}/note", {"note": "rang the depot"})
    assert set(numbers(left)) == {number, second}
    assert numbers(post(ann, f"/desk/api/cases/{number}/close", {"note": "content"})) == [second]
    history = hotline.cases.one(number)["history"]
    assert [(one["who"], one["what"], one["note"]) for one in history[1:]] == [
        ("ann", "note", "rang the depot"), ("ann", "closed", "content"),
    ]  # fmt: skip
    assert audited(hotline, "ann") == ["case.note", "case.close"]


@pytest.mark.parametrize("what", ["note", "close"])
def test_an_agent_cannot_touch_the_case_of_somebody_else(hotline, on_call, number, what):
    other = opened(hotline, "k2", customer="C2", phone=BEN)
    answer = post(on_call(ADA), f"/desk/api/cases/{other}/{what}", {"note": "x"})
    assert (answer.status_code, answer.json["message"]) == (404, f"your caller has no open case {other}")
    assert hotline.cases.one(other)["state"] == "open"


@pytest.mark.parametrize("note", [" ", 5, None, "x" * 4001])
def test_the_desk_refuses_a_note_that_is_none(on_call, number, note):
    answer = post(on_call(ADA), f"/desk/api/cases/{number}/note", {"note": note})
    assert (answer.status_code, bool(answer.json["message"])) == (422, True)


def test_without_a_call_an_agent_sees_no_cases(hotline, floor, ann, on_call, number):
    assert numbers(ann.get("/desk/api/cases")) == []
    on_call(ADA)
    floor.hotline.calls.hang_up("CA9")
    assert numbers(ann.get("/desk/api/cases")) == [number]  # in wrap-up
    floor.hotline.queue.set_state("ann", "paused")
    assert numbers(ann.get("/desk/api/cases")) == []
    assert post(ann, f"/desk/api/cases/{number}/close").status_code == 404
