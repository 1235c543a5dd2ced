"""Cases and messages in a real browser: what happens in the office is seen at once, and can be undone."""

import re
import threading
from datetime import timedelta

import numpy as np
import pytest
import uvicorn
from playwright.sync_api import expect

from audio.pcm import RATE, to_wav
from audio.registry import Engines
from ivr.bootstrap import build
from ivr.clock import utc_now
from ivr.commerce.samples import sample_shop
from ivr.dialog.events import Pressed
from ivr.errors import Undeliverable
from ivr.ports import Letter, NewCase, Proof
from tests.browser.conftest import log_in
from tests.conftest import FakeCarrier, make_settings
from tests.live import free_port
from webhooks.asgi import Server
from webhooks.auth import limiter

LONG = 15_000
ADA, BEN = "+15550101", "+15550102"
SAID = "The box was torn open when it came."


class Office:
    """A hotline and its pages in this process: what a test does to the one is seen on the other."""

    def __init__(self, folder):
        self.port = free_port()
        self.hotline = build(
            make_settings(folder, port=self.port),
            shop=sample_shop(utc_now),
            engines=Engines({}, {}),
            carrier=FakeCarrier(),
        )
        self.hotline.accounts.add("sam", "Sam", "supervisor", "demo-sam-1")
        self.hotline.accounts.add("ann", "Ann", "agent", "demo-ann-1", {"orders": 3, "en": 3})
        self.hotline.calls.begin("CA1", ADA, "+1555", "webhook")
        self.up = threading.Event()
        config = uvicorn.Config(
            Server(self.hotline, self.up.set), port=self.port, log_level="error", lifespan="on"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)
        self.keys = 0

    def case(self, hours=24.0, **more):
        self.keys += 1
        about = {
            "call": "CA1",
            "kind": "complaint",
            "queue": "complaints",
            "words": SAID,
            "customer": "C1",
            "phone": ADA,
        }
        case = NewCase(due=timedelta(hours=hours), **{**about, **more})
        return self.hotline.cases.open(case, f"k{self.keys}").number

    def last(self, number):
        return self.hotline.cases.one(number)["history"][-1]


@pytest.fixture
def office(tmp_path):
    limiter.enabled = False
    running = Office(tmp_path)
    running.thread.start()
    try:
        assert running.up.wait(30)
        yield running
    finally:
        running.server.should_exit = True
        running.thread.join(15)
        limiter.enabled = True


@pytest.fixture
def page(chromium, office):
    """A page that fails the test on a script error or a broken security policy."""
    context = chromium.new_context(base_url=f"http://127.0.0.1:{office.port}", permissions=["microphone"])
    shown = context.new_page()
    troubles: list[str] = []
    shown.on("pageerror", lambda error: troubles.append(str(error)))
    shown.on(
        "console",
        lambda message: troubles.append(message.text) if "Content Security" in message.text else None,
    )
    yield shown
    context.close()
    assert troubles == []


@pytest.fixture
def studio(page):
    log_in(page, "sam", "demo-sam-1", "/studio")
    return page


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def row(page, number):
    return page.locator(f'#cases tr[data-number="{number}"]')


def opened(studio, number):
    """The details of a case, once they are here."""
    studio.goto(f"/studio#cases/{number}")
    expect(studio.get_by_role("heading", name=f"Case {number}")).to_be_visible(timeout=LONG)
    return studio.locator("#case")


# ---- cases


def test_a_case_appears_without_a_reload_and_says_when_an_answer_was_promised(studio, office):
    studio.get_by_role("tab", name="Cases").click()
    expect(studio.get_by_text("No open cases.")).to_be_visible(timeout=LONG)
    number = office.case(severity=3)
    shown = row(studio, number)
    for words in ("Complaint", number, "C1", ADA, "Complaints", "in 24 hours", "Severe", "Open"):
        expect(shown).to_contain_text(words, timeout=LONG)
    expect(studio.get_by_text("No open cases.")).to_be_hidden()
    expect(studio.locator("#tab-overdue")).to_be_hidden()


def test_an_overdue_case_is_marked_in_words_and_counted_at_the_tab(studio, office):
    studio.goto("/studio#floor")
    number = office.case(hours=-3, phone="")
    expect(studio.get_by_role("tab", name="Cases 1 overdue")).to_be_visible(timeout=LONG)
    studio.get_by_role("tab", name="Cases").click()
    expect(row(studio, number).locator(".overdue")).to_have_text("overdue by 3 hours", timeout=LONG)


def test_a_case_is_read_heard_noted_closed_and_the_close_is_undone(studio, office):
    tone = (6000 * np.sin(np.arange(RATE) / 5)).astype(np.int16)
    kept = office.hotline.recordings.keep("CA1", "complaint", to_wav(tone), 1000)
    number = office.case(recording=kept.name)
    case = opened(studio, number)
    for words in (SAID, "Ada Brown", "Answer promised: in 24 hours"):
        expect(case).to_contain_text(words)
    expect(case.locator("#case-audio")).to_have_js_property("duration", 1, timeout=LONG)
    studio.get_by_label("Note", exact=True).fill("Rang the depot.")
    button(case, "Add note").click()
    expect(case.locator("#case-history")).to_contain_text("Rang the depot.", timeout=LONG)
    expect(studio.get_by_label("Note", exact=True)).to_have_value("")
    studio.get_by_label("Note", exact=True).fill("A new one is sent.")
    button(case, "Close case").click()
    expect(studio.get_by_text(f"Case {number} is closed.")).to_be_visible(timeout=LONG)
    expect(row(studio, number)).to_have_count(0, timeout=LONG)
    assert office.last(number)["note"] == "A new one is sent."
    button(studio, "Undo").click()
    expect(row(studio, number)).to_be_visible(timeout=LONG)
    expect(button(case, "Close case")).to_be_visible()
    assert office.last(number)["what"] == "reopened"


def test_a_closed_case_stays_to_be_found_and_opened_again(studio, office):
    number = office.case()
    studio.goto("/studio#cases")
    button(studio, "Closed").click()
    expect(studio.get_by_text("No closed cases.")).to_be_visible(timeout=LONG)
    office.hotline.cases.close(number, "eve")
    row(studio, number).get_by_role("link").click(timeout=LONG)
    expect(studio.locator("#case-due")).to_contain_text("Closed by eve", timeout=LONG)
    button(studio, "Open again").click()
    expect(row(studio, number)).to_have_count(0, timeout=LONG)
    assert office.hotline.cases.one(number)["state"] == "open"


def test_a_case_is_put_off_and_given_away_and_both_can_be_undone(studio, office):
    number = office.case()
    case, before = opened(studio, number), office.hotline.cases.one(number)["due_at"]
    case.get_by_text("Put off, or give to another queue").click()
    button(case, "Put off").click()  # the field proposes a day later
    expect(case.locator("#case-due")).to_contain_text("in 2 days", timeout=LONG)
    button(studio, "Undo").click()
    expect(case.locator("#case-due")).to_contain_text("in 24 hours", timeout=LONG)
    assert office.hotline.cases.one(number)["due_at"] == before
    case.get_by_label("Owner").select_option("logistics")
    button(case, "Give").click()
    expect(row(studio, number)).to_contain_text("Logistics", timeout=LONG)
    expect(case.locator("#case-history")).to_contain_text("Given to Logistics")
    button(studio, "Undo").click()
    expect(row(studio, number)).to_contain_text("Complaints", timeout=LONG)


def test_what_a_colleague_does_is_seen_at_once_and_a_half_written_note_stays(studio, office):
    number = office.case()
    case = opened(studio, number)
    studio.get_by_label("Note", exact=True).fill("I have not fin")
    office.hotline.cases.note(number, "eve", "Eve was faster.")
    expect(case.locator("#case-history")).to_contain_text("Eve was faster.", timeout=LONG)
    office.hotline.cases.close(number, "eve")
    expect(button(case, "Open again")).to_be_visible(timeout=LONG)
    expect(studio.get_by_label("Note", exact=True)).to_have_value("I have not fin")
    other = office.case()
    row(studio, other).get_by_role("link").click(timeout=LONG)
    expect(studio.get_by_role("heading", name=f"Case {other}")).to_be_visible(timeout=LONG)
    expect(studio.get_by_label("Note", exact=True)).to_have_value("")
    studio.go_back()
    expect(studio.get_by_role("heading", name=f"Case {number}")).to_be_visible(timeout=LONG)
    expect(studio.get_by_label("Note", exact=True)).to_have_value("I have not fin")


def test_a_customer_is_unlocked_only_after_a_question(studio, office):
    for at in range(3):
        office.hotline.standing.keep(Proof("CA1", "C1", "pin", 2, passed=False), f"w{at}")
    number = office.case(kind="security", queue="security", severity=3)
    case = opened(studio, number)
    expect(case.locator("#case-lock")).to_contain_text("Customer C1 is locked", timeout=LONG)
    button(case, "Unlock…").click()
    expect(studio.get_by_role("dialog")).to_contain_text("Unlock customer C1?")
    button(studio, "Cancel").click()
    expect(case.locator("#case-lock")).to_have_attribute("data-locked", "yes")
    button(case, "Unlock…").click()
    button(studio, "Unlock").click()
    expect(case.locator("#case-lock")).to_contain_text("is not locked", timeout=LONG)
    expect(case.locator("#case-history")).to_contain_text("Unlocked customer C1")
    assert office.hotline.standing.failures("C1", utc_now() - timedelta(days=1)) == 0


def test_a_recording_that_is_gone_is_said_to_be_gone(studio, office):
    case = opened(studio, office.case(recording="REC" + "0" * 24))
    expect(case.get_by_text("The recording is not kept any more.")).to_be_visible(timeout=LONG)
    expect(case.locator("#case-audio")).to_be_hidden()


def test_a_case_leads_to_the_call_that_it_came_from(studio, office):
    case = opened(studio, office.case())
    button(case, "Read the call that it came from").click()
    expect(studio.locator("#drawer-transcript")).to_contain_text("Welcome to Sunrise Store", timeout=LONG)


def test_an_address_of_a_case_that_does_not_exist_leads_to_the_list(studio, office):
    studio.goto("/studio#cases/000000")
    expect(studio.get_by_text("There is no case 000000.")).to_be_visible(timeout=LONG)
    expect(studio).to_have_url(re.compile(r"#cases$"), timeout=LONG)


def test_cases_are_worked_through_by_the_keyboard(studio, office):
    first, second = office.case(hours=5), office.case(hours=10)
    studio.goto("/studio#cases")
    row(studio, first).get_by_role("link").focus(timeout=LONG)
    studio.keyboard.press("Tab")
    expect(row(studio, second).get_by_role("link")).to_be_focused()
    studio.keyboard.press("Enter")
    expect(studio.get_by_role("heading", name=f"Case {second}")).to_be_focused(timeout=LONG)
    expect(row(studio, second).get_by_role("link")).to_have_attribute("aria-current", "true")
    studio.keyboard.press("Escape")
    expect(row(studio, second).get_by_role("link")).to_be_focused(timeout=LONG)
    expect(studio.locator("#case-shown")).to_be_hidden()


# ---- messages


class Provider:
    """Refuses everything until it is told to take it."""

    takes = False

    def send(self, id, letter):
        if not self.takes:
            raise Undeliverable("no such number")
        return "SM1"

    def find(self, id, letter, since):
        return ""


@pytest.fixture
def provider(office):
    refusing = Provider()
    office.hotline.outbox._senders["sms"] = refusing
    return refusing


def test_a_message_that_was_refused_is_seen_at_once_and_sent_again(studio, office, provider):
    studio.goto("/studio#messages")
    expect(studio.get_by_text("No messages yet.")).to_be_visible(timeout=LONG)
    office.hotline.outbox.post(Letter("sms", BEN, "Your label is here.", template="return_label"), "k1")
    message = studio.locator("#messages tbody tr")
    for words in (BEN, "Text message", "Return label", "Not sent", "No such number"):
        expect(message).to_contain_text(words, timeout=LONG)
    expect(studio.get_by_role("tab", name="Messages 1 not sent")).to_be_visible()
    provider.takes = True
    button(studio, f"Send again: Return label to {BEN}").click()
    expect(message.locator(".chip")).to_have_text("Sent", timeout=LONG)
    expect(studio.locator("#tab-stuck")).to_be_hidden()
    button(studio, "Not sent").click()
    expect(studio.get_by_text("Every message has left, or is about to.")).to_be_visible()


def test_a_message_that_may_have_left_is_sent_again_only_after_a_question(studio, office, provider):
    office.hotline.outbox.post(Letter("sms", BEN, "x", template="code"), "k1")
    studio.goto("/studio#messages")
    expect(studio.locator("#messages .chip")).to_have_text("Not sent", timeout=LONG)
    with office.hotline.db.write() as session:
        session.connection().exec_driver_sql("UPDATE outbox SET state = 'unsure'")
    studio.reload()
    expect(studio.locator("#messages .chip")).to_have_text("Not sure", timeout=LONG)
    provider.takes = True
    again = button(studio, f"Send again: Code to {BEN}")
    again.click()
    expect(studio.get_by_role("dialog")).to_contain_text("it arrives a second time")
    button(studio, "Cancel").click()
    again.click()
    assert office.hotline.outbox.list()[0]["state"] == "unsure"
    studio.get_by_role("dialog").get_by_role("button", name="Send again").click()
    expect(studio.locator("#messages .chip")).to_have_text("Sent", timeout=LONG)


# ---- every width


@pytest.mark.parametrize("width", [1280, 820, 390])
def test_cases_and_messages_fit_without_scrolling_sideways(studio, office, provider, width):
    studio.set_viewport_size({"width": width, "height": 800})
    office.hotline.outbox.post(
        Letter("email", "a.very.long.address@some.department.example.org", "x", template="invoice"), "k1"
    )
    office.hotline.outbox.post(Letter("sms", BEN, "x", template="return_label"), "k2")
    office.case(hours=-30, phone="", customer="")
    number = office.case(kind="close_account", words=f"{SAID} {'w' * 80}", severity=2)

    def fits():
        assert studio.evaluate("document.documentElement.scrollWidth") <= width

    studio.goto("/studio#cases")
    expect(row(studio, number)).to_be_visible(timeout=LONG)
    expect(studio.locator("#tab-stuck")).to_be_visible(timeout=LONG)
    fits()
    row(studio, number).get_by_role("link").click()
    expect(studio.get_by_role("heading", name=f"Case {number}")).to_be_focused(timeout=LONG)
    studio.get_by_text("Put off, or give to another queue").click()
    fits()
    side_by_side = width > 980
    expect(row(studio, number)).to_be_visible(visible=side_by_side)
    expect(studio.get_by_role("link", name="All cases")).to_be_visible(visible=not side_by_side)
    if not side_by_side:
        studio.get_by_role("link", name="All cases").click()
        expect(row(studio, number).get_by_role("link")).to_be_focused(timeout=LONG)
    studio.get_by_role("tab", name="Messages").click()
    expect(studio.locator("#messages tbody tr")).to_have_count(2, timeout=LONG)
    fits()


# ---- at the desk


def rings(office, caller=ADA):
    office.hotline.calls.begin("CA9", caller, "+1555", "webhook")
    office.hotline.calls.advance("CA9", 1, Pressed(utc_now(), "0"))


def on_call(page, office):
    log_in(page, "ann", "demo-ann-1", "/desk")
    button(page, "Ready for calls").click()
    expect(page.locator("#presence")).to_have_attribute("data-state", "ready", timeout=LONG)
    rings(office)
    page.locator("#accept").click(timeout=LONG)
    expect(page.locator("#presence")).to_have_attribute("data-state", "talking", timeout=LONG)


def test_an_agent_on_a_call_sees_the_open_cases_of_the_caller_notes_and_closes(page, office):
    first, second = office.case(hours=5), office.case(hours=40, kind="close_account", words="")
    office.case(customer="C2", phone=BEN, words="of somebody else")
    on_call(page, office)
    cases = page.get_by_role("region", name="Open cases")
    for words in (
        f"Complaint {first}",
        SAID,
        "Answer in 5 hours",
        f"Close the account {second}",
        "Answer in 2 days",
    ):
        expect(cases).to_contain_text(words, timeout=LONG)
    expect(cases).not_to_contain_text("of somebody else")
    for item in cases.get_by_role("listitem").all():
        item.get_by_text("Add a note, or close it").click()
    cases.get_by_label(f"Note on case {second}").fill("half a no")
    cases.get_by_label(f"Note on case {first}").fill("A new one is sent.")
    page.get_by_test_id(f"case-close-{first}").click()
    expect(cases).not_to_contain_text(first, timeout=LONG)
    assert (office.last(first)["who"], office.last(first)["note"]) == ("ann", "A new one is sent.")
    expect(cases.get_by_label(f"Note on case {second}")).to_have_value("half a no")
    cases.get_by_label(f"Note on case {second}").fill("Wants to think about it.")
    button(cases, "Add note").click()
    expect(page.get_by_text(f"The note is kept with case {second}.")).to_be_visible(timeout=LONG)
    button(cases, "Close case").click()
    expect(cases).to_be_hidden(timeout=LONG)
    assert office.hotline.cases.list(customer="C1") == []


@pytest.mark.parametrize("width", [1280, 820, 390])
def test_the_desk_fits_with_open_cases(page, office, width):
    page.set_viewport_size({"width": width, "height": 800})
    office.case(words=f"{SAID} {'w' * 80}")
    on_call(page, office)
    page.get_by_text("Add a note, or close it").click(timeout=LONG)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_caller_who_waits_already_rings_when_an_agent_becomes_ready(page, office):
    """The answer to "ready" comes after the ring: it must not take the ring from the page."""
    rings(office)
    log_in(page, "ann", "demo-ann-1", "/desk")
    button(page, "Ready for calls").click()
    expect(page.locator("#offer")).to_be_visible(timeout=LONG)
    page.locator("#accept").click()
    expect(page.locator("#presence")).to_have_attribute("data-state", "talking", timeout=LONG)
