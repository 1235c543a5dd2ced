"""The carrier's side of Media Streams: a line's audio to the application's socket and back.

(https://www.twilio.com/docs/voice/media-streams/websocket-messages) 20 ms mu-law frames in real
time, silence included; audio, marks and clears come back. Numbers travel as texts, as Twilio's do.
"""

import asyncio
import base64
import binascii
import json
import secrets
from xml.etree.ElementTree import Element

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ivr.switch.http import Application, ApplicationError
from ivr.switch.line import Key, Line, Playback

log = structlog.get_logger(__name__)
OPEN_LIMIT_S = 10.0
CLOSE_LIMIT_S = 2.0


class StreamClient:
    """One bidirectional stream."""

    def __init__(self, line: Line, call: str, application: Application) -> None:
        self._line, self._call, self._application = line, call, application
        self._stream = f"MZ{secrets.token_hex(16)}"
        self._sequence = 0
        self._chunk = 0
        self._out: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self._playback = Playback(self._mark_passed)

    async def run(self, verb: Element) -> None:
        """Stream until the application closes its side or the line goes down.

        Raise ApplicationError (31920) when the socket cannot be opened.
        """
        url = verb.get("url", "")
        headers = {"X-Twilio-Signature": self._application.sign(url, {})}
        local = self._application.local(url.replace("ws", "http", 1)).replace("http", "ws", 1)
        try:
            socket = await connect(
                local,
                additional_headers=headers,
                user_agent_header="Twilio.TmeWs/1.0",
                compression=None,
                open_timeout=OPEN_LIMIT_S,
                close_timeout=CLOSE_LIMIT_S,
                ping_interval=None,
            )
        except (OSError, InvalidHandshake, TimeoutError) as error:
            raise ApplicationError(31920, f"the socket does not open: {error}") from error
        parameters = {p.get("name", ""): p.get("value", "") for p in verb.findall("Parameter")}
        await self._talk(socket, parameters)

    async def _talk(self, socket: ClientConnection, parameters: dict[str, str]) -> None:
        self._begin(parameters)
        self._line.sink, self._line.source = self._frame, self._playback.next
        tasks = [
            asyncio.create_task(work) for work in (self._read(socket), self._write(socket), self._keys())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._line.sink = self._line.source = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._stop(socket)

    async def _stop(self, socket: ClientConnection) -> None:
        stop = {"accountSid": self._application.account, "callSid": self._call}
        try:
            await socket.send(json.dumps(self._numbered({"event": "stop", "stop": stop})))
            await socket.close()
        except ConnectionClosed:
            return

    # ---- to the application

    def _begin(self, parameters: dict[str, str]) -> None:
        self._out.put_nowait({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "accountSid": self._application.account,
            "streamSid": self._stream,
            "callSid": self._call,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        }
        self._out.put_nowait(self._numbered({"event": "start", "start": start}))

    def _numbered(self, message: dict[str, object]) -> dict[str, object]:
        self._sequence += 1
        return {**message, "sequenceNumber": str(self._sequence), "streamSid": self._stream}

    def _frame(self, ulaw: bytes) -> None:
        self._chunk += 1
        media = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str((self._chunk - 1) * 20),
            "payload": base64.b64encode(ulaw).decode(),
        }
        self._out.put_nowait(self._numbered({"event": "media", "media": media}))

    def _mark_passed(self, name: str) -> None:
        self._out.put_nowait(self._numbered({"event": "mark", "mark": {"name": name}}))

    async def _keys(self) -> None:
        while True:
            pressed = await self._line.inputs.get()
            if isinstance(pressed, Key):
                dtmf = {"track": "inbound_track", "digit": pressed.digit}
                self._out.put_nowait(self._numbered({"event": "dtmf", "dtmf": dtmf}))

    async def _write(self, socket: ClientConnection) -> None:
        try:
            while True:
                await socket.send(json.dumps(await self._out.get()))
        except ConnectionClosed:
            return

    # ---- from the application

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                self._take(text)
        except ConnectionClosed:
            return

    def _take(self, text: str | bytes) -> None:
        if isinstance(text, bytes):
            log.warning("31950: a binary frame was sent", call=self._call)
            return
        try:
            message = json.loads(text)
            match message["event"]:
                case "media":
                    self._playback.put(base64.b64decode(message["media"]["payload"], validate=True))
                case "mark":
                    self._playback.mark(str(message["mark"]["name"]))
                case "clear":
                    self._playback.clear()
                    self._line.endpoint.tell({"type": "clear"})
                case other:
                    log.warning("31951: unknown message", call=self._call, event_name=other)
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            log.warning("31951: invalid message", call=self._call, error=str(error))
