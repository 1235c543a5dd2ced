"""WAV files of every make are read or refused in a sentence; none leaves a trace or fills the memory."""

import io
import struct
import tracemalloc
import wave as standard

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import pcm as audio
from audio.sounds import tone
from audio.wav import WavReader, wav_header
from ivr.errors import InvalidInput

WAVE = tone(440, 50, level=0.5)
PCM, FLOAT, ALAW, ULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE


def chunk(name, data, pad=True):
    return name + struct.pack("<I", len(data)) + data + (b"\0" if len(data) % 2 and pad else b"")


def form(encoding, bits, channels=1, rate=8000, align=None, more=b""):
    align = channels * bits // 8 if align is None else align
    return chunk(b"fmt ", struct.pack("<HHIIHH", encoding, channels, rate, rate * align, align, bits) + more)


def riff(*chunks, size=None):
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def wav(encoding, bits, data, channels=1, **more):
    return riff(form(encoding, bits, channels, **more), chunk(b"data", data))


# ---- kinds of samples


def pcm24(samples):
    return b"".join(struct.pack("<i", int(s) << 8)[:3] for s in samples)


WRITTEN = {
    "8 bit": (wav(PCM, 8, ((WAVE.astype(int) >> 8) + 128).astype(np.uint8).tobytes()), 256),
    "16 bit": (wav(PCM, 16, WAVE.tobytes()), 0),
    "24 bit": (wav(PCM, 24, pcm24(WAVE)), 0),
    "32 bit": (wav(PCM, 32, (WAVE.astype(np.int32) << 16).astype("<i4").tobytes()), 0),
    "24 bit in 32": (wav(PCM, 24, (WAVE.astype(np.int32) << 16).astype("<i4").tobytes(), align=4), 0),
    "12 bit in 16": (wav(PCM, 12, WAVE.tobytes(), align=2), 0),
    "float": (wav(FLOAT, 32, (WAVE / 32768).astype("<f4").tobytes()), 0),
    "double": (wav(FLOAT, 64, (WAVE / 32768).astype("<f8").tobytes()), 0),
    "mu-law": (wav(ULAW, 8, audio.to_ulaw(WAVE)), 600),
    "A-law": (wav(ALAW, 8, audio.to_alaw(WAVE)), 600),
    "mu-law as carriers write it": (
        riff(
            form(ULAW, 8, more=b"\0\0"),
            chunk(b"fact", b"\x90\1\0\0"),
            chunk(b"data", audio.to_ulaw(WAVE)),
        ),
        600,
    ),
    "extensible": (wav(EXTENSIBLE, 16, WAVE.tobytes(), more=struct.pack("<HHIH14x", 22, 16, 4, PCM)), 0),
    "extensible float": (
        wav(
            EXTENSIBLE,
            32,
            (WAVE / 32768).astype("<f4").tobytes(),
            more=struct.pack("<HHIH14x", 22, 32, 4, FLOAT),
        ),
        0,
    ),
    "no block alignment": (wav(PCM, 16, WAVE.tobytes(), align=0), 0),
    "wrong block alignment": (wav(PCM, 16, WAVE.tobytes(), align=7), 0),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_kind_of_sample_is_read(name):
    data, most = WRITTEN[name]
    back, rate = audio.read_wav(data)
    assert rate == 8000
    assert back.dtype == np.int16
    assert len(back) == len(WAVE)
    assert np.abs(back.astype(int) - WAVE).max() <= most


def test_floats_beyond_the_scale_are_clipped_and_those_that_are_none_are_silence():
    floats = np.array([2.0, -5.0, np.nan, np.inf, -np.inf, 0.5, 1e300, -0.0], dtype="<f8")
    back, _ = audio.read_wav(wav(FLOAT, 64, floats.tobytes()))
    assert list(back) == [32767, -32768, 0, 32767, -32768, 16384, 32767, 0]


def test_the_last_bits_are_rounded():
    back, _ = audio.read_wav(wav(PCM, 24, struct.pack("<i", 0x7FFFFF)[:3] + struct.pack("<i", 0x1FF)[:3]))
    assert list(back) == [32767, 2]
    back, _ = audio.read_wav(wav(PCM, 32, struct.pack("<3i", 2**31 - 1, -(2**31), 0x1FFFF)))
    assert list(back) == [32767, -32768, 2]


# ---- channels


def test_two_channels_are_mixed_down_evenly_or_one_is_taken():
    both = np.stack([WAVE, -WAVE // 2], axis=1)
    data = audio.to_wav(both)
    mixed, _ = audio.read_wav(data)
    assert np.abs(mixed.astype(int) - (WAVE.astype(int) - WAVE // 2) // 2).max() <= 1
    assert (audio.read_wav(data, channel=0)[0] == both[:, 0]).all()
    assert (audio.read_wav(data, channel=1)[0] == both[:, 1]).all()
    with pytest.raises(InvalidInput, match="2 channels; there is no channel 2"):
        audio.read_wav(data, channel=2)


def test_eight_channels_are_mixed_and_more_are_refused():
    eight = np.repeat(WAVE[:, np.newaxis], 8, axis=1)
    assert (audio.read_wav(audio.to_wav(eight))[0] == WAVE).all()
    with pytest.raises(InvalidInput, match="9 channels; 1 to 8 are read"):
        audio.read_wav(wav(PCM, 16, WAVE.tobytes(), channels=9))


def test_our_own_files_are_those_of_the_standard_library():
    stereo = np.stack([WAVE, WAVE[::-1]], axis=1)
    for pcm, channels in ((WAVE, 1), (stereo, 2)):
        with standard.open(io.BytesIO(audio.to_wav(pcm, 16_000))) as file:
            assert file.getparams()[:4] == (channels, 2, 16_000, len(WAVE))
            assert file.readframes(10_000) == pcm.tobytes()


# ---- headers that are wrong

SOUND = chunk(b"data", WAVE.tobytes())
HEADERS = {
    "chunks before": riff(chunk(b"LIST", b"INFOISFT\4\0\0\0Me\0\0"), form(PCM, 16), SOUND),
    "an odd chunk before": riff(chunk(b"JUNK", b"abc"), form(PCM, 16), SOUND),
    "an odd chunk that is not filled up": riff(chunk(b"bext", b"abc", pad=False), form(PCM, 16), SOUND),
    "the sound before its description": riff(SOUND, form(PCM, 16)),
    "chunks behind": riff(form(PCM, 16), SOUND, chunk(b"LIST", b"INFO")),
    "no size of the file": riff(form(PCM, 16), SOUND, size=0),
    "size of an endless file": riff(form(PCM, 16), SOUND, size=0xFFFFFFFF),
    "no size of the sound": riff(form(PCM, 16), b"data\0\0\0\0" + WAVE.tobytes(), size=0),
    "sound of unknown size": riff(form(PCM, 16), b"data\xff\xff\xff\xff" + WAVE.tobytes(), size=0xFFFFFFFF),
    "sound that claims more": riff(form(PCM, 16), b"data\0\0\1\0" + WAVE.tobytes()),
    "a description of 18 bytes": riff(form(PCM, 16, more=b"\0\0"), SOUND),
    "two descriptions": riff(form(PCM, 16), form(PCM, 8), SOUND),
}


@pytest.mark.parametrize("name", HEADERS)
def test_what_is_there_is_read_whatever_the_header_says(name):
    assert (audio.read_wav(HEADERS[name])[0] == WAVE).all()


def test_a_file_that_was_cut_off_is_read_up_to_there():
    data = audio.to_wav(WAVE)
    for kept in (100, 101, len(data) - 1):
        back, _ = audio.read_wav(data[:kept])
        assert (back == WAVE[: (kept - 44) // 2]).all()


@pytest.mark.parametrize("data", [riff(form(PCM, 16), chunk(b"data", b"")), wav_header(8000, 1, 0)])
def test_a_file_without_a_sample_is_empty_sound(data):
    assert len(audio.read_wav(data)[0]) == 0


MP3 = b"\xff\xfb\x90\x00" + bytes(100)
REFUSED = {
    "the file is empty": b"",
    "this is not a WAV file": b"nonsense that is long enough",
    "not a WAV file": b"RIFF",
    "more than 4 GB .RF64.": b"RF64\xff\xff\xff\xffWAVEds64" + bytes(40),
    "big-endian": b"RIFX\0\0\0\x24WAVEfmt ",
    "an Ogg file; save it as a WAV": b"OggS" + bytes(60),
    "an MP3 file": MP3,
    "a FLAC file": b"fLaC" + bytes(60),
    "an AIFF file": b"FORM\0\0\0\0AIFF",
    "no fmt chunk": riff(SOUND),
    "no data chunk": riff(form(PCM, 16)),
    "cut off in its header": riff(chunk(b"fmt ", b"\1\0\1\0")) + b"data",
    "written in GSM 6.10": wav(49, 0, b"abc", align=65),
    "written in MP3": wav(85, 0, b"abc"),
    "encoding 4660": wav(0x1234, 16, b"abc"),
    "0 channels": wav(PCM, 16, b"abcd", channels=0),
    "65535 channels": wav(PCM, 16, b"abcd", channels=65535, align=2),
    "0 samples a second": wav(PCM, 16, b"abcd", rate=0),
    "384000 samples a second": wav(PCM, 16, b"abcd", rate=384_000),
    "64-bit samples": wav(PCM, 64, b"abcdefgh"),
    "16-bit samples": wav(FLOAT, 16, b"abcdefgh"),
    "0-bit samples": wav(PCM, 0, b"abcdefgh"),
    "more than 1000 chunks": riff(*[chunk(b"JUNK", b"")] * 1001, form(PCM, 16), SOUND),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_read_is_refused_in_a_sentence(why):
    with pytest.raises(InvalidInput, match=why):
        audio.read_wav(REFUSED[why])


@given(st.binary(max_size=300))
def test_no_bytes_at_all_break_the_reader(data):
    _read_or_refused(data)


WHOLE = [data for data, _ in WRITTEN.values()] + list(HEADERS.values())


@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=8),
    st.integers(0, 400),
)
def test_no_damage_to_a_file_breaks_the_reader(data, changes, kept):
    damaged = bytearray(data)
    for at, byte in changes:
        damaged[at % len(damaged)] = byte
    _read_or_refused(bytes(damaged[: len(damaged) - kept]))


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF),
    st.binary(max_size=64),
)
def test_no_description_breaks_the_reader(encoding, channels, rate, align, bits, data):
    described = chunk(b"fmt ", struct.pack("<HHIIHH", encoding, channels, rate, 0, align, bits))
    _read_or_refused(riff(described, chunk(b"data", data)))
    for known in (PCM, FLOAT, ULAW, ALAW):
        described = struct.pack(
            "<HHIIHH", known, channels % 10, 4000 + rate % 90_000, 0, align % 40, bits % 70
        )
        _read_or_refused(riff(chunk(b"fmt ", described), chunk(b"data", data)))


def _read_or_refused(data):
    try:
        pcm, rate = audio.read_wav(data)
    except InvalidInput:
        return
    assert pcm.dtype == np.int16
    assert 4000 <= rate <= 192_000
    assert len(pcm) <= len(data)


# ---- long files


class Sparse(io.RawIOBase):
    """A WAV file that is not there: a header, then silence without end."""

    def __init__(self, header, length):
        self.header, self.length, self.at, self.most = header, length, 0, 0

    def seek(self, to, whence=0):
        self.at = to + (0, self.at, self.length)[whence]
        return self.at

    def read(self, size=-1):
        self.most = max(self.most, size)
        size = min(size, self.length - self.at)
        data = (self.header[self.at : self.at + size] if self.at < len(self.header) else b"").ljust(
            size, b"\0"
        )
        self.at += size
        return data


def test_ten_minutes_of_studio_sound_take_the_memory_of_ten_minutes_of_telephone():
    frames = 600 * 48_000
    head = form(FLOAT, 32, channels=2, rate=48_000) + b"data" + struct.pack("<I", frames * 8)
    file = Sparse(b"RIFF\0\0\0\0WAVE" + head, 12 + len(head) + frames * 8)
    tracemalloc.start()
    pcm = audio.read_wav_file(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(pcm) == 600 * 8000
    assert peak < 2.2 * pcm.nbytes + 10_000_000, "230 MB in the file"
    assert file.most < 1_000_000


def test_a_file_is_read_at_the_rate_that_is_asked_for():
    data = audio.to_wav(audio.resample(WAVE, 8000, 44_100), 44_100)
    assert np.abs(audio.read_wav_file(io.BytesIO(data)).astype(int) - WAVE)[50:-50].max() < 200
    assert len(audio.read_wav_file(io.BytesIO(data), 16_000)) == pytest.approx(2 * len(WAVE), abs=2)


def test_a_file_that_is_too_long_is_refused_before_it_is_read():
    data = audio.to_wav(audio.silence(61_000))
    with pytest.raises(InvalidInput, match="61 s long; at most 60 s are taken"):
        audio.read_wav_file(io.BytesIO(data), most_s=60)


def test_blocks_are_the_whole_file():
    wave = np.random.default_rng(1).integers(-32768, 32768, 150_000).astype(np.int16)
    reader = WavReader(io.BytesIO(audio.to_wav(wave)))
    blocks = list(reader.blocks())
    assert len(blocks) == 3
    assert reader.length == len(wave)
    assert (np.concatenate(blocks) == wave).all()
    assert (np.concatenate(list(reader.blocks())) == wave).all(), "and once more"
