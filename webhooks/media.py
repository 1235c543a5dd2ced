"""The media socket `/media/twilio`: Media Streams frames in and out of one talk.

The socket reads without ever waiting for anything else: a slow reader loses caller audio (Twilio
error 31930). A stream opens only with the one-use token of its call.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import structlog

from audio.session import SendAudio, SendClear, SendMark
from ivr.bootstrap import Hotline
from ivr.telephony.twilio import media
from webhooks.talk import Talk

log = structlog.get_logger(__name__)
START_LIMIT_S = 5.0
IDLE_LIMIT_S = 30.0
REFUSED = 1008
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class MediaSocket:
    """One connection."""

    def __init__(self, hotline: Hotline, receive: Receive, send: Send) -> None:
        self.hotline, self._receive, self._send = hotline, receive, send
        self._out: asyncio.Queue[str] = asyncio.Queue()
        self._complained = False

    async def serve(self) -> None:
        """Serve the socket until either side closes it."""
        await self._send({"type": "websocket.accept"})
        start = await self._started()
        if start is None:
            await self._close(REFUSED)
            return
        talk = Talk(self.hotline, start.call, lambda outputs: self._queue(start.stream, outputs))
        tasks = [
            asyncio.create_task(talk.run()),
            asyncio.create_task(self._read(talk)),
            asyncio.create_task(self._write()),
        ]
        try:
            await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await talk.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._ended(start.call, talk)

    async def _ended(self, call: str, talk: Talk) -> None:
        if talk.over_by_us:
            await self._close(1000)
            return
        await asyncio.to_thread(self._line_lost, call)

    def _line_lost(self, call: str) -> None:
        """The carrier closed the stream: the caller is gone, unless an agent has been connected."""
        ticket = self.hotline.queue.ticket_of(call)
        if ticket is None or ticket.state in ("waiting", "offered"):
            self.hotline.calls.hang_up(call)

    # ---- in

    async def _started(self) -> media.Start | None:
        """Return the stream's start, if it comes in time with a token that is good."""
        try:
            async with asyncio.timeout(START_LIMIT_S):
                while True:
                    message = await self._next()
                    if message is None:
                        return None
                    if isinstance(message, media.Start):
                        break
        except TimeoutError:
            log.warning("stream without a start")
            return None
        token = message.parameters.get("token", "")
        good = await asyncio.to_thread(self.hotline.calls.claim_stream, message.call, token)
        if not good:
            log.warning("stream refused", call=message.call)
            return None
        return message

    async def _next(self) -> media.Message | None:
        """Return the next message that means something; None when the socket is closed."""
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                return None
            if event["type"] != "websocket.receive":
                continue
            try:
                if event.get("text") is None:
                    raise media.Malformed("a binary frame was sent")
                message = media.parse(event["text"])
            except media.Malformed as error:
                if not self._complained:
                    self._complained = True
                    log.warning("malformed media message", error=str(error))
                continue
            if message is not None:
                return message

    async def _read(self, talk: Talk) -> None:
        while True:
            async with asyncio.timeout(IDLE_LIMIT_S):
                message = await self._next()
            match message:
                case media.Media(ulaw=ulaw):
                    talk.audio(ulaw)
                case media.Dtmf(digit=digit):
                    talk.key(digit)
                case media.Mark(name=name):
                    talk.mark(name)
                case media.Stop() | None:
                    return
                case media.Connected() | media.Start():
                    pass

    # ---- out

    def _queue(self, stream: str, outputs: Sequence[SendAudio | SendMark | SendClear]) -> None:
        for output in outputs:
            match output:
                case SendAudio(ulaw=ulaw):
                    self._out.put_nowait(media.media(stream, ulaw))
                case SendMark(name=name):
                    self._out.put_nowait(media.mark(stream, name))
                case SendClear():
                    self._out.put_nowait(media.clear(stream))

    async def _write(self) -> None:
        while True:
            await self._send({"type": "websocket.send", "text": await self._out.get()})

    async def _close(self, code: int) -> None:
        try:
            await self._send({"type": "websocket.close", "code": code})
        except (RuntimeError, OSError):
            log.debug("the socket was closed already")
