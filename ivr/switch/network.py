"""The network: it places calls, registers browser phones, and steers running calls over REST."""

import asyncio
import secrets

import structlog

from ivr.switch.http import Application, ApplicationError, Caller
from ivr.switch.interpreter import NO_ANSWER_S, Client, Exchange, Leg, Placed, Speak, document_of, ring
from ivr.switch.line import Endpoint, Line

log = structlog.get_logger(__name__)
MOST_CALLS = 500


class Network:
    """All calls of one switch."""

    def __init__(self, application: Application, speak: Speak) -> None:
        self._exchange = Exchange(application, speak)
        self._legs: dict[str, Leg] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._placed: set[str] = set()

    @property
    def application(self) -> Application:
        """Return whom the calls go to."""
        return self._exchange.application

    def place(self, endpoint: Endpoint, caller: str, called: str, *, text: bool = False) -> Leg | None:
        """Place a call from an endpoint; None when all trunks are taken."""
        if len(self._legs) >= MOST_CALLS:
            return None
        leg = Leg(f"CA{secrets.token_hex(16)}", Line(endpoint, text=text), caller, called, self._exchange)
        self._legs[leg.sid] = leg
        self._placed.add(leg.sid)
        task = asyncio.create_task(self._run(leg))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return leg

    def call_out(self, number: str, caller: str, placed: Placed) -> str | None:
        """Place a call to a telephone that has this number here. Return its name; None: no trunk is free."""
        if len(self._legs) >= MOST_CALLS:
            return None
        call = f"CA{secrets.token_hex(16)}"
        task = asyncio.create_task(self._call_out(call, number, caller, placed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    async def _call_out(self, call: str, number: str, caller: str, placed: Placed) -> None:
        client = self._exchange.numbers.get(number)
        if client is None:
            await asyncio.sleep(NO_ANSWER_S)
            await self._unanswered(call, number, caller, placed, "no-answer")
            return
        status = await ring(client, call, caller, {}, placed.timeout_s)
        if status != "answered":
            await self._unanswered(call, number, caller, placed, status)
            return
        leg = Leg(call, client.line, caller, number, self._exchange, placed)
        self._legs[call] = leg
        self._placed.add(call)
        parted = asyncio.create_task(client.parted.wait())
        parted.add_done_callback(lambda done: leg.hang_up())
        try:
            await self._run(leg)
        finally:
            parted.cancel()
            client.busy, client.line = False, Line(client.line.endpoint)
            client.line.open()
            client.line.endpoint.tell({"type": "parted", "call": call})

    async def _unanswered(self, call: str, number: str, caller: str, placed: Placed, status: str) -> None:
        form = {
            "CallSid": call,
            "AccountSid": self.application.account,
            "From": caller,
            "To": number,
            "CallStatus": status,
            "Direction": "outbound-api",
        }
        http = Caller(self.application)
        await http.notify(placed.status_callback, form)
        await http.close()

    async def _run(self, leg: Leg) -> None:
        try:
            await leg.run()
        except Exception:  # one broken call must not take the network down
            log.exception("leg failed", call=leg.sid)
        finally:
            self._legs.pop(leg.sid, None)

    def knows(self, call: str) -> bool:
        """Return whether this network has placed the call."""
        return call in self._placed

    def register(self, identity: str, endpoint: Endpoint) -> Client:
        """Let a browser phone be rung under an identity; the newest one counts."""
        client = Client(identity, Line(endpoint))
        self._exchange.clients[identity] = client
        client.line.open()
        return client

    def give_number(self, client: Client, number: str) -> None:
        """Let a registered phone also be rung under a number or SIP address; the newest one counts."""
        self._exchange.numbers[number] = client

    def unregister(self, client: Client) -> bool:
        """Take a browser phone off; return whether its identity can no longer be rung at all."""
        client.line.close()
        for number in [number for number, one in self._exchange.numbers.items() if one is client]:
            del self._exchange.numbers[number]
        last = self._exchange.clients.get(client.identity) is client
        if last:
            del self._exchange.clients[client.identity]
        return last

    def recording(self, name: str) -> bytes | None:
        """Return a recording as WAV."""
        return self._exchange.recordings.get(name)

    def update(self, call: str, *, twiml: str = "", status: str = "") -> bool:
        """Steer a running call (REST). Return whether there is such a call. Raise ApplicationError."""
        leg = self._legs.get(call)
        if leg is None:
            return False
        if status == "completed":
            leg.hang_up()
        elif twiml:
            leg.replace(document_of(twiml, self.application.incoming))
        else:
            raise ApplicationError(21218, "an update needs Twiml or Status=completed")
        return True

    async def close(self) -> None:
        """End all calls."""
        for leg in list(self._legs.values()):
            leg.hang_up()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=3)
        for client in list(self._exchange.clients.values()):
            self.unregister(client)
