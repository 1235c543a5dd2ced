"""The network: it places calls, registers browser phones, and steers running calls over REST."""

import asyncio
import secrets

import structlog

from ivr.switch.http import Application, ApplicationError
from ivr.switch.interpreter import Client, Exchange, Leg, Speak, document_of
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
