"""A recogniser that says what a test tells it, fails or hangs on demand. For tests only."""

from collections.abc import Callable, Iterable

from audio.asr.partials import Redecoded
from audio.pcm import Pcm
from ivr.dialog.actions import Expect
from ivr.errors import Unavailable
from ivr.ports import EngineInfo, Hearing, Transcript


class Scripted:
    """Returns its texts in turn; a text that is callable is called first, None fails."""

    info = EngineInfo("scripted", "en", "Apache-2.0", 8000)

    def __init__(self, texts: Iterable[str | Callable[[], str] | None], confidence: float = 0.95) -> None:
        self._texts = iter(texts)
        self._confidence = confidence

    def warm_up(self) -> None:
        """Nothing to warm."""

    def close(self) -> None:
        """Nothing to close."""

    def transcribe(self, pcm: Pcm, rate: int, expect: Expect) -> Transcript:
        """Return the next text."""
        text = next(self._texts, "")
        if text is None:
            raise Unavailable("the scripted recogniser fails here")
        said = text() if callable(text) else text
        readings = (said,) if said else ()
        return Transcript(said, self._confidence if said and len(pcm) else 0.0, 0.0, "scripted", readings)

    def listen(self, expect: Expect, rate: int) -> Hearing:
        """Begin an utterance; every look at it, and its end, takes the next text."""
        return Redecoded(self, expect, rate)
