"""A telephone at the other end of a WebSocket: the phone page, the desk, `ivr call`.

Binary messages are mu-law audio, both ways. Text messages are JSON with a `type`: from the phone
dial, key, say (text mode), silence, hangup, answer, decline, number (be rung under it); to the phone
ringing, answered, said, queued, left, incoming, bridged, parted, clear, ended.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ivr.switch.interpreter import Client, Leg
from ivr.switch.line import Key, Line, Nothing, Words
from ivr.switch.network import Network

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
MOST_UNSENT = 500
"""Messages kept for a phone that reads too slowly: ten seconds of audio; the oldest are dropped."""
KEYS = "0123456789*#"


class SocketPhone:
    """One phone."""

    def __init__(
        self,
        network: Network,
        receive: Receive,
        send: Send,
        identity: str | None,
        gone: Callable[[str], None] = lambda identity: None,
    ) -> None:
        """`gone` is told the identity of a registered phone whose last socket has closed."""
        self._network, self._receive, self._send, self._identity = network, receive, send, identity
        self._gone = gone
        self._out: asyncio.Queue[bytes | str] = asyncio.Queue(MOST_UNSENT)
        self._leg: Leg | None = None
        self._client: Client | None = None

    # ---- the endpoint

    def hear(self, ulaw: bytes) -> None:
        """Send audio to the phone."""
        self._put(ulaw)

    def tell(self, message: dict[str, object]) -> None:
        """Send a sign to the phone."""
        self._put(json.dumps(message))

    def _put(self, item: bytes | str) -> None:
        if self._out.full():
            self._out.get_nowait()
        self._out.put_nowait(item)

    # ---- the socket

    async def serve(self) -> None:
        """Serve the phone until its socket closes; its call ends with it."""
        await self._send({"type": "websocket.accept"})
        if self._identity is not None:
            self._client = self._network.register(self._identity, self)
        writer = asyncio.create_task(self._write())
        try:
            while (event := await self._receive())["type"] != "websocket.disconnect":
                if event["type"] == "websocket.receive":
                    self._take(event)
        finally:
            if self._leg is not None:
                self._leg.hang_up()
            if self._client is not None and self._network.unregister(self._client) and self._identity:
                self._gone(self._client.identity)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self) -> None:
        while True:
            item = await self._out.get()
            kind = "bytes" if isinstance(item, bytes) else "text"
            await self._send({"type": "websocket.send", kind: item})

    def _line(self) -> Line | None:
        if self._leg is not None:
            return self._leg.line
        return self._client.line if self._client else None

    def _take(self, event: MutableMapping[str, Any]) -> None:
        line = self._line()
        if (data := event.get("bytes")) is not None:
            if line is not None:
                line.speak(data)
            return
        try:
            message = json.loads(event.get("text") or "")
            kind = message["type"]
        except (ValueError, KeyError, TypeError):
            self.tell({"type": "error", "message": "send JSON with a type"})
            return
        self._obey(str(kind), message, line)

    def _obey(self, kind: str, message: dict[str, Any], line: Line | None) -> None:
        match kind:
            case "dial" if self._identity is None and self._leg is None:
                self._dial(message)
            case "key" if line and str(message.get("digit")) in KEYS:
                line.inputs.put_nowait(Key(str(message["digit"])))
            case "say" if line:
                line.inputs.put_nowait(Words(str(message.get("text", ""))[:500]))
            case "silence" if line:
                line.inputs.put_nowait(Nothing())
            case "number" if message.get("number"):
                self._be_rung(str(message["number"])[:64])
            case "answer" | "decline" if self._client:
                self._client.decide(kind == "answer")
            case "hangup":
                self._hang_up()
            case _:
                self.tell({"type": "error", "message": f"'{kind}' means nothing here now"})

    def _be_rung(self, number: str) -> None:
        """Let the phone be rung under a number: a desk's, or that of a caller who may be called back."""
        if self._client is None:
            self._client = self._network.register(f"number {number}", self)
        self._network.give_number(self._client, number)

    def _dial(self, message: dict[str, Any]) -> None:
        caller, called = str(message.get("from", ""))[:64], str(message.get("to", ""))[:64]
        self._leg = self._network.place(self, caller, called, text=bool(message.get("text")))
        if self._leg is None:
            self.tell({"type": "failed", "error": "all lines are busy"})

    def _hang_up(self) -> None:
        if self._leg is not None:
            self._leg.hang_up()
            self._leg = None
        if self._client is not None:
            self._client.parted.set()
