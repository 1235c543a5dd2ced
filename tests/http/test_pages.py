import pytest

from ivr.errors import HotlineError, NotFound, TooBusy
from webhooks.auth import subject_of, token
from webhooks.errors import status_of


def log_in(client, login, password="password-1", **query):
    return client.post("/login", data={"login": login, "password": password}, query_string=query)


@pytest.fixture
def sam(hotline, client):
    hotline.accounts.add("sam", "Sam", "supervisor", "password-1")
    log_in(client, "sam")
    return client


@pytest.fixture
def ann(client):
    log_in(client, "ann")
    return client


@pytest.mark.parametrize(("kind", "status"), [(NotFound, 404), (TooBusy, 503), (HotlineError, 500)])
def test_each_named_failure_has_one_status(kind, status):
    assert status_of(kind("why")) == status


def test_health_says_alive_and_ready(client, hotline):
    assert client.get("/healthz").json == {"status": "ok"}
    hotline.dispatcher.start()
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json["checks"] == {"database": "ok", "dispatcher": "ok", "menus": "ok"}
    hotline.dispatcher.stop()
    assert client.get("/readyz").status_code == 503


def test_what_is_limited_is_said_on_readyz(app, client, hotline):
    object.__setattr__(hotline, "missing", ("no recogniser for 'en': callers use keys only",))
    assert "keys only" in client.get("/readyz").json["speech"]["limited"][0]


def test_figures_are_given_to_machines(client, floor):
    floor.ready("ann")
    floor.call("CA1")
    floor.hotline.speech.speaking.prompts.get("nothing")
    text = client.get("/metrics").text
    assert 'ivr_cases{state="overdue"} 0.0' in text
    assert 'ivr_prompts_total{what="misses"} 1.0' in text
    assert 'ivr_calls{state="queued"} 1.0' in text
    assert 'ivr_agents{state="ringing"} 1.0' in text


def test_pages_need_a_log_in_and_the_right_role(client, hotline):
    for path in ("/desk", "/studio", "/desk/api/me", "/studio/api/floor"):
        assert client.get(path).status_code == 302
    log_in(client, "ann")
    assert client.get("/desk").status_code == 200
    assert client.get("/studio").status_code == 403
    assert client.get("/studio/api/menus").json["code"] == "refused"
    client.post("/logout")
    assert client.get("/desk").status_code == 302


def test_a_wrong_password_lets_nobody_in(client):
    assert "do not fit" in log_in(client, "ann", "wrong").text
    assert client.get("/desk").status_code == 302


@pytest.mark.parametrize(
    "where", ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)"]
)
def test_a_log_in_never_leads_to_another_site(client, where):
    assert log_in(client, "ann", next=where).headers["Location"] == "/desk"


def test_forms_without_a_token_are_refused(hotline):
    from webhooks.app import create_app

    app = create_app(hotline)
    client = app.test_client()
    assert client.post("/login", data={"login": "ann", "password": "password-1"}).status_code == 400
    app.extensions["voice_work"].close()


def test_pages_allow_no_outside_script(client):
    policy = client.get("/login").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy


def test_the_agent_s_day_over_the_api(ann, floor, carrier):
    assert ann.get("/desk/api/me").json["state"] == "away"
    assert ann.post("/desk/api/state", json={"state": "ready"}).json["state"] == "ready"
    floor.settle()
    floor.call("CA1")
    offer = ann.get("/desk/api/me").json["call"]["offer"]
    assert ann.post(f"/desk/api/offers/{offer}/accept").json["state"] == "talking"
    assert ann.get("/desk/api/calls/CA1").json["turns"][0]["node"] == "welcome"
    assert ann.get("/desk/api/calls/CA2").json["turns"] == []
    ticket = ann.get("/desk/api/me").json["ticket"]
    assert ann.post("/desk/api/note", json={"ticket": ticket, "note": "hi"}).json == {"ok": True}
    assert ann.post("/desk/api/hangup").json == {"ok": True}
    assert carrier.ended == ["CA1"]


@pytest.mark.parametrize("body", [{"state": "flying"}, {}, [], "x", None])
def test_the_desk_refuses_what_makes_no_sense(ann, body):
    answer = ann.post("/desk/api/state", json=body)
    assert answer.status_code == 422
    assert answer.json["message"]


def test_an_offer_that_is_over_is_a_conflict(ann):
    assert ann.post("/desk/api/offers/T1.1/accept").status_code == 409


def test_a_supervisor_edits_checks_publishes_and_rolls_back(sam):
    menus = sam.get("/studio/api/menus").json
    assert "orders.yaml" in menus["files"]
    first = menus["versions"][0]["id"]
    text = menus["files"]["orders.yaml"].replace("goto: order_status", "goto: nowhere", 1)
    checked = sam.post("/studio/api/check", json={"name": "orders.yaml", "text": text}).json
    assert checked["faults"][0]["rule"] == "unknown-target"
    saved = sam.post("/studio/api/draft", json={"name": "orders.yaml", "text": text, "revision": 0})
    assert saved.json["changed"]
    assert sam.post("/studio/api/publish", json={"note": "x"}).status_code == 422
    stale = sam.post("/studio/api/draft", json={"name": "orders.yaml", "text": text, "revision": 0})
    assert stale.status_code == 409
    good = menus["files"]["orders.yaml"].replace("Say it, or key it in.", "Please say it.")
    revision = saved.json["revision"]
    sam.post("/studio/api/draft", json={"name": "orders.yaml", "text": good, "revision": revision})
    published = sam.post("/studio/api/publish", json={"note": "shorter"}).json
    assert [version["number"] for version in published["versions"]] == [2, 1]
    back = sam.post("/studio/api/rollback", json={"version": first}).json
    assert back["versions"][1]["published"]
    sam.post("/studio/api/draft", json={"name": "orders.yaml", "text": good, "revision": 0})
    assert not sam.delete("/studio/api/draft").json["changed"]


def test_the_floor_shows_calls_queue_and_agents(sam, floor):
    floor.call("CA1")
    seen = sam.get("/studio/api/floor").json
    assert seen["calls"][0]["status"] == "queued"
    assert seen["tickets"][0]["queue"] == "support"
    assert {agent["agent"] for agent in seen["agents"]} == {"ann", "bob"}
    assert sam.get("/studio/api/calls/CA1").json["turns"]
    assert sam.get("/studio/api/calls/CA9").status_code == 404


def test_the_phone_page_gives_a_line_and_can_be_switched_off(client, hotline):
    given = client.get("/phone/token").json["token"]
    assert subject_of(hotline.settings.secret_key, "line", given) == "caller"
    assert client.get("/phone").status_code == 200
    object.__setattr__(hotline, "settings", hotline.settings.model_copy(update={"phone": False}))
    assert client.get("/phone").status_code == 404


def test_a_token_serves_its_own_purpose_only():
    made = token("a" * 16, "line", "caller")
    assert subject_of("a" * 16, "client", made) is None
    assert subject_of("b" * 16, "line", made) is None
    assert subject_of("a" * 16, "line", "junk") is None


def test_an_unknown_page_is_a_calm_page(client):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "text/html" in answer.content_type
