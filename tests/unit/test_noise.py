"""Noise is what it says: spectrum, level, the same from the same seed; and so is speech in it."""

import numpy as np
import pytest

from audio import noise
from audio.samples import silence
from audio.sounds import tone

KINDS = {
    "white": noise.white,
    "pink": noise.pink,
    "comfort": noise.comfort,
    "clicks": noise.clicks,
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_noise_and_another_another(kind):
    make = KINDS[kind]
    assert (make(500, seed=1) == make(500, seed=1)).all()
    assert (make(500, seed=1) != make(500, seed=2)).any()
    assert len(make(500)) == 4000
    assert len(make(0)) == 0


@pytest.mark.parametrize("kind", ["white", "pink", "comfort"])
@pytest.mark.parametrize("dbfs", [-50, -30, -20])
def test_noise_has_the_level_that_is_asked_for(kind, dbfs):
    assert noise.rms_dbfs(KINDS[kind](2000, dbfs)) == pytest.approx(dbfs, abs=0.2)


def slope(pcm):
    """How the power of a sound falls, in dB an octave between 125 and 2000 Hz."""
    power = np.abs(np.fft.rfft(pcm.astype(float))) ** 2
    hertz = np.fft.rfftfreq(len(pcm), 1 / 8000)
    octaves = [power[(hertz >= f) & (hertz < 2 * f)].mean() for f in (125, 250, 500, 1000)]
    return np.diff(10 * np.log10(octaves)).mean()


def test_white_noise_is_flat_and_pink_noise_falls_by_3_db_an_octave():
    assert slope(noise.white(20_000)) == pytest.approx(0, abs=0.3)
    assert slope(noise.pink(20_000)) == pytest.approx(-3, abs=0.3)


def test_comfort_noise_is_in_the_telephone_band():
    power = np.abs(np.fft.rfft(noise.comfort(10_000, -30).astype(float))) ** 2
    hertz = np.fft.rfftfreq(80_000, 1 / 8000)
    outside = power[(hertz < 250) | (hertz > 3450)].sum()
    assert outside < 0.001 * power.sum()
    assert noise.rms_dbfs(noise.comfort(5000)) == pytest.approx(-62, abs=0.5)


def test_hum_is_the_mains_and_its_harmonics():
    power = np.abs(np.fft.rfft(noise.hum(1000, -20).astype(float)))
    assert sorted(np.argsort(power)[-5:]) == [50, 100, 150, 250, 350]
    assert np.argmax(np.abs(np.fft.rfft(noise.hum(1000, -20, 60).astype(float)))) == 60


def test_clicks_are_few_short_and_loud():
    pcm = noise.clicks(10_000, -6, per_s=4, seed=1)
    loud = np.flatnonzero(np.abs(pcm.astype(int)) > 10_000)
    assert np.abs(pcm.astype(int)).max() == pytest.approx(32_767 / 2, rel=0.01)
    assert 20 < (np.diff(loud) > 20).sum() < 60
    assert (pcm == 0).mean() > 0.98


def test_babble_is_all_voices_at_once_and_equally_loud():
    voices = [tone(hertz, 900, level) for hertz, level in ((300, 0.5), (700, 0.01), (1900, 0.1))]
    pcm = noise.babble(voices, 4000, -25, seed=1)
    assert noise.rms_dbfs(pcm) == pytest.approx(-25, abs=0.2)
    power = np.abs(np.fft.rfft(pcm.astype(float))) / len(pcm)
    peaks = [power[hertz * 4 - 20 : hertz * 4 + 20].max() for hertz in (300, 700, 1900)]
    assert max(peaks) < 1.3 * min(peaks)
    assert (pcm == noise.babble(voices, 4000, -25, seed=1)).all()
    assert (pcm != noise.babble(voices, 4000, -25, seed=2)).any()


# ---- speech in noise

SPEECH = np.concatenate([tone(500, 400, 0.06), silence(600), tone(800, 300, 0.05), silence(700)])


def test_the_level_of_speech_is_that_of_its_active_part():
    around = np.concatenate([silence(3000), SPEECH, silence(3000)])
    assert noise.active_dbfs(around) == pytest.approx(noise.active_dbfs(SPEECH), abs=0.1)
    assert noise.active_dbfs(SPEECH) - noise.rms_dbfs(SPEECH) == pytest.approx(
        10 * np.log10(2 / 0.7), abs=0.1
    )


@pytest.mark.parametrize("snr_db", [30, 20, 10, 0, -5])
def test_speech_is_mixed_at_the_ratio_that_is_stated(snr_db):
    bed = noise.pink(1000, -10, 3)
    both = noise.mixed(SPEECH, bed, snr_db)
    assert len(both) == len(SPEECH)
    rest = both.astype(float) - SPEECH
    got = noise.active_dbfs(SPEECH) - noise.rms_dbfs(rest)
    assert got == pytest.approx(snr_db, abs=0.2)
    assert (both == noise.mixed(SPEECH, bed, snr_db)).all()


def test_a_mix_that_would_be_too_loud_is_turned_down_as_a_whole():
    loud = tone(500, 500, 0.99)
    both = noise.mixed(loud, noise.white(500, -10, 1), 3)
    assert np.abs(both.astype(int)).max() == 32_767
    assert (np.abs(both.astype(int)) >= 32_766).sum() < 5, "peaks are not cut"


def test_silence_on_either_side_breaks_nothing():
    assert (noise.mixed(SPEECH, silence(100), 10) == SPEECH).all()
    assert (noise.mixed(SPEECH, silence(0), 10) == SPEECH).all()
    assert len(noise.mixed(silence(0), noise.white(100), 10)) == 0
    assert not noise.at_level(silence(100), -20).any()
    assert len(noise.around(SPEECH, 100, 200)) == len(SPEECH) + 2400
    noise.mixed(silence(100), noise.white(100), 10)
