"""One end of a call: audio to and from an endpoint on a 20 ms clock, keys and typed words.

Mu-law frames of 160 bytes. What the far end says goes to a sink; what it hears comes from a source.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

FRAME = 160
FRAME_S = 0.02
SILENCE = b"\xff" * FRAME
MOST_INBOUND = 100
"""Frames kept from an endpoint that sends faster than real time: two seconds."""


class Endpoint(Protocol):
    """A telephone: a browser, a script, a terminal."""

    def hear(self, ulaw: bytes) -> None:
        """Take one frame of audio to be heard."""

    def tell(self, message: dict[str, object]) -> None:
        """Take a sign: ringing, answered, said (text mode), ended."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key was pressed."""

    digit: str


@dataclass(frozen=True, slots=True)
class Words:
    """Something was typed instead of spoken (text mode)."""

    text: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """The person stays silent on purpose (text mode): waits end at once."""


Input = Key | Words | Nothing
Sink = Callable[[bytes], None]
Source = Callable[[], bytes | None]


class Line:
    """An endpoint's line while it is up."""

    def __init__(self, endpoint: Endpoint, *, text: bool = False) -> None:
        self.endpoint, self.text = endpoint, text
        self.inputs: asyncio.Queue[Input] = asyncio.Queue()
        self.down = asyncio.Event()
        self.sink: Sink | None = None
        self.source: Source | None = None
        self._inbound: deque[bytes] = deque(maxlen=MOST_INBOUND)
        self._rest = b""
        self._clock: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Start the clock; a text line has none."""
        if not self.text:
            self._clock = asyncio.create_task(self._run())

    def close(self) -> None:
        """Take the line down; it stays down."""
        self.down.set()
        if self._clock is not None:
            self._clock.cancel()

    def speak(self, ulaw: bytes) -> None:
        """Take audio from the endpoint, of any length."""
        data = self._rest + ulaw
        whole = len(data) // FRAME * FRAME
        self._inbound.extend(data[at : at + FRAME] for at in range(0, whole, FRAME))
        self._rest = data[whole:]

    async def _run(self) -> None:
        due = time.monotonic()
        while not self.down.is_set():
            frame = self._inbound.popleft() if self._inbound else SILENCE
            if self.sink is not None:
                self.sink(frame)
            heard = self.source() if self.source is not None else None
            if heard is not None:
                self.endpoint.hear(heard)
            due += FRAME_S
            wait = due - time.monotonic()
            if wait < -1.0:  # the machine slept: do not catch up for ever
                due = time.monotonic()
            await asyncio.sleep(max(0.0, wait))


class Playback:
    """Audio waiting to be heard, with marks in between: the source of a line."""

    def __init__(self, marked: Callable[[str], None] = lambda name: None) -> None:
        self._items: deque[bytes | str] = deque()
        self._rest = b""
        self._marked = marked
        self.empty = asyncio.Event()
        self.empty.set()

    def put(self, ulaw: bytes) -> None:
        """Add audio of any length."""
        data = self._rest + ulaw
        whole = len(data) // FRAME * FRAME
        self._items.extend(data[at : at + FRAME] for at in range(0, whole, FRAME))
        self._rest = data[whole:]
        if self._items:
            self.empty.clear()

    def finish(self) -> None:
        """Fill the last frame up with silence."""
        if self._rest:
            self.put(SILENCE[len(self._rest) :])

    def mark(self, name: str) -> None:
        """Add a mark; it returns when all audio before it has been heard, at once if there is none."""
        self.finish()
        self._items.append(name)
        self._pass_marks()

    def clear(self) -> None:
        """Throw all audio away; every pending mark returns."""
        names = [item for item in self._items if isinstance(item, str)]
        self._items.clear()
        self._rest = b""
        self.empty.set()
        for name in names:
            self._marked(name)

    def next(self) -> bytes | None:
        """Return the next frame, or None when nothing is to be heard."""
        if not self._items:
            return None
        frame = self._items.popleft()
        self._pass_marks()
        assert isinstance(frame, bytes)
        return frame

    def _pass_marks(self) -> None:
        while self._items and isinstance(self._items[0], str):
            name = self._items.popleft()
            assert isinstance(name, str)
            self._marked(name)
        if not self._items:
            self.empty.set()


def bridge(one: Line, other: Line) -> Callable[[], None]:
    """Let two lines hear each other; return the end of it."""
    to_one, to_other = Playback(), Playback()
    one.sink, one.source = to_other.put, to_one.next
    other.sink, other.source = to_one.put, to_other.next

    def part() -> None:
        for line in (one, other):
            line.sink = line.source = None

    return part
