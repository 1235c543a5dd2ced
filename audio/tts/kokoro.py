"""Kokoro-82M (int8) for Mandarin: a natural voice that takes half of a core's time for what it says.

Made for prompts that are rendered ahead of time. Its weights come in four packages (extra `zh-voice`),
its voices lie as files below IVR_MODELS (`docs/voices.md`). Loaded when it is first needed.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audio.models import find, locate, named, wrong_files
from audio.pcm import Pcm
from audio.tts import mandarin
from audio.tts.manner import Manner, VoiceInfo
from ivr.errors import NotFound, Unavailable
from ivr.ports import EngineInfo

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

RATE = 24_000
DEFAULT_VOICE = "zf_xiaobei"
MOST_TOKENS = 508
STYLE = 256
"""Numbers in a style; a voice is one style for each length of text."""
PARTS = tuple(named(f"kokoro-82m-part-{number}") for number in range(1, 5))
VOICES = named("kokoro-voices-zh")
MODELS = (*PARTS, VOICES)


def installed(models: Path | None) -> bool:
    """Return whether weights, voices and the Mandarin front end are there."""
    from importlib.util import find_spec

    modules = ("jieba", "misaki", "pypinyin")
    return all(find(model, models) for model in MODELS) and all(map(find_spec, modules))


class KokoroVoice:
    """The engine. One session serves several threads; nothing is loaded before the first text."""

    info: EngineInfo

    def __init__(self, models: Path | None, manner: Manner | None = None) -> None:
        manner = manner or Manner()
        name = manner.voice or DEFAULT_VOICE
        if not installed(models):
            raise NotFound("kokoro is not installed; docs/voices.md says how (extra zh-voice)")
        folder = find(VOICES, models)
        if folder is None or name not in voices():
            raise NotFound(f"kokoro has no voice '{name}'; it has {', '.join(voices())}")
        self.info = VoiceInfo(
            "kokoro",
            "zh",
            "Apache-2.0",
            RATE,
            "82M-1.0-int8",
            name,
            manner.speed,
            manner.volume_db,
            slow=True,
        )
        self._file, self._speed = folder / f"{name}.bin", manner.speed
        self._lock = threading.Lock()
        self._loaded: tuple[InferenceSession, NDArray[np.float32]] | None = None

    def warm_up(self) -> None:
        """Load, and speak one sentence into nothing."""
        for _ in self.speak("您好。"):
            pass

    def close(self) -> None:
        """Give the weights back."""
        self._loaded = None

    def speak(self, text: str) -> Iterator[Pcm]:
        """Yield the audio in one piece; nothing where there is no Mandarin in the text."""
        session, styles = self._session()
        for ids in _pieces(mandarin.tokens(mandarin.phonemes(text))):
            style = styles[min(len(ids), len(styles) - 1)][None]
            given = {"tokens": np.array([[0, *ids, 0]], dtype=np.int64), "style": style}
            (floats,) = session.run(None, {**given, "speed": np.array([self._speed], dtype=np.float32)})
            yield (np.clip(np.ravel(np.asarray(floats)), -1, 1) * 32767).astype(np.int16)

    def _session(self) -> "tuple[InferenceSession, NDArray[np.float32]]":
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(), _styles(self._file)
                mandarin.warm_up()
            return self._loaded


def voices() -> tuple[str, ...]:
    """Return the names of the voices."""
    return tuple(name.removesuffix(".bin") for name, _ in VOICES.files)


def _load() -> "InferenceSession":
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    weights = b"".join((locate(part) / "part.bin").read_bytes() for part in PARTS)
    return ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _styles(file: Path) -> NDArray[np.float32]:
    if file.name in wrong_files(VOICES, file.parent):
        raise Unavailable(f"the voice {file.stem} is damaged (run `ivr models verify`)")
    return np.fromfile(file, dtype="<f4").reshape(-1, STYLE)


def _pieces(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), MOST_TOKENS):
        yield ids[start : start + MOST_TOKENS]
