"""The switch against an application made of documents: queues, transfers, recordings."""

import asyncio
from urllib.parse import parse_qsl

import httpx
import pytest

from ivr.switch.http import Application
from ivr.switch.network import Network

BASE = "http://hotline.test"
NUMBER = "+4930123456"


class Phone:
    """An endpoint that notes what it is told."""

    def __init__(self):
        self.told = []

    def hear(self, ulaw):
        return None

    def tell(self, message):
        self.told.append(message)

    def kinds(self):
        return [message["type"] for message in self.told]


class House:
    """A network whose application answers with documents by path; it notes what it was asked."""

    def __init__(self, documents, monkeypatch):
        self.documents, self.asked = documents, []
        client = httpx.AsyncClient
        transport = httpx.MockTransport(self.answer)
        monkeypatch.setattr("ivr.switch.http.httpx.AsyncClient", lambda **more: client(transport=transport))
        monkeypatch.setattr("ivr.switch.interpreter.TRAILING_ROUNDS_S", 0.01)
        monkeypatch.setattr("ivr.switch.interpreter.NO_ANSWER_S", 0.01)
        self.network = Network(Application(BASE, BASE, "AC1", "token"), self.speak)

    async def speak(self, text, language):
        return b"\xff" * 160

    def answer(self, request):
        path = request.url.raw_path.decode().removeprefix("/voice/twilio/")
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        self.asked.append((path, form))
        found = self.documents.get(path, "<Hangup/>")
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return httpx.Response(200, text=f"<Response>{found}</Response>", headers={"content-type": "text/xml"})

    def forms(self, path):
        return [form for asked, form in self.asked if asked == path]


async def until(true):
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


def play(house, script, *, text=True):
    """Place a call and let `script` act on its leg and phone; return the phone."""
    phone = Phone()

    async def run():
        leg = house.network.place(phone, "+15550101", "+1555", text=text)
        await script(leg, phone)
        await until(lambda: "ended" in phone.kinds())
        await house.network.close()

    asyncio.run(run())
    return phone


async def nothing(leg, phone):
    return None


QUEUE = '<Enqueue action="after" waitUrl="wait">support</Enqueue>'


def test_leave_takes_the_caller_out_of_the_queue_and_its_action_says_what_follows(monkeypatch):
    house = House(
        {"incoming": QUEUE, "wait": ["<Play>x.wav</Play>", "<Leave/>"], "after": "<Say>On.</Say>"},
        monkeypatch,
    )
    phone = play(house, nothing)
    assert phone.kinds() == ["ringing", "answered", "queued", "played", "left", "said", "ended"]
    [form] = house.forms("after")
    assert form["QueueResult"] == "leave"
    assert form["QueueTime"].isdigit()


def test_without_an_action_the_document_goes_on_behind_the_queue(monkeypatch):
    house = House(
        {"incoming": '<Enqueue waitUrl="wait">q</Enqueue><Say>On.</Say>', "wait": "<Leave/>"}, monkeypatch
    )
    assert play(house, nothing).told[-2] == {"type": "said", "text": "On."}


def test_a_key_that_is_gathered_in_the_queue_leads_to_another_wait_document(monkeypatch):
    from ivr.switch.line import Key

    offer = '<Gather numDigits="1" finishOnKey="" action="wait?offer=1"><Play>x.wav</Play></Gather><Redirect>wait?r=1</Redirect>'
    house = House(
        {"incoming": QUEUE, "wait": offer, "wait?r=1": offer, "wait?offer=1": "<Leave/>"}, monkeypatch
    )

    async def press(leg, phone):
        await until(lambda: len(house.forms("wait?r=1")) > 1)  # nobody presses: round after round
        leg.line.inputs.put_nowait(Key("1"))

    play(house, press)
    assert [form["Digits"] for form in house.forms("wait?offer=1")] == ["1"]
    assert house.forms("after")


def test_keys_that_nobody_gathers_in_the_queue_are_lost(monkeypatch):
    from ivr.switch.line import Key

    gather = '<Gather numDigits="1" action="got"><Pause/></Gather><Leave/>'
    house = House({"incoming": QUEUE, "wait": [*["<Play>x.wav</Play>"] * 6, gather]}, monkeypatch)

    async def press(leg, phone):
        await until(lambda: "queued" in phone.kinds())
        leg.line.inputs.put_nowait(Key("1"))

    play(house, press)
    assert house.forms("got") == []


def test_hanging_up_in_a_queue_is_told_with_the_time(monkeypatch):
    house = House({"incoming": QUEUE, "wait": "<Play>x.wav</Play>"}, monkeypatch)

    async def hang_up(leg, phone):
        await until(lambda: "queued" in phone.kinds())
        leg.hang_up()

    play(house, hang_up)
    assert [form["QueueResult"] for form in house.forms("after")] == ["hangup"]
    assert house.asked[-1][0] == "status"


DIAL = '<Dial action="after" timeout="5">{}</Dial>'
NOUNS = {NUMBER: f"<Number>{NUMBER}</Number>", "sip:desk@shop.example": "<Sip>sip:desk@shop.example</Sip>"}


@pytest.mark.parametrize("number", NOUNS)
@pytest.mark.parametrize(("accepts", "status"), [(True, "completed"), (False, "busy")])
def test_a_number_rings_the_phone_that_has_it(monkeypatch, number, accepts, status):
    house = House({"incoming": DIAL.format(NOUNS[number])}, monkeypatch)
    office = Phone()

    async def answer(leg, phone):
        client = house.network.register("office", office)
        house.network.give_number(client, number)
        await until(lambda: "incoming" in office.kinds())
        client.decide(accepts)
        if accepts:
            await until(lambda: "bridged" in office.kinds())
            client.parted.set()

    phone = play(house, answer)
    assert [form["DialCallStatus"] for form in house.forms("after")] == [status]
    assert ("bridged" in phone.kinds()) == accepts


@pytest.mark.parametrize("noun", [*NOUNS.values(), NUMBER, "<Client>nobody</Client>"])
def test_a_number_that_nobody_has_is_not_answered(monkeypatch, noun):
    house = House({"incoming": DIAL.format(noun), "after": "<Say>Nobody.</Say>"}, monkeypatch)
    assert "said" in play(house, nothing).kinds()
    assert [form["DialCallStatus"] for form in house.forms("after")] == ["no-answer"]


def test_a_phone_that_is_gone_has_no_number_any_more(monkeypatch):
    house = House({"incoming": DIAL.format(NOUNS[NUMBER])}, monkeypatch)

    async def gone(leg, phone):
        client = house.network.register("office", Phone())
        house.network.give_number(client, NUMBER)
        house.network.unregister(client)

    play(house, gone)
    assert [form["DialCallStatus"] for form in house.forms("after")] == ["no-answer"]


def test_a_recording_that_ends_by_hanging_up_is_told_before_the_end_of_the_call(monkeypatch):
    house = House({"incoming": '<Record action="after?turn=2" playBeep="false" timeout="5"/>'}, monkeypatch)

    async def hang_up(leg, phone):
        await until(lambda: leg._recording is not None and len(leg._recording.frames) > 5)
        leg.hang_up()

    play(house, hang_up, text=False)
    [form] = house.forms("after?turn=2")
    assert form["Digits"] == "hangup"
    name = form["RecordingUrl"].rpartition("/")[2]
    assert house.network.recording(name) is not None
    assert [path for path, _ in house.asked][-2:] == ["after?turn=2", "status"]
