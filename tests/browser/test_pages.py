"""The pages in a real browser: an agent takes a call, a caller phones, a supervisor publishes."""

import asyncio
import re
import threading

from playwright.sync_api import expect

from ivr.cli.caller import ScriptedCall, SynthesisedCaller
from ivr.dialog.script import Script
from ivr.storage.session import Database
from ivr.storage.tables import CallbackRow, CallRow, TicketRow
from tests.browser.conftest import log_in
from tests.live import promise

LONG = 15_000


def heard_frames(page, count):
    expect(page.locator("body")).to_have_attribute(
        "data-frames-heard", re.compile(f"^({count})$"), timeout=LONG
    )


class Caller(ScriptedCall):
    """Asks for a person, then talks to whoever answers until the line goes dead."""

    def __init__(self, base: str) -> None:
        given = {"call": "t", "from": "+15550101", "turns": [
            {"hear": "welcome"}, {"say": "Where is my order? One zero zero two four five.", "interrupt": True},
            {"hear": "tell_on_its_way"}, {"say": "Let me talk to an agent.", "interrupt": True}, {"hear": "to_agent"},
        ]}  # fmt: skip
        super().__init__(base, Script.model_validate(given), SynthesisedCaller(), lambda line: None)
        self.bridged = threading.Event()
        self.over = threading.Event()
        self.heard_from_agent = 0

    def _sign(self, sign):
        if sign["type"] == "bridged":
            self.phone.heard.clear()
            self.bridged.set()

    async def _finish(self):
        await asyncio.to_thread(self.bridged.wait, 60)
        while not self.phone.ended.is_set():
            await self.phone.speak(await asyncio.to_thread(self.voice, "Hello, is anybody there?"))
            await asyncio.sleep(0.1)
        self.heard_from_agent = len(self.phone.heard)
        self.over.set()


def placed(base):
    caller = Caller(base)
    threading.Thread(target=lambda: asyncio.run(caller.run()), daemon=True).start()
    return caller


def test_an_agent_takes_the_call_that_a_caller_placed_talks_and_wraps_up(page, site):
    log_in(page, "ann", "demo-ann-1", "/desk")
    page.click("#ready")
    expect(page.locator("#presence")).to_have_attribute("data-state", "ready")
    caller = placed(site.base)
    expect(page.locator("#accept")).to_be_visible(timeout=60_000)
    offer = page.locator("#offer").inner_text()
    for known in ("Ada Brown", "+15550101", "100245"):
        assert known in offer
    page.click("#accept")
    expect(page.locator("#presence")).to_have_attribute("data-state", "talking", timeout=LONG)
    assert caller.bridged.wait(15)
    heard_frames(page, r"[1-9]\d{2,}")
    expect(page.locator("#transcript")).to_contain_text("Welcome to Sunrise Store")
    page.fill("#note", "Told Ada that it comes on Wednesday.")
    page.click("#hangup")
    expect(page.locator("#presence")).to_have_attribute("data-state", "wrap_up", timeout=LONG)
    assert caller.over.wait(15)
    assert caller.heard_from_agent > 50
    page.click("#done")
    expect(page.locator("#presence")).to_have_attribute("data-state", "ready", timeout=LONG)
    page.click("#pause")
    expect(page.locator("#presence")).to_have_attribute("data-state", "paused", timeout=LONG)
    call, ticket = stored(site, caller.phone.call)
    assert (call.status, call.outcome) == ("ended", "transferred")
    assert (ticket.state, ticket.agent) == ("done", "ann")
    assert ticket.note == "Told Ada that it comes on Wednesday."


def stored(site, sid):
    db = Database(site.database)
    try:
        with db.read() as session:
            return session.get(CallRow, sid), session.query(TicketRow).filter_by(call=sid).one()
    finally:
        db.close()


def test_a_desk_that_closes_is_not_rung_any_more(page, site):
    log_in(page, "bob", "demo-bob-1", "/desk")
    page.click("#ready")
    expect(page.locator("#presence")).to_have_attribute("data-state", "ready")
    page.goto("about:blank")
    log_in(page, "bob", "demo-bob-1", "/login")
    page.goto("/desk")
    expect(page.locator("#presence")).to_have_attribute("data-state", "away", timeout=LONG)


def test_a_caller_phones_from_the_browser_by_keys(page):
    page.goto("/phone")
    page.click("#call")
    expect(page.locator("#transcript")).to_contain_text("Welcome to Sunrise Store", timeout=LONG)
    heard_frames(page, r"[2-9]\d|\d{3,}")
    page.click('[data-key="1"]')
    expect(page.locator("#transcript")).to_contain_text("What is your order number?", timeout=LONG)
    for key in "100245":
        page.click(f'[data-key="{key}"]')
    expect(page.locator("#transcript")).to_contain_text("has been shipped", timeout=LONG)
    page.click("#hangup")
    expect(page.locator("#state")).to_have_attribute("data-state", "ended", timeout=LONG)


def test_a_customer_answers_a_call_back_at_the_phone_page_and_may_decline_it(page, chromium, site):
    page.goto("/phone")
    page.select_option("#caller", "+15550101")
    page.click("#call")
    expect(page.locator("#transcript")).to_contain_text("Welcome to Sunrise Store", timeout=LONG)
    page.click("#hangup")
    expect(page.locator("#state")).to_have_attribute("data-state", "ended", timeout=LONG)
    expect(page.locator("body")).to_have_attribute("data-reachable", "yes", timeout=LONG)
    agent = chromium.new_context(base_url=site.base, permissions=["microphone"])
    desk = agent.new_page()
    try:
        log_in(desk, "ann", "demo-ann-1", "/desk")
        desk.click("#ready")
        expect(desk.locator("#presence")).to_have_attribute("data-state", "ready", timeout=LONG)
        db = Database(site.database)
        promised = promise(site, db)
        expect(desk.locator("#offer-heading")).to_have_text("A call back for you", timeout=LONG)
        assert "+15550101" in desk.locator("#offer").inner_text()
        desk.click("#accept")
        expect(page.locator("#incoming")).to_be_visible(timeout=LONG)
        page.click("#answer")
        expect(page.locator("#state")).to_have_attribute("data-state", "person", timeout=LONG)
        heard_frames(page, r"[2-9]\d|\d{3,}")
        expect(desk.locator("#presence")).to_have_attribute("data-state", "talking", timeout=LONG)
        desk.click("#hangup")
        expect(page.locator("#state")).to_have_attribute("data-state", "ended", timeout=LONG)
        expect(desk.locator("#presence")).to_have_attribute("data-state", "wrap_up", timeout=LONG)
        with db.read() as session:
            assert session.get_one(CallbackRow, promised).state == "done"
        db.close()
        desk.click("#done")
        desk.click("#away")
        expect(desk.locator("#presence")).to_have_attribute("data-state", "away", timeout=LONG)
    finally:
        agent.close()


def test_an_agent_passes_a_caller_on_to_another_team_with_a_note(page, chromium, site):
    page.goto("/phone")
    page.click("#call")
    expect(page.locator("#transcript")).to_contain_text("Welcome to Sunrise Store", timeout=LONG)
    agents = [chromium.new_context(base_url=site.base, permissions=["microphone"]) for _ in range(2)]
    ann, bob = (agent.new_page() for agent in agents)
    try:
        log_in(ann, "ann", "demo-ann-1", "/desk")
        ann.click("#ready")
        expect(ann.locator("#presence")).to_have_attribute("data-state", "ready", timeout=LONG)
        page.click('[data-key="0"]')
        expect(ann.locator("#accept")).to_be_visible(timeout=LONG)
        ann.click("#accept")
        expect(page.locator("#state")).to_have_attribute("data-state", "person", timeout=LONG)
        ann.fill("#note", "Wants the money back.")
        ann.click("#pass-on summary")
        expect(ann.locator("#pass-queue")).to_contain_text("Refunds", timeout=LONG)
        ann.select_option("#pass-queue", "refunds")
        ann.click("#pass")
        expect(ann.locator("#call-kind")).to_have_text("Passed on to Refunds", timeout=LONG)
        expect(page.locator("#state")).not_to_have_attribute("data-state", "person", timeout=LONG)
        log_in(bob, "bob", "demo-bob-1", "/desk")
        bob.click("#ready")
        expect(bob.locator("#offer")).to_contain_text("Wants the money back.", timeout=LONG)
        bob.click("#accept")
        expect(page.locator("#state")).to_have_attribute("data-state", "person", timeout=LONG)
        heard_frames(page, r"[2-9]\d|\d{3,}")
        bob.click("#hangup")
        expect(page.locator("#state")).to_have_attribute("data-state", "ended", timeout=LONG)
        for desk in (ann, bob):
            desk.click("#done-pause")
            expect(desk.locator("#presence")).to_have_attribute("data-state", "paused", timeout=LONG)
    finally:
        for agent in agents:
            agent.close()


def test_a_caller_without_a_microphone_types(page):
    page.goto("/phone")
    page.click("#type-instead")
    expect(page.locator("#say-text")).to_be_visible(timeout=LONG)
    page.fill("#say-text", "what are your opening hours")
    page.click("#say")
    expect(page.locator("#transcript")).to_contain_text("nine to five", timeout=LONG)


def test_a_supervisor_sees_faults_at_their_line_publishes_and_rolls_back(page, site):
    log_in(page, "sam", "demo-sam-1", "/studio")
    page.click("#tab-menus")
    page.click('#files [data-file="orders.yaml"]')
    expect(page.locator("#editor .ace_content")).to_contain_text("ask_order", timeout=LONG)
    good = page.evaluate("window.ace.edit('editor').getValue()")
    page.evaluate(
        "text => window.ace.edit('editor').setValue(text)",
        good.replace("goto: order_status", "goto: nowhere"),
    )
    fault = page.locator('#faults [data-testid="fault"]').first
    expect(fault).to_contain_text("no node 'nowhere'", timeout=LONG)
    expect(fault).to_have_attribute(
        "data-line", str(good[: good.index("goto: order_status")].count("\n") + 1)
    )
    page.evaluate(
        "text => window.ace.edit('editor').setValue(text)",
        good.replace("What is your order number?", "Your number?"),
    )
    page.click("#save")
    expect(page.locator("#publish")).to_be_enabled(timeout=LONG)
    page.click("#publish")
    page.click('[data-testid="ask-yes"]')
    expect(page.locator('[data-testid="rollback-1"]')).to_be_visible(timeout=LONG)
    answer = site.carrier_post("/voice/twilio/incoming", CallSid="CAnew", From="+1555000111")
    assert answer.status_code == 200
    page.click('[data-testid="rollback-1"]')
    page.click('[data-testid="ask-yes"]')
    expect(page.locator('[data-testid="rollback-2"]')).to_be_visible(timeout=LONG)


def test_a_supervisor_watches_the_floor_live(page, site):
    log_in(page, "sam", "demo-sam-1", "/studio")
    page.click("#tab-floor")
    site.carrier_post("/voice/twilio/incoming", CallSid="CAfloor", From="+15550102", To="+1555")
    expect(page.locator("#live")).to_contain_text("+15550102", timeout=LONG)
    site.carrier_post("/voice/twilio/status", CallSid="CAfloor", CallStatus="completed")
    expect(page.locator("#recent")).to_contain_text("+15550102", timeout=LONG)


def test_pages_fit_a_phone_and_use_nothing_from_outside(chromium, site):
    context = chromium.new_context(base_url=site.base, viewport={"width": 390, "height": 800})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/phone", "/login"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(url.startswith((site.base, "data:", "blob:")) for url in asked)
    context.close()
