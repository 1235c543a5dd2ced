"""A telephone in this process whose line ends at a switch elsewhere: what `ivr call` holds.

It keeps time of what it hears, so that a caller can tell how long an answer took.
"""

import asyncio
import json
import time
from collections.abc import Callable
from urllib.parse import urlencode

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from audio.pcm import from_ulaw
from ivr.switch.line import FRAME, FRAME_S

AUDIBLE = 200
"""Mean absolute sample above which a frame counts as sound."""
Signs = Callable[[dict[str, object]], None]


class LineRefused(Exception):
    """The switch does not take the call; the message says why."""


class RemotePhone:
    """One phone."""

    def __init__(self, on_sign: Signs = lambda sign: None) -> None:
        self._on_sign = on_sign
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self.call = ""
        self.answered = asyncio.Event()
        self.ended = asyncio.Event()
        self.last_audible = 0.0
        self.first_audible_after: float | None = None
        self.cleared_at: float | None = None
        self.began_speaking = 0.0
        self._waiting_for_sound = False
        self.heard: list[bytes] = []
        self.spoken: list[bytes] = []

    async def open(self, base: str, token: str) -> None:
        """Connect to the switch. Raise LineRefused."""
        url = f"{base.replace('http', 'ws', 1)}/switch/line?{urlencode({'token': token})}"
        try:
            self._socket = await connect(url, compression=None, max_size=1_000_000, ping_interval=None)
        except (OSError, InvalidHandshake, InvalidStatus, TimeoutError) as error:
            raise LineRefused(f"the switch at {base} does not answer: {error}") from error
        self._reader = asyncio.create_task(self._read(self._socket))

    async def dial(self, caller: str, called: str, *, text: bool = False) -> None:
        """Place the call and wait until it is answered. Raise LineRefused."""
        await self._tell({"type": "dial", "from": caller, "to": called, "text": text})
        done, _ = await asyncio.wait(
            [asyncio.create_task(self.answered.wait()), asyncio.create_task(self.ended.wait())],
            timeout=20,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not done or not self.answered.is_set():
            raise LineRefused("the hotline did not answer the call")

    async def press(self, digits: str) -> None:
        """Press keys."""
        for digit in digits:
            await self._tell({"type": "key", "digit": digit})
            await asyncio.sleep(0.08)

    async def type_words(self, text: str) -> None:
        """Say something without sound (text mode)."""
        await self._tell({"type": "say", "text": text})

    async def stay_silent(self) -> None:
        """End a wait for words at once (text mode)."""
        await self._tell({"type": "silence"})

    async def speak(self, ulaw: bytes) -> float:
        """Send speech in real time; return the moment (monotonic s) of its last audible sound."""
        frames = [ulaw[at : at + FRAME] for at in range(0, len(ulaw), FRAME)]
        loud = [n for n, frame in enumerate(frames) if audible(frame)]
        last = loud[-1] if loud else len(frames) - 1
        ended = due = time.monotonic()
        first = loud[0] if loud else 0
        for number, frame in enumerate(frames):
            if number == first:
                self.began_speaking = due
            if self._socket is None or self.ended.is_set():
                break
            await self._send(frame)
            self.spoken.append(frame)
            due += FRAME_S
            if number == last:
                ended = due
                self.listen_for_reply()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        return ended

    def forget_clears(self) -> None:
        """From now on a clear is one for what is said next."""
        self.cleared_at = None

    def listen_for_reply(self) -> None:
        """From now on the next sound is the reply: note when it comes."""
        self.first_audible_after = None
        self._waiting_for_sound = True

    async def hang_up(self) -> None:
        """End the call and wait for its end."""
        await self._tell({"type": "hangup"})
        try:
            await asyncio.wait_for(self.ended.wait(), 5)
        except TimeoutError:
            return

    async def close(self) -> None:
        """Close the line."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _tell(self, message: dict[str, object]) -> None:
        await self._send(json.dumps(message))

    async def _send(self, data: bytes | str) -> None:
        assert self._socket is not None
        try:
            await self._socket.send(data)
        except ConnectionClosed:
            self.ended.set()

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for message in socket:
                if isinstance(message, bytes):
                    self._hear(message)
                else:
                    self._sign(json.loads(message))
        except ConnectionClosed:
            pass
        self.ended.set()

    def _hear(self, ulaw: bytes) -> None:
        self.heard.append(ulaw)
        if audible(ulaw):
            self.last_audible = time.monotonic()
            if self._waiting_for_sound:
                self._waiting_for_sound = False
                self.first_audible_after = self.last_audible

    def _sign(self, sign: dict[str, object]) -> None:
        match sign.get("type"):
            case "ringing":
                self.call = str(sign.get("call", ""))
            case "answered":
                self.answered.set()
            case "ended" | "failed":
                self.ended.set()
            case "clear":
                self.cleared_at = time.monotonic()
        self._on_sign(sign)


def audible(ulaw: bytes) -> bool:
    """Return whether a frame holds sound."""
    return bool(np.abs(from_ulaw(ulaw).astype(np.int32)).mean() > AUDIBLE)
