"""G.711 against the tables of the Recommendation; codecs and resampling do not see how a stream is cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import pcm as audio
from audio.codec import CODECS, L16_WIDE, PCMA, PCMU, Decoder, codec, from_l16, from_linear
from audio.sounds import tone
from ivr.errors import InvalidInput

EVERY_CODE = np.arange(256, dtype=np.uint8)
EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)


def laws(first, segments, top):
    """Decision values and outputs of the positive side, as in tables 1a and 2a of G.711."""
    decisions = np.array([*first, *(start + step * n for start, step in segments for n in range(16))])
    outputs = (decisions + np.array([*decisions[1:], top])) / 2
    return decisions, outputs


ULAW_DECISIONS, ULAW_OUTPUTS = laws(
    [0, *range(1, 31, 2)],
    [(31, 4), (95, 8), (223, 16), (479, 32), (991, 64), (2015, 128), (4063, 256)],
    8159,
)
ULAW_OUTPUTS[0] = 0
ALAW_DECISIONS, ALAW_OUTPUTS = laws(
    range(0, 64, 2), [(64, 4), (128, 8), (256, 16), (512, 32), (1024, 64), (2048, 128)], 4096
)
MAGNITUDE = np.where(EVERY_SAMPLE < 0, ~EVERY_SAMPLE, EVERY_SAMPLE).astype(float)
"""A negative sample on a decision value belongs to the code below it, as in the ITU's software."""


def test_the_tables_of_the_test_are_those_of_the_recommendation():
    assert (len(ULAW_DECISIONS), len(ALAW_DECISIONS)) == (128, 128)
    assert [ULAW_OUTPUTS[n] for n in (0, 1, 15, 16, 31, 32, 111, 112, 127)] == [
        0, 2, 30, 33, 93, 99, 3999, 4191, 8031,
    ]  # fmt: skip
    assert [ALAW_OUTPUTS[n] for n in (0, 31, 32, 47, 48, 127)] == [1, 63, 66, 126, 132, 4032]


def test_mu_law_decodes_to_the_outputs_of_the_table():
    positive = audio.from_ulaw(bytes(0xFF - n for n in range(128))) / 4
    negative = audio.from_ulaw(bytes(0x7F - n for n in range(128))) / 4
    assert (positive == ULAW_OUTPUTS).all()
    assert (negative == -ULAW_OUTPUTS).all()


def test_a_law_decodes_to_the_outputs_of_the_table():
    positive = audio.from_alaw(bytes((0x80 | n) ^ 0x55 for n in range(128))) / 8
    negative = audio.from_alaw(bytes(n ^ 0x55 for n in range(128))) / 8
    assert (positive == ALAW_OUTPUTS).all()
    assert (negative == -ALAW_OUTPUTS).all()


def test_every_sample_is_mu_law_coded_by_the_decision_values():
    number = np.searchsorted(ULAW_DECISIONS, np.minimum(MAGNITUDE / 4, 8158), side="right") - 1
    wanted = 0xFF - number - np.where(EVERY_SAMPLE < 0, 0x80, 0)
    assert (np.frombuffer(audio.to_ulaw(EVERY_SAMPLE), np.uint8) == wanted).all()


def test_every_sample_is_a_law_coded_by_the_decision_values():
    number = np.searchsorted(ALAW_DECISIONS, MAGNITUDE / 8, side="right") - 1
    wanted = (number | np.where(EVERY_SAMPLE < 0, 0, 0x80)) ^ 0x55
    assert (np.frombuffer(audio.to_alaw(EVERY_SAMPLE), np.uint8) == wanted).all()


def test_spot_values_that_everybody_knows():
    assert audio.to_ulaw(np.array([0, 32767, -32768, -1], dtype=np.int16)).hex() == "ff80007f"
    assert audio.to_alaw(np.array([0, 32767, -32768, -1], dtype=np.int16)).hex() == "d5aa2a55"
    assert PCMU.silence(20) == audio.SILENCE
    assert PCMA.silence(20) == b"\xd5" * 160


def test_every_code_survives_decoding_and_coding():
    ulaw = np.frombuffer(audio.to_ulaw(audio.from_ulaw(EVERY_CODE.tobytes())), np.uint8)
    assert list(np.flatnonzero(ulaw != EVERY_CODE)) == [0x7F], "minus zero is the one that is no sample"
    alaw = np.frombuffer(audio.to_alaw(audio.from_alaw(EVERY_CODE.tobytes())), np.uint8)
    assert (alaw == EVERY_CODE).all()


@pytest.mark.parametrize("line", [PCMU, PCMA], ids=lambda line: line.name)
def test_coding_is_monotonic_and_odd(line):
    back = line.decode(line.encode(EVERY_SAMPLE)).astype(int)
    assert (np.diff(back) >= 0).all()
    assert (back == -back[::-1]).all()


@pytest.mark.parametrize("line", [PCMU, PCMA], ids=lambda line: line.name)
@pytest.mark.parametrize("dbfs", [-3, -10, -20, -30])
def test_a_tone_keeps_33_db_of_signal_to_noise(line, dbfs):
    """ITU-T G.712 asks for 33 dB from 0 to -30 dBm0."""
    wave = tone(1020, 1000, level=10 ** (dbfs / 20))
    noise = line.decode(line.encode(wave)).astype(float) - wave
    snr = 10 * np.log10(np.mean(wave.astype(float) ** 2) / np.mean(noise**2))
    assert snr > 33


@given(st.integers(-32768, 32767))
def test_no_sample_moves_by_more_than_half_a_step(sample):
    for line in (PCMU, PCMA):
        back = int(line.decode(line.encode(np.array([sample], dtype=np.int16)))[0])
        assert abs(back - sample) <= max((abs(sample) + 132) / 32, 16, abs(sample) - 32124)


# ---- lines


@given(st.binary(max_size=400), st.lists(st.integers(1, 50), max_size=30))
def test_a_decoder_gives_the_same_however_the_bytes_are_cut(data, cuts):
    for line in CODECS:
        decoder, pieces, at = Decoder(line), [], 0
        for cut in [*cuts, len(data)]:
            pieces.append(decoder.feed(data[at : at + cut]))
            at += cut
        whole = line.decode(data[: len(data) // line.width * line.width])
        assert (np.concatenate(pieces) == whole).all()


def test_linear_audio_is_read_in_its_byte_order():
    assert list(from_l16(b"\x01\x00\xff\xff")) == [256, -1]
    assert list(from_linear(b"\x01\x00\xff\xff")) == [1, -1]
    for line in CODECS[2:]:
        assert (line.decode(line.encode(EVERY_SAMPLE)) == EVERY_SAMPLE).all()


@pytest.mark.parametrize(
    ("named", "rate", "is_"),
    [
        ("audio/x-mulaw", 8000, PCMU),
        ("PCMA", 8000, PCMA),
        ("audio/x-alaw", 8000, PCMA),
        ("L16", 16_000, L16_WIDE),
    ],
)
def test_carriers_names_are_known(named, rate, is_):
    assert codec(named, rate) is is_


@pytest.mark.parametrize(
    ("named", "rate"), [("audio/opus", 48_000), ("PCMU", 16_000), ("L16", 44_100), ("", 0)]
)
def test_an_unknown_line_is_refused_in_a_sentence(named, rate):
    with pytest.raises(InvalidInput, match="understood are PCMU/8000, PCMA/8000, L16/8000, L16/16000"):
        codec(named, rate)


# ---- other rates

RATES = [(8000, 16_000), (16_000, 8000), (8000, 24_000), (24_000, 8000), (44_100, 8000), (8000, 8000)]


@pytest.mark.parametrize(("source", "target"), RATES)
@given(st.lists(st.integers(0, 4000), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_a_stream_is_resampled_to_the_same_however_it_is_cut(source, target, cuts, seed):
    wave = np.random.default_rng(seed).integers(-32768, 32768, 6000).astype(np.int16)
    resampler, pieces, at = audio.Resampler(source, target), [], 0
    for cut in [*cuts, len(wave)]:
        pieces.append(resampler.feed(wave[at : at + cut]))
        at += cut
    pieces.append(resampler.finish())
    assert (np.concatenate(pieces) == audio.resample(wave, source, target)).all()


def test_a_resampler_can_be_used_again():
    wave, resampler = tone(440, 200), audio.Resampler(8000, 16_000)
    twice = [np.concatenate([resampler.feed(wave), resampler.finish()]) for _ in range(2)]
    assert (twice[0] == twice[1]).all()


def test_nothing_above_the_telephone_band_comes_back_as_something_else():
    wave = (np.sin(2 * np.pi * 6000 * np.arange(24_000) / 24_000) * 20_000).astype(np.int16)
    assert np.abs(audio.resample(wave, 24_000, 8000)[200:-200].astype(int)).max() < 20


def test_resampling_to_16_khz_and_back_keeps_the_sound():
    wave = sum(tone(hertz, 500, level=0.2) for hertz in (300, 1000, 3300))
    back = audio.resample(audio.resample(wave, 8000, 16_000), 16_000, 8000)
    assert np.abs(back.astype(int) - wave)[400:-400].max() <= 2


def test_full_scale_is_clipped_not_wrapped():
    square = np.where(np.arange(2000) // 20 % 2, 32767, -32768).astype(np.int16)
    up = audio.resample(square, 8000, 16_000).astype(int)
    assert np.abs(np.diff(np.sign(up[100:-100]))).sum() == pytest.approx(2 * 95, abs=8)
