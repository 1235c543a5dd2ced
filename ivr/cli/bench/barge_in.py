"""Barge-in, measured: how often a prompt stops for nobody, and how often it does not stop for a caller.

The real session and the real detector on a virtual clock. The yardstick is the detector alone: the
same session without the level gate and without the echo detector.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from audio import noise as sounds
from audio import pcm as audio
from audio.echo import EchoDetector
from audio.level import LevelGate
from audio.pcm import Pcm
from audio.session import Listening, MediaSession, SendAudio, SendClear
from audio.turn import ENDS
from audio.vad import SileroDetector

FRAME = 160
SPEECH_DBFS, BABBLE_DBFS, QUIET_DBFS = -20.0, -30.0, -40.0
"""A caller, people talking behind at 10 dB below, and a line at 20 dB."""
IN_TIME_MS = 700
"""A caller who has spoken for so long over a prompt, and it still goes on, was missed."""
Progress = Callable[[int, int], None]


class _Everything(LevelGate):
    """Lets every level pass: the yardstick."""

    def stands_out(self, level: float, by_db: float) -> bool:
        return True


class _NoEcho(EchoDetector):
    """Knows no echo: the yardstick."""

    def is_echo(self, now: float) -> bool:
        return False


@dataclass(slots=True)
class _Line:
    """One caller's telephone on a virtual clock; `loss` of what it plays comes back as echo."""

    plain: bool
    loss: float = 0.0
    delay_ms: int = 140
    now: float = 0.0
    stops: list[float] = field(default_factory=list)
    session: MediaSession = field(init=False)
    _ear: list[Pcm] = field(default_factory=list)
    _queue: list[Pcm] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = MediaSession(SileroDetector(), 0.0)
        if self.plain:
            self.session._gate, self.session._echo = _Everything(), _NoEcho()

    def prompt(self, ulaw: bytes) -> None:
        """Play a prompt and listen for an answer."""
        self.session.begin_prompt()
        self.session.play(ulaw)
        self.session.prompt_complete()
        self._take(self.session.listen(Listening(ENDS["open"], 60_000), self.now))

    def hear(self, pcm: Pcm) -> None:
        """Let the line bring some sound, in real time."""
        for at in range(0, len(pcm) - FRAME + 1, FRAME):
            near = pcm[at : at + FRAME].astype(np.float32) + self.loss * self._echo()
            ulaw = audio.to_ulaw(np.clip(near, -32768, 32767).astype(np.int16))
            self._take(self.session.audio(ulaw, self.now))
            self._take(self.session.tick(self.now))
            self._ear.append(self._queue.pop(0) if self._queue else np.zeros(FRAME, dtype=np.int16))
            self.now += 20

    def _echo(self) -> Pcm:
        back = self.delay_ms // 20
        return self._ear[-back] if len(self._ear) >= back else np.zeros(FRAME, dtype=np.int16)

    def _take(self, outputs: Sequence[Any]) -> None:
        for output in outputs:
            if isinstance(output, SendAudio):
                self._queue += list(audio.from_ulaw(output.ulaw).reshape(-1, FRAME))
            elif isinstance(output, SendClear):
                self.stops.append(self.now)
                self._queue.clear()


def figures(
    prompt: Pcm,
    callers: Sequence[tuple[str, Pcm]],
    minutes: float,
    progress: Progress = lambda done, of: None,
) -> dict[str, Any]:
    """Return the figures of barge-in. `prompt` and callers are 8 kHz; voices tell callers apart."""
    long = audio.to_ulaw(np.tile(prompt, 1 + int(12_000 * 8 / max(1, len(prompt)))))
    crowd = [pcm for _, pcm in callers[:8]]
    steps, done = 4 * round(minutes * 6) + 2 * len(callers), 0
    found: dict[str, Any] = {}
    for name, plain in (("ours", False), ("detector alone", True)):
        for what, loss in (("babble", 0.0), ("babble and echo", 0.1)):
            stops = 0
            for n in range(round(minutes * 6)):
                stops += _stops(long, sounds.babble(crowd, 10_000, BABBLE_DBFS, seed=n), loss, plain=plain)
                done += 1
                progress(done, steps)
            found[f"false barge-in a minute of 10 dB {what}, {name}"] = round(stops / minutes, 2)
        waits = []
        for n, (_, spoken) in enumerate(callers):
            waits.append(_wait(long, spoken, crowd, n, plain=plain))
            done += 1
            progress(done, steps)
        missed = sum(wait is None for wait in waits) / len(waits)
        found[f"missed barge-in, %, {name}"] = round(100 * missed, 1)
        heard = sorted(wait for wait in waits if wait is not None)
        if heard:
            found[f"caller's first sound → prompt stops, ms, median, {name}"] = round(heard[len(heard) // 2])
    return found


def _stops(prompt: bytes, background: Pcm, loss: float, *, plain: bool) -> int:
    """Return how often prompts stop in ten seconds in which nobody answers."""
    line = _Line(plain, loss)
    line.prompt(prompt)
    stops = 0
    for at in range(0, len(background) - 1600, 1600):
        line.hear(background[at : at + 1600])
        if len(line.stops) > stops:  # a false alarm: the prompt goes on
            stops = len(line.stops)
            line.session.resume(line.now)
            line._take(line.session.listen(Listening(ENDS["open"], 60_000), line.now))
    return stops


def _wait(prompt: bytes, spoken: Pcm, crowd: Sequence[Pcm], seed: int, *, plain: bool) -> float | None:
    """Return how long after the caller's first sound the prompt stops, None for too late; half in babble."""
    noisy = seed % 2 == 0
    line = _Line(plain, 0.05)
    line.prompt(prompt)
    length = 1_500 + len(spoken) // 8
    bed = sounds.babble(crowd, length, BABBLE_DBFS, seed) if noisy else sounds.pink(length, QUIET_DBFS, seed)
    voice = sounds.at_level(spoken, SPEECH_DBFS)
    mixed = bed.astype(np.int32)
    mixed[12_000 : 12_000 + len(voice)] += voice[: len(mixed) - 12_000]
    line.hear(np.clip(mixed, -32768, 32767).astype(np.int16))
    onset = 1_500 + _first_sound_ms(spoken)
    after = [at - onset for at in line.stops if at >= onset - 40]
    return after[0] if after and after[0] <= IN_TIME_MS else None


def _first_sound_ms(pcm: Pcm) -> float:
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 0.1 * np.abs(pcm.astype(np.int32)).max())
    return float(loud[0]) / 8 if len(loud) else 0.0
