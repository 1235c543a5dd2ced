"""A prompt stops for the caller, not for other people, the line's noise, or its own echo."""

import numpy as np
import pytest

from audio import pcm as audio
from audio.echo import EchoDetector, correlation
from audio.level import LevelGate, level_db
from audio.session import Finished, Listening, MediaSession, SendClear, Speaking
from audio.sounds import tone
from audio.turn import Timing

FRAME = 160
DICE = np.random.default_rng(3)
OPEN = Listening(Timing(pause_ms=160, early_ms=192, end_ms=320), no_input_ms=5000)


def noise(milliseconds: int, level: float) -> np.ndarray:
    return DICE.normal(0, level, milliseconds * 8).astype(np.int16)


class Voices:
    """A detector that takes everything louder than a whisper for speech, as Silero does with talk."""

    def __init__(self):
        self.rest = np.zeros(0, dtype=np.int16)

    def feed(self, pcm):
        self.rest = np.concatenate([self.rest, pcm])
        count = len(self.rest) // 256
        windows, self.rest = self.rest[: count * 256].reshape(count, 256), self.rest[count * 256 :]
        return [0.9 if level_db(window) > -50 else 0.05 for window in windows]


class Line:
    def __init__(self):
        self.now, self.session, self.out = 0.0, MediaSession(Voices(), 0.0), []
        self.heard = []  # what the caller has heard, frame by frame
        self.queue = []  # what the telephone has yet to play

    def hear(self, pcm, echo=0.0, delay_ms=120):
        """Let the caller's telephone send audio, and with it some of what it plays."""
        for at in range(0, len(pcm) - FRAME + 1, FRAME):
            far = self.heard[-1 - delay_ms // 20] if len(self.heard) > delay_ms // 20 else np.zeros(FRAME)
            near = np.clip(pcm[at : at + FRAME] + echo * far, -32768, 32767).astype(np.int16)
            self.take(self.session.audio(audio.to_ulaw(near), self.now))
            self.take(self.session.tick(self.now))
            self.now += 20
            playing = self.queue.pop(0) if self.queue else np.zeros(FRAME, dtype=np.int16)
            self.heard.append(playing)
        return self

    def take(self, outputs):
        for output in outputs:
            self.out.append((self.now, output))
            if hasattr(output, "ulaw"):
                pcm = audio.from_ulaw(output.ulaw)
                self.queue = [*self.queue, *pcm.reshape(-1, FRAME)]
            if isinstance(output, SendClear):
                self.queue = []

    def prompt(self, pcm, **more):
        self.session.begin_prompt()
        self.session.play(audio.to_ulaw(pcm), **more)
        self.session.prompt_complete()
        self.take(self.session.listen(OPEN, self.now))
        return self

    def stopped_at(self):
        return next((at for at, output in self.out if isinstance(output, SendClear)), None)


SPEECH = np.concatenate([noise(200, 4000), noise(80, 900)] * 20)
"""A prompt that sounds like syllables."""


def test_the_caller_stops_the_prompt_within_a_quarter_of_a_second():
    line = Line().prompt(SPEECH).hear(noise(1000, 20))
    began = line.now
    line.hear(noise(600, 5000))
    assert line.stopped_at() is not None
    assert line.stopped_at() - began <= 250


@pytest.mark.parametrize("loss", [0.3, 0.1, 0.05])
def test_the_echo_of_the_prompt_does_not_stop_it(loss):
    line = Line().prompt(SPEECH).hear(noise(3500, 15), echo=loss)
    assert line.stopped_at() is None


def test_a_caller_who_speaks_over_the_echo_is_heard():
    line = Line().prompt(SPEECH).hear(noise(1500, 15), echo=0.1)
    began = line.now
    line.hear(noise(800, 5000), echo=0.1)
    assert line.stopped_at() is not None
    assert line.stopped_at() - began <= 400


def test_talk_in_the_background_does_not_stop_the_prompt_but_the_nearer_caller_does():
    babble = noise(3000, 900)
    line = Line().prompt(SPEECH).hear(noise(600, 900))  # the line is noisy from the start
    line.hear(babble)
    assert line.stopped_at() is None
    began = line.now
    line.hear(noise(600, 900) + noise(600, 4000))
    assert line.stopped_at() is not None
    assert line.stopped_at() - began <= 400


def test_a_turn_in_a_noisy_place_ends_when_the_caller_stops():
    line = Line()
    line.take(line.session.listen(OPEN, 0.0))
    line.hear(noise(2500, 500)).hear(noise(800, 5000)).hear(noise(1200, 500))
    assert any(isinstance(output, Finished) for _, output in line.out)


def test_a_protected_text_is_heard_to_its_end_and_what_follows_may_be_interrupted():
    line = Line()
    line.session.begin_prompt()
    line.session.play(audio.to_ulaw(SPEECH[: 8 * 1000]), protected=True)
    line.session.play(audio.to_ulaw(SPEECH[: 8 * 3000]))
    line.session.prompt_complete()
    line.take(line.session.listen(OPEN, 0.0))
    line.hear(noise(200, 10)).hear(noise(600, 5000))
    assert line.stopped_at() is None
    line.hear(noise(600, 10)).hear(noise(600, 5000))
    assert line.stopped_at() is not None
    assert line.stopped_at() >= 1000


def test_the_words_so_far_are_shown_while_the_caller_speaks():
    line = Line()
    line.take(line.session.listen(OPEN, 0.0))
    line.hear(noise(300, 10)).hear(noise(2600, 5000))
    shown = [output for _, output in line.out if isinstance(output, Speaking)]
    assert 3 <= len(shown) <= 5
    assert [len(one.pcm) for one in shown] == sorted(len(one.pcm) for one in shown)


def test_the_floor_is_the_running_level_of_the_line_without_the_caller_and_within_reason():
    gate = LevelGate()
    for _ in range(40):
        gate.feed(-40.0, caller=False)
    for _ in range(100):
        gate.feed(-10.0, caller=True)
    assert gate.floor_db == -40.0
    assert gate.stands_out(-34.0, 6)
    assert not gate.stands_out(-35.0, 6)
    for _ in range(100):
        gate.feed(-5.0, caller=False)
    assert gate.floor_db == -30.0
    for _ in range(100):
        gate.feed(-80.0, caller=False)
    assert not gate.stands_out(-70.0, 3)


def test_levels_are_in_db_below_full_scale():
    assert level_db(tone(440, 32, level=1.0)) == pytest.approx(-3, abs=0.3)
    assert level_db(np.zeros(0, dtype=np.int16)) < -90


def test_correlation_finds_a_signal_again_at_any_delay_and_loudness():
    far = noise(800, 3000).astype(np.float32)
    for delay in (0, 100, 2000, 5000):
        assert correlation(far[delay : delay + 1280] * 0.05, far) > 0.99
    assert correlation(noise(160, 3000).astype(np.float32), far) < 0.3
    assert correlation(np.zeros(1280, dtype=np.float32), far) == 0.0


def test_nothing_is_an_echo_before_anything_was_played():
    detector = EchoDetector()
    for _ in range(6):
        detector.line(noise(32, 3000))
    assert not detector.is_echo(1000.0)
