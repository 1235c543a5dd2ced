"""A customer is called back through the real switch: rung, greeted, connected with the agent by sound."""

import asyncio
import json
import re

import httpx
import pytest
from websockets.asyncio.client import connect

from ivr.clock import utc_now
from ivr.service.lease import Lease
from ivr.storage.tables import AgentRow, CallbackRow, TicketRow
from tests.e2e.test_several import QUIET, make_ready, tables, until
from tests.live import CUSTOMER, SECRET, live, promise
from webhooks.auth import token

FRAME = b"\x10" * 160


@pytest.fixture(scope="module")
def hotline(tmp_path_factory, prompts):
    with live(tmp_path_factory.mktemp("callback"), prompts, **QUIET) as one:
        yield one


def ticket(db, promised):
    with db.read() as session:
        return session.query(TicketRow).filter_by(callback=promised).one()


class Desk:
    """An agent's browser, as far as HTTP goes."""

    def __enter__(self):
        return self

    def __exit__(self, *gone):
        self.http.close()

    def __init__(self, hotline, login, password):
        self.http = httpx.Client(base_url=hotline.base, timeout=20, follow_redirects=True)
        page = self.http.get("/login").text
        form = {"csrf_token": self._token(page), "login": login, "password": password}
        page = self.http.post("/login", data=form, headers={"Referer": hotline.base}).text
        self.headers = {"X-CSRFToken": self._token(page), "Referer": hotline.base}

    @staticmethod
    def _token(page):
        return re.search(r'name="csrf-token" content="([^"]+)"', page)[1]

    def post(self, path, **body):
        return self.http.post(path, json=body, headers=self.headers)


async def told(line, kind, seconds=15):
    """Wait for a sign; count the sound that comes before it."""
    frames = 0
    async with asyncio.timeout(seconds):
        async for message in line:
            if isinstance(message, bytes):
                frames += 1
            elif json.loads(message)["type"] == kind:
                return json.loads(message), frames
    raise AssertionError(f"never {kind}")


def line(hotline, kind, subject):
    return connect(f"{hotline.base.replace('http', 'ws')}/switch/line?token={token(SECRET, kind, subject)}")


def test_a_customer_is_called_back_and_talks_with_the_agent(hotline):
    from ivr.cli.calls import LOGINS

    login, _, _, password, _ = next(one for one in LOGINS if one[2] == "agent")
    with Desk(hotline, login, password) as desk, tables(hotline) as db:
        promised = promise(hotline, db)

        async def talk():
            async with line(hotline, "client", login) as agent, line(hotline, "line", "caller") as customer:
                await customer.send(json.dumps({"type": "number", "number": CUSTOMER}))
                make_ready(db, login)
                offered = await asyncio.to_thread(until, lambda: ticket(db, promised).offer)
                answer = await asyncio.to_thread(desk.post, f"/desk/api/offers/{offered}/accept")
                assert answer.status_code == 200
                incoming, _ = await told(customer, "incoming")
                assert incoming["from"] == "+1555"
                await customer.send(json.dumps({"type": "answer"}))
                ringing, _ = await told(agent, "incoming")
                assert ringing["parameters"]["ticket"] == ticket(db, promised).id
                await agent.send(json.dumps({"type": "answer"}))
                await told(customer, "bridged")
                await told(agent, "bridged")
                for _ in range(50):
                    await agent.send(FRAME)
                heard = 0
                async with asyncio.timeout(5):
                    async for message in customer:
                        heard += message == FRAME
                        if heard == 20:
                            break
                assert (ticket(db, promised).state, ticket(db, promised).dialled) == ("connected", True)
                await customer.send(json.dumps({"type": "hangup"}))
                await told(agent, "parted")

        asyncio.run(talk())
        until(lambda: ticket(db, promised).state in ("wrap_up", "done"))
        with db.read() as session:
            assert session.get_one(CallbackRow, promised).state == "done"
            assert session.get_one(AgentRow, login).state == "wrap_up"


def test_a_customer_who_does_not_answer_is_an_attempt_and_the_agent_is_free(hotline):
    from ivr.cli.calls import LOGINS

    login, _, _, password, _ = next(one for one in LOGINS if one[2] == "agent")
    with Desk(hotline, login, password) as desk, tables(hotline) as db:
        promised = promise(hotline, db)

        async def talk():
            async with line(hotline, "client", login):
                make_ready(db, login)
                offered = await asyncio.to_thread(until, lambda: ticket(db, promised).offer)
                await asyncio.to_thread(desk.post, f"/desk/api/offers/{offered}/accept")
                await asyncio.to_thread(until, lambda: ticket(db, promised).attempts == 1)

        asyncio.run(talk())
        row = until(lambda: (one := ticket(db, promised)).not_before and one)
        assert row.state == "waiting"
        assert 200 < (row.not_before - utc_now()).total_seconds() <= 300
        Lease(db, utc_now).wake()
