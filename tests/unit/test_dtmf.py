"""Keys in the sound of a line: heard where ITU-T Q.24 says, and nowhere else."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import noise
from audio import pcm as audio
from audio.dtmf import COLUMNS, KEYS, ROWS, DtmfDetector, key_tone, tones
from audio.sounds import hold_music, tone


def heard(pcm, cut=160):
    """What a detector hears in a sound that silence follows, fed in pieces as a line brings them."""
    line, detector = np.concatenate([pcm, audio.silence(80)]), DtmfDetector()
    return "".join(key for at in range(0, len(line), cut) for key in detector.feed(line[at : at + cut]))


def on_the_line(pcm):
    return audio.from_ulaw(audio.to_ulaw(pcm))


def shifted(pcm, samples):
    """The same at another place against the detector's windows."""
    return np.concatenate([np.zeros(samples, dtype=np.int16), pcm])


def in_noise(pcm, snr_db, seed, **shape):
    """Keys in white noise so many dB below their tones."""
    level = noise.rms_dbfs(key_tone("5", 1000, **shape)) - snr_db
    bed = noise.white(len(pcm) // 8 + 1, level, seed)[: len(pcm)]
    return np.clip(pcm.astype(int) + bed, -32768, 32767).astype(np.int16)


# ---- what must be heard


def test_a_key_is_a_row_and_a_column():
    assert [KEYS[4 * row] for row in range(4)] == ["1", "4", "7", "*"]
    spectrum = np.abs(np.fft.rfft(key_tone("8", 1000).astype(float)))
    assert sorted(np.argsort(spectrum)[-2:]) == [ROWS[2], COLUMNS[1]]


@pytest.mark.parametrize("dbm0", [-3, -10, -20, -30])
def test_all_keys_are_heard_at_every_level(dbm0):
    assert heard(on_the_line(tones(KEYS, 50, 50, dbm0=dbm0))) == KEYS


@pytest.mark.parametrize("twist_db", [-8, -4, 0, 4])
@pytest.mark.parametrize("off", [-0.015, 0, 0.015])
def test_all_keys_are_heard_with_twist_and_off_their_frequencies(twist_db, off):
    assert heard(on_the_line(tones(KEYS, 50, 50, twist_db=twist_db, off=off))) == KEYS


@pytest.mark.parametrize("place", range(0, 160, 20))
def test_all_keys_of_40_ms_with_pauses_of_40_ms_are_heard_at_any_place(place):
    assert heard(shifted(tones(KEYS, 40, 40), place)) == KEYS


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [{}, {"twist_db": -8, "off": 0.015}, {"twist_db": 4, "off": -0.015}])
def test_all_keys_are_heard_15_db_above_noise(shape, seed):
    line = in_noise(shifted(tones(KEYS, 50, 50, **shape), seed * 37), 15, seed, **shape)
    assert heard(on_the_line(line)) == KEYS


def test_keys_are_heard_on_an_a_law_line_and_with_an_offset_and_hum():
    assert heard(audio.from_alaw(audio.to_alaw(tones(KEYS, 50, 50)))) == KEYS
    assert heard(tones(KEYS, 50, 50) + np.int16(300)) == KEYS
    line = tones(KEYS, 50, 50)
    assert heard(line + noise.hum(len(line) // 8, -40)[: len(line)]) == KEYS


def test_the_same_key_twice_is_two_keys():
    assert heard(tones("0011", 50, 40)) == "0011"


@pytest.mark.parametrize("after", ["2", "D"])
def test_one_key_right_after_another_is_heard(after):
    assert heard(np.concatenate([key_tone("1", 100), key_tone(after, 100)])) == "1" + after


# ---- what must not be heard


def test_tones_of_23_ms_are_too_short():
    for place in range(0, 160, 10):
        assert heard(shifted(tones(KEYS, 23, 60), place)) == ""


def test_tones_three_and_a_half_per_cent_off_are_no_keys():
    for off in (-0.035, 0.035):
        assert heard(tones(KEYS, 100, 50, off=off)) == ""


def test_one_tone_that_is_much_stronger_is_no_key():
    for twist_db in (-12, 8):
        assert heard(tones(KEYS, 100, 50, twist_db=twist_db)) == ""


def test_a_long_key_is_one_key():
    for milliseconds in (500, 2000, 10_000):
        assert heard(key_tone("5", milliseconds)) == "5"
        assert heard(on_the_line(in_noise(key_tone("5", milliseconds), 15, 7))) == "5"


@pytest.mark.parametrize("gap", [2, 5, 10])
def test_a_gap_of_the_line_does_not_double_a_key(gap):
    for place in range(0, 160, 20):
        line = np.concatenate([key_tone("7", 80), audio.silence(gap), key_tone("7", 80)])
        assert heard(shifted(line, place)) == "7"


def test_single_tones_dial_tones_and_fax_are_no_keys():
    for hertz in (*ROWS, *COLUMNS, 350, 440, 480, 620, 1100, 1400, 2100):
        assert heard(tone(hertz, 1000, level=0.4)) == "", hertz
    for pair in ((350, 440), (440, 480), (480, 620), (697, 941), (1209, 1633), (400, 450)):
        assert heard(sum(tone(hertz, 1000, level=0.3) for hertz in pair)) == "", pair


def test_three_tones_are_no_key():
    assert heard(key_tone("1", 300) + tone(941, 300, level=0.2)) == ""


def test_a_voice_has_harmonics_and_is_no_key():
    """A vowel whose harmonics lie on the tones of a key: 4 x 174 Hz = 697 Hz, 7 x 174 Hz = 1219 Hz."""
    vowel = sum(tone(174.25 * n, 400, level=0.5 / n) for n in range(1, 15))
    assert heard(vowel) == ""
    formants = key_tone("1", 400) + tone(2 * 697, 400, level=0.06) + tone(2 * 1209, 400, level=0.06)
    assert heard(formants) == "", "the second harmonics alone tell"


@pytest.mark.parametrize(
    "bed",
    [
        noise.white(20_000, -20, 1),
        noise.pink(20_000, -20, 2),
        noise.hum(5000, -15),
        noise.clicks(20_000, -3, per_s=10, seed=3),
        noise.comfort(20_000, -50, 4),
        hold_music(),
    ],
    ids=["white", "pink", "hum", "clicks", "comfort", "hold music"],
)
def test_noise_is_no_key(bed):
    assert heard(on_the_line(bed)) == ""


def note(midi, parts, dice):
    t = np.arange(4000) / 8000
    hertz = 440 * 2 ** ((midi - 69) / 12)
    waves = [
        strength * np.sin(2 * np.pi * hertz * n * t + dice.uniform(0, 6))
        for n, strength in enumerate(parts, 1)
        if hertz * n < 3900
    ]
    return np.sum(waves, axis=0) * np.exp(-2 * t) * np.minimum(1, 200 * t)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("piano", (1, 0.6, 0.4, 0.25, 0.15, 0.1)),
        ("flute", (1, 0.15, 0.05)),
        ("organ", (1, 0.8, 0.7, 0.3, 0.3)),
    ],
)
def test_music_is_no_key(name, parts):
    dice = np.random.default_rng(5)
    chords = [
        sum(note(dice.integers(40, 90), parts, dice) for _ in range(dice.integers(1, 4))) for _ in range(360)
    ]
    piece = np.concatenate([chord / np.abs(chord).max() * 9000 for chord in chords]).astype(np.int16)
    keys = heard(on_the_line(piece))
    print(f"{name}: {len(piece) / 480_000:.0f} minutes, {len(keys)} keys")  # noqa: T201
    assert keys == ""


# ---- the detector itself


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 700), min_size=1, max_size=60))
def test_however_the_samples_are_cut_the_keys_are_the_same(seed, cuts):
    dice = np.random.default_rng(seed)
    keys = "".join(dice.choice(list(KEYS), 4))
    line = in_noise(tones(keys, int(dice.integers(20, 60)), int(dice.integers(20, 60))), 12, seed % 1000)
    whole = DtmfDetector().feed(line)
    detector, pieces, at = DtmfDetector(), [], 0
    for cut in [*cuts, len(line)]:
        pieces += detector.feed(line[at : at + cut])
        at += cut
    assert pieces == whole


def test_a_key_is_told_while_it_sounds():
    detector, line = DtmfDetector(), tones("5", 200, 40)
    told = next(at for at in range(0, len(line), 160) if detector.feed(line[at : at + 160]))
    assert 40 * 8 + 40 * 8 <= told + 160 <= 40 * 8 + 80 * 8
    assert detector.sounding
    detector.feed(audio.silence(100))
    assert not detector.sounding


@given(st.binary(max_size=4000))
def test_no_sound_breaks_it(data):
    DtmfDetector().feed(np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2"))


def test_extreme_sounds_break_nothing():
    for pcm in (np.full(8000, 32767), np.full(8000, -32768), np.tile([32767, -32768], 4000), np.zeros(8000)):
        assert heard(pcm.astype(np.int16)) == ""


def test_a_second_of_line_costs_about_a_millisecond():
    """The figure in the docs is from a quiet machine; here only that it has not grown manifold."""
    line = on_the_line(noise.pink(20_000, -25, 1))
    detector, began = DtmfDetector(), time.process_time()
    for at in range(0, len(line), 160):
        detector.feed(line[at : at + 160])
    cost = (time.process_time() - began) * 1000 / 20
    print(f"{cost:.2f} ms of CPU for a second of line")  # noqa: T201
    assert cost < 5
