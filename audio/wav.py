"""WAV files: those of callers and carriers read, in blocks, and our own written. It knows no telephone.

Read are PCM of 8 to 32 bits, floats, mu-law and A-law, at any usual rate. One to eight channels are
mixed down evenly, or one of them is taken. Headers are not believed where the file says otherwise:
what is there is read. Anything else is refused in a sentence (InvalidInput), never with a trace.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from audio.codec import from_alaw, from_ulaw
from audio.resampling import Resampler
from audio.samples import RATE, Pcm
from ivr.errors import InvalidInput

BLOCK = 65_536
"""Frames (samples of all channels) that are decoded at a time."""
MOST_CHANNELS = 8
RATES = range(4000, 192_001)
MOST_CHUNKS = 1000
UNKNOWN_SIZE = 0xFFFFFFFF
"""What a writer notes that did not know how long the sound would be."""
PCM, FLOAT, ALAW, ULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
WIDTHS = {PCM: (1, 2, 3, 4), FLOAT: (4, 8), ALAW: (1,), ULAW: (1,)}
OTHER_ENCODINGS = {
    2: "Microsoft ADPCM", 17: "IMA ADPCM", 49: "GSM 6.10", 80: "MPEG", 85: "MP3", 101: "G.726", 255: "AAC",
}  # fmt: skip
OTHER_FILES = {
    b"RF64": "a WAV file of more than 4 GB (RF64)",
    b"BW64": "a WAV file of more than 4 GB (BW64)",
    b"RIFX": "a big-endian WAV file (RIFX)",
    b"OggS": "an Ogg file",
    b"fLaC": "a FLAC file",
    b"FORM": "an AIFF file",
    b"caff": "a CAF file",
    b"ID3\x03": "an MP3 file",
    b"ID3\x04": "an MP3 file",
    b"\xff\xfb": "an MP3 file",
    b"\x1aE\xdf\xa3": "a WebM file",
    b"#!AM": "an AMR file",
}


@dataclass(frozen=True, slots=True)
class WavFormat:
    """How samples are written: encoding as in the header, bytes a sample, channels, rate in Hz."""

    encoding: int
    width: int
    channels: int
    rate: int


class WavReader:
    """A WAV file, opened. It reads in blocks: an hour of sound takes no more memory than a second."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.format, self._start, size = _found(file)
        self._frame = self.format.width * self.format.channels
        self.length = size // self._frame
        """Frames in the file: seconds times rate."""

    def blocks(self, channel: int | None = None) -> Iterator[Pcm]:
        """Yield the sound: one channel, counted from 0, or all mixed down."""
        channels = self.format.channels
        if channel is not None and not 0 <= channel < channels:
            raise InvalidInput(f"the WAV file has {channels} channels; there is no channel {channel}")
        self._file.seek(self._start)
        left = self.length
        while left:
            data = self._file.read(min(left, BLOCK) * self._frame)
            data = data[: len(data) // self._frame * self._frame]
            if not data:
                return
            left -= len(data) // self._frame
            yield _mono(_samples(data, self.format), channels, channel)


def _mono(samples: NDArray[np.float64] | Pcm, channels: int, channel: int | None) -> Pcm:
    """Return one channel, or all of them mixed down, as 16 bit."""
    if channels > 1:
        table = samples.reshape(-1, channels)
        samples = table.mean(axis=1) if channel is None else table[:, channel]
    if samples.dtype == np.int16:
        return np.ascontiguousarray(samples, dtype=np.int16)
    pcm: Pcm = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return pcm


def _samples(data: bytes, form: WavFormat) -> NDArray[np.float64] | Pcm:
    """Return samples on the scale of 16 bits, interleaved as in the file."""
    match form.encoding, form.width:
        case (1, 1):
            return (np.frombuffer(data, dtype=np.uint8).astype(np.int16) - 128) << 8
        case (1, 2):
            return np.frombuffer(data, dtype="<i2").astype(np.int16)
        case (1, 3):
            low, middle, high = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3).T.astype(np.int32)
            whole = low | (middle << 8) | (high << 16)
            return np.where(high & 0x80, whole - (1 << 24), whole) / 256
        case (1, 4):
            return np.frombuffer(data, dtype="<i4") / 65_536
        case (6, 1):
            return from_alaw(data)
        case (7, 1):
            return from_ulaw(data)
    with np.errstate(all="ignore"):
        floats = np.frombuffer(data, dtype=f"<f{form.width}").astype(np.float64)
        return np.clip(np.nan_to_num(floats, nan=0.0), -1, 1) * 32_768


# ---- the header


def _found(file: BinaryIO) -> tuple[WavFormat, int, int]:
    """Return how the samples are written, where they begin, and how many bytes of them there are."""
    total = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(12)
    _recognised(head, total)
    honest = struct.unpack("<I", head[4:8])[0] + 8 in (total, total - 1)
    form: WavFormat | None = None
    sound: tuple[int, int] | None = None
    for name, start, size in _chunks(file, total):
        if name == b"fmt " and form is None:
            file.seek(start)
            form = _format(file.read(min(size, 40)))
        elif name == b"data" and sound is None:
            streamed = size == UNKNOWN_SIZE or (size == 0 and not honest)
            sound = (start, total - start if streamed else min(size, total - start))
            if streamed:
                break
    if form is None:
        raise InvalidInput("the WAV file does not say how its samples are written (no fmt chunk)")
    if sound is None:
        raise InvalidInput("the WAV file holds no sound (no data chunk)")
    return form, *sound


def _recognised(head: bytes, total: int) -> None:
    if not total:
        raise InvalidInput("the file is empty")
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return
    for start, what in OTHER_FILES.items():
        if head.startswith(start):
            raise InvalidInput(f"this is {what}; save it as a WAV file with 16-bit samples")
    raise InvalidInput("this is not a WAV file")


def _chunks(file: BinaryIO, total: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, size) of the chunks, however they are ordered; the last may claim too much."""
    at = 12
    for number in count():
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or not head[:4].isascii() or not head[:4].decode().isprintable():
            return
        if number == MOST_CHUNKS:
            raise InvalidInput(f"the WAV file has more than {MOST_CHUNKS} chunks")
        size = struct.unpack("<I", head[4:])[0]
        yield head[:4], at + 8, size
        at = _behind(file, at + 8 + size, total)


def _behind(file: BinaryIO, end: int, total: int) -> int:
    """Return where the next chunk begins: at an even place, unless the writer forgot to fill up."""
    if end % 2 == 0 or end >= total:
        return end
    file.seek(end)
    forgot = file.read(1) not in (b"\0", b" ", b"")
    return end if forgot else end + 1


def _format(chunk: bytes) -> WavFormat:
    """Read the fmt chunk. Raise InvalidInput for what we cannot read."""
    if len(chunk) < 16:
        raise InvalidInput("the WAV file is cut off in its header")
    encoding, channels, rate, _, align, bits = struct.unpack("<HHIIHH", chunk[:16])
    if encoding == EXTENSIBLE and len(chunk) >= 26:
        encoding = struct.unpack("<H", chunk[24:26])[0]
    if encoding not in WIDTHS:
        name = OTHER_ENCODINGS.get(encoding, f"encoding {encoding}")
        raise InvalidInput(f"the WAV file is written in {name}; PCM, floats, mu-law and A-law are read")
    if not 1 <= channels <= MOST_CHANNELS:
        raise InvalidInput(f"the WAV file has {channels} channels; 1 to {MOST_CHANNELS} are read")
    if rate not in RATES:
        raise InvalidInput(f"the WAV file has {rate} samples a second; {RATES[0]} to {RATES[-1]} are read")
    width = align // channels if align and align % channels == 0 else (bits + 7) // 8
    if width not in WIDTHS[encoding] or width < (bits + 7) // 8:
        width = (bits + 7) // 8
    if width not in WIDTHS[encoding]:
        raise InvalidInput(f"the WAV file has {bits}-bit samples; 8, 16, 24 and 32 bits are read")
    return WavFormat(encoding, width, channels, rate)


# ---- whole files


def read_wav(data: bytes, channel: int | None = None) -> tuple[Pcm, int]:
    """Return a WAV file's samples, mixed down or of one channel, and its rate in Hz. Raise InvalidInput."""
    reader = WavReader(io.BytesIO(data))
    return _joined(reader.blocks(channel)), reader.format.rate


def read_wav_file(
    file: BinaryIO, rate: int = RATE, *, most_s: float | None = None, channel: int | None = None
) -> Pcm:
    """Return the samples of an open WAV file at `rate`. Memory is taken for the result only.

    Raise InvalidInput, also when it is longer than `most_s` seconds.
    """
    reader = WavReader(file)
    seconds = reader.length / reader.format.rate
    if most_s is not None and seconds > most_s:
        raise InvalidInput(f"the WAV file is {seconds:.0f} s long; at most {most_s:.0f} s are taken")
    resampler = Resampler(reader.format.rate, rate)
    pieces = [resampler.feed(block) for block in reader.blocks(channel)]
    return _joined([*pieces, resampler.finish()])


def _joined(pieces: Iterator[Pcm] | list[Pcm]) -> Pcm:
    return np.concatenate([np.zeros(0, dtype=np.int16), *pieces])


def wav_header(rate: int, channels: int, size: int) -> bytes:
    """Return the 44 bytes before `size` bytes of 16-bit samples."""
    frame = 2 * channels
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, PCM, channels, rate, rate * frame, frame, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)


def to_wav(pcm: Pcm, rate: int = RATE) -> bytes:
    """Return a WAV file with 16-bit samples; of several channels when `pcm` has a column for each."""
    channels = pcm.shape[1] if pcm.ndim == 2 else 1
    sound = pcm.astype("<i2").tobytes()
    return wav_header(rate, channels, len(sound)) + sound
