"""A call with both its sides, as a stereo WAV: the caller left, the hotline right, 8 kHz, 16 bit.

`Conversation` is pure: it puts audio where it was heard, and gives what nothing can change any more.
`ConversationFile` writes that as it comes; a second of the call is in memory, not the call. Its header is
right every few seconds, and `repair` makes it right after a kill. Both know no call, socket or clock.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from audio.samples import RATE, Pcm
from audio.wav import wav_header
from ivr.errors import InvalidInput

PER_MS = RATE // 1000
SEAM_MS = 60
"""A gap up to this is the network's jitter: the audio follows on what came before it."""
LATE_MS = 1000
"""Audio may come in this long after it was heard."""
AHEAD_MS = 60_000
"""Audio is kept this long before it is played; a driver that sends more at once loses it in the recording."""
LONGEST_MS = 12 * 3600 * 1000
"""A recording ends here: a WAV file counts its bytes in 32 bits."""
BLOCK = 10 * RATE
"""Samples of a long silence that are made at a time."""


@dataclass(slots=True)
class _Side:
    """One side: what was placed and not given out yet, in order. Positions are samples from the beginning."""

    pieces: list[tuple[int, Pcm]] = field(default_factory=list)
    end: int = 0

    def place(self, pcm: Pcm, at: int, given: int) -> None:
        if at - self.end > SEAM_MS * PER_MS:
            self.end = at
        self.end = max(self.end, given)
        self.pieces.append((self.end, pcm))
        self.end += len(pcm)

    def cut(self, at: int) -> None:
        self.pieces = [(start, pcm[: at - start]) for start, pcm in self.pieces if start < at]
        self.end = min(self.end, at)

    def take(self, begin: int, end: int) -> Pcm:
        """Return what lies between two positions, silence where nothing does, and forget it."""
        out = np.zeros(end - begin, dtype=np.int16)
        rest = []
        for start, pcm in self.pieces:
            part = pcm[max(0, begin - start) : end - start] if start < end else pcm[:0]
            out[max(0, start - begin) : max(0, start - begin) + len(part)] = part
            if start + len(pcm) > end:
                rest.append((max(start, end), pcm[max(0, end - start) :]))
        self.pieces = rest
        return out


class Conversation:
    """Both sides of a call on one time line. Times are milliseconds since the call began.

    What a side sends while its earlier audio still plays comes after it, as on the line; what one side says
    into the other is kept, as each has a channel of its own.
    """

    def __init__(self) -> None:
        self._caller, self._hotline = _Side(), _Side()
        self._given = 0
        self.lost_ms = 0
        """Audio that was too far ahead, or behind the longest recording."""

    def caller(self, pcm: Pcm, at_ms: float) -> None:
        """Take in what the caller said; `at_ms` is when its first sample came."""
        self._place(self._caller, pcm, at_ms)

    def hotline(self, pcm: Pcm, at_ms: float) -> None:
        """Take in what the hotline sent, at the time it was sent."""
        self._place(self._hotline, pcm, at_ms)

    def cleared(self, at_ms: float) -> None:
        """Forget what the hotline sent and the caller has not heard: the carrier was told to drop it."""
        self._hotline.cut(max(self._given, _position(at_ms)))

    def _place(self, side: _Side, pcm: Pcm, at_ms: float) -> None:
        at = _position(at_ms)
        begin = max(side.end, at)
        if begin - max(at, self._given) > AHEAD_MS * PER_MS or begin + len(pcm) > LONGEST_MS * PER_MS:
            self.lost_ms += len(pcm) // PER_MS
        elif len(pcm):
            side.place(pcm, at, self._given)

    def settled(self, now_ms: float) -> Iterator[Pcm]:
        """Yield what is settled at a time, in order: arrays of two columns, caller and hotline."""
        yield from self._until(_position(now_ms - LATE_MS))

    def finished(self, now_ms: float = 0.0) -> Iterator[Pcm]:
        """Yield the rest of a call that ended at a time, without what the hotline sent and nobody heard."""
        if now_ms:
            self.cleared(now_ms)
        yield from self._until(max(self._caller.end, self._hotline.end, _position(now_ms)))

    def _until(self, end: int) -> Iterator[Pcm]:
        end = min(end, LONGEST_MS * PER_MS)
        while self._given < end:
            until = min(end, self._given + BLOCK)
            sides = [side.take(self._given, until) for side in (self._caller, self._hotline)]
            self._given = until
            yield np.stack(sides, axis=1)


def _position(at_ms: float) -> int:
    return round(min(max(at_ms, 0.0), float(LONGEST_MS)) * PER_MS)


# ---- the file

HEADER = 44
FRAME = 4
"""Bytes of one sample of both sides."""
WRITE_MS = 1000
"""How often what is settled is written."""
HEADER_MS = 5000
"""How often the header is made right. A program that plays the file of a killed process loses no more."""


class ConversationFile:
    """A conversation on its way to disk: blocking writes, 32 kB for a second of call, one thread at a time.

    Times are those at which things happen, as they go on. A method raises OSError once, when the disk is
    full; what was written till then is a right file, and the rest of the call is not recorded.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.conversation = Conversation()
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb", buffering=0)
        self._size = 0
        self._written_ms = self._header_ms = 0.0
        self._file.write(wav_header(RATE, 2, 0))

    @property
    def milliseconds(self) -> int:
        """The length of what is written."""
        return self._size // FRAME // PER_MS

    def caller(self, pcm: Pcm, at_ms: float) -> None:
        """Take in what the caller said."""
        self.conversation.caller(pcm, at_ms)
        self.advance(at_ms)

    def hotline(self, pcm: Pcm, at_ms: float) -> None:
        """Take in what the hotline sent."""
        self.conversation.hotline(pcm, at_ms)
        self.advance(at_ms)

    def cleared(self, at_ms: float) -> None:
        """Forget what the hotline sent and the caller has not heard."""
        self.conversation.cleared(at_ms)

    def advance(self, now_ms: float) -> None:
        """Write what is settled, at most once a second of call."""
        if now_ms - self._written_ms < WRITE_MS:
            return
        self._written_ms = now_ms
        self._append(self.conversation.settled(now_ms))
        if now_ms - self._header_ms >= HEADER_MS:
            self._header_ms = now_ms
            self._write_header()

    def close(self, now_ms: float = 0.0) -> int:
        """Write the rest; return the length of the recording in milliseconds. Closing twice is no error."""
        self._append(self.conversation.finished(now_ms))
        if not self._file.closed:
            with self._file:
                self._write_header()
                os.fsync(self._file.fileno())
        return self.milliseconds

    def _append(self, blocks: Iterator[Pcm]) -> None:
        for block in blocks:
            if self._file.closed:
                continue
            data = memoryview(block.astype("<i2").tobytes())
            try:
                while data:
                    taken = self._file.write(data)
                    self._size += taken
                    data = data[taken:]
            except OSError:
                self._give_up()
                raise

    def _give_up(self) -> None:
        self._size = self._size // FRAME * FRAME
        with self._file:
            self._file.truncate(HEADER + self._size)
            self._write_header()

    def _write_header(self) -> None:
        if not self._file.closed:
            os.pwrite(self._file.fileno(), wav_header(RATE, 2, self._size // FRAME * FRAME), 0)


def repair(path: Path) -> bool:
    """Make the header of a recording fit its length, after its writer was killed; return whether it did not.

    Raise InvalidInput when the file is no recording of ours.
    """
    with path.open("r+b") as file:
        head = file.read(HEADER)
        size = file.seek(0, os.SEEK_END) - HEADER
        fits = wav_header(RATE, 2, max(0, size) // FRAME * FRAME)
        if len(head) < HEADER or head[8:40] != fits[8:40]:
            raise InvalidInput(f"{path.name} is no recording of a call")
        if head == fits and size % FRAME == 0:
            return False
        file.truncate(HEADER + size // FRAME * FRAME)
        os.pwrite(file.fileno(), fits, 0)
        return True
