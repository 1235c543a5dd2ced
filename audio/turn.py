"""Turn-taking: speech probabilities in, "started", "paused", "finished" and "nobody spoke" out.

Pure: time is counted in windows of audio, so the same sound always gives the same turns. It knows
neither audio nor recognisers. Figures are starting values from our measurements on telephone audio.
"""

from dataclasses import dataclass
from enum import Enum

ON, OFF = 0.5, 0.35
"""Speech begins at or above ON and ends below OFF (hysteresis)."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a turn begins and ends, in milliseconds.

    `start_ms` of speech make a turn; after `pause_ms` of silence the words so far are worth a
    look; if they are a complete answer the turn is over after `early_ms`, else after `end_ms`;
    `longest_ms` ends it in any case.
    """

    start_ms: int = 96
    pause_ms: int = 224
    early_ms: int = 320
    end_ms: int = 640
    longest_ms: int = 20_000
    least_ms: int = 96


ENDS = {
    "yes_no": Timing(early_ms=256, end_ms=480, longest_ms=5_000),
    "phrases": Timing(early_ms=288, end_ms=512, longest_ms=6_000),
    "open": Timing(early_ms=384, end_ms=736, longest_ms=20_000),
    "digits": Timing(early_ms=288, end_ms=1_024, longest_ms=15_000),
    "amount": Timing(early_ms=512, end_ms=896, longest_ms=10_000),
    "date": Timing(early_ms=512, end_ms=896, longest_ms=10_000),
    "text": Timing(early_ms=1_216, end_ms=1_216, longest_ms=30_000),
}
"""End of speech by what was asked: short for yes or no, long between groups of digits."""


class Heard(Enum):
    """What the detector found out."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    FINISHED = "finished"
    TOO_SHORT = "too short"


class TurnDetector:
    """Follows one caller through one turn."""

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self.start_ms = timing.start_ms
        self.speaking = False
        self.speech_ms = 0
        self.silence_ms = 0
        self.total_ms = 0
        self._run_ms = 0
        self._in_speech = False
        self._paused = False
        self._complete = False

    def feed(self, probability: float, milliseconds: int) -> list[Heard]:
        """Take one window's probability."""
        self._in_speech = probability >= (OFF if self._in_speech else ON)
        if not self.speaking:
            return self._before(milliseconds)
        return self._during(milliseconds)

    def _before(self, milliseconds: int) -> list[Heard]:
        """Count speech towards a turn; a gap takes as much away again: one consonant does not undo it."""
        self._run_ms = max(0, self._run_ms + (milliseconds if self._in_speech else -milliseconds))
        if self._run_ms < self.start_ms:
            return []
        self.speaking = True
        self.speech_ms = self.total_ms = self._run_ms
        self.silence_ms = 0
        self._paused = self._complete = False
        return [Heard.STARTED]

    def _during(self, milliseconds: int) -> list[Heard]:
        self.total_ms += milliseconds
        found: list[Heard] = []
        if self._in_speech:
            self.speech_ms += milliseconds
            self.silence_ms = 0
            if self._paused:
                self._paused = self._complete = False
                found.append(Heard.RESUMED)
        else:
            self.silence_ms += milliseconds
            if not self._paused and self.silence_ms >= self.timing.pause_ms:
                self._paused = True
                found.append(Heard.PAUSED)
        if self._over():
            found.append(self._finish())
        return found

    def _over(self) -> bool:
        enough = self.timing.early_ms if self._complete else self.timing.end_ms
        return self.silence_ms >= enough or self.total_ms >= self.timing.longest_ms

    def _finish(self) -> Heard:
        enough = self.speech_ms >= self.timing.least_ms
        self.speaking = False
        self._run_ms = 0
        self._in_speech = False
        return Heard.FINISHED if enough else Heard.TOO_SHORT

    def complete(self) -> bool:
        """Note that the words so far are a complete answer; return whether the turn is over now."""
        self._complete = True
        if not self.speaking or not self._over():
            return False
        self._finish()
        return True

    def reopen(self) -> None:
        """Take back that the words so far are complete."""
        self._complete = False

    def drop(self) -> None:
        """Forget the turn: the caller answered by keys."""
        self._finish()
