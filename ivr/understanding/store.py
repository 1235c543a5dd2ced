"""Models that were trained, kept by what they were trained on: in memory, and as files if a folder is named.

A model is named by its examples, its encoder and the way of training, so a file is never out of date, and
one that is damaged is made again. Those of the demo menus are trained at the installation; what is trained
later goes to the folder that is named.
"""

import hashlib
import json
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import structlog

from ivr.dialog.events import Intent
from ivr.dialog.flow import Flow
from ivr.understanding.encoder import encoder_of
from ivr.understanding.model import Encoder, IntentModel, Trained
from ivr.understanding.training import outside, train

log = structlog.get_logger(__name__)
WAY = 1
"""Another number for another way of training."""
MOST_IN_MEMORY = 32
MANY = 200
"""Examples from which on training is worth a process of its own."""
Examples = Mapping[str, Sequence[str]]
_memory: dict[str, IntentModel] = {}
_training = threading.Lock()


def prepared_at() -> Path:
    """Return where the models lie that `ivr models prepare` has trained: beside the installed packages."""
    return Path(sys.prefix) / "share" / "ivr" / "understanding"


class Models:
    """The models of a hotline, one for each language that it speaks."""

    def __init__(self, flow: Flow, folder: Path | None = None) -> None:
        """Train what is not known yet; that takes seconds. `folder` is where models are kept as files."""
        self._models = {
            language: model_of(flow.speaking(language).examples, language, folder)
            for language in flow.languages
        }

    def rank(self, text: str, language: str) -> tuple[Intent, ...]:
        """Return the readings of a sentence in a language, likeliest first."""
        model = self._models.get(language)
        return model.rank(text) if model is not None else ()


def model_of(examples: Examples, language: str, folder: Path | None = None) -> IntentModel:
    """Return the model of some examples, trained now if it is not known."""
    encoder = encoder_of(language) if examples else None
    key = _key(examples, language, encoder)
    with _training:  # one at a time: who comes second finds it in memory
        model = _memory.pop(key, None)
        if model is None:
            model = IntentModel(_trained(key, examples, language, encoder, folder), encoder)
        _memory[key] = model
        if len(_memory) > MOST_IN_MEMORY:
            del _memory[next(iter(_memory))]
    return model


def _trained(
    key: str, examples: Examples, language: str, encoder: Encoder | None, folder: Path | None
) -> Trained:
    for place in (folder, prepared_at()) if examples else ():
        if place and (known := _read(_file(place, key))) is not None:
            return known
    data = _made(examples, language, encoder)
    if folder and examples:
        _keep(_file(folder, key), data)
    return Trained.from_bytes(data)  # in the file's half precision: the same before and after a restart


def prepare(examples: Examples, language: str) -> tuple[Path, bool]:
    """Keep the model of some examples for all who use this installation: its file, and whether it is new.

    Raise OSError where it cannot be written, before it is trained.
    """
    encoder = encoder_of(language)
    path = _file(prepared_at(), _key(examples, language, encoder))
    if _read(path) is not None:
        return path, False
    _part(path).touch()
    _write(path, _made(examples, language, encoder))
    return path, True


def prune(keep: Collection[Path]) -> list[Path]:
    """Remove what was prepared but for these files; return what went. Raise OSError where it cannot."""
    found = sorted(path for path in prepared_at().glob("*.*") if path.suffix in (".npz", ".part"))
    others = [path for path in found if path not in keep]
    for path in others:
        path.unlink(missing_ok=True)
    return others


def _made(examples: Examples, language: str, encoder: Encoder | None) -> bytes:
    """Train, where it takes long in a process of its own: calls go on, and its memory is given back."""
    if sum(map(len, examples.values())) < MANY:
        return train(examples, language, encoder).to_bytes()
    plain = {name: tuple(texts) for name, texts in examples.items()}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_train, plain, language).result()


def _train(examples: dict[str, tuple[str, ...]], language: str) -> bytes:
    return train(examples, language, encoder_of(language)).to_bytes()


def _key(examples: Examples, language: str, encoder: Encoder | None) -> str:
    plain = [(name, list(texts)) for name, texts in sorted(examples.items())]
    what = [plain, language, outside(language), encoder.name if encoder else "", WAY]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]


def _file(folder: Path, key: str) -> Path:
    return folder / f"{key}.npz"


def _read(path: Path) -> Trained | None:
    try:
        return Trained.from_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("a trained model cannot be read and is made again", file=path.name, why=str(error))
        return None


def _keep(path: Path, data: bytes) -> None:
    try:
        _write(path, data)
    except OSError as error:
        log.warning("a trained model cannot be kept", file=path.name, why=str(error))


def _write(path: Path, data: bytes) -> None:
    part = _part(path)
    part.write_bytes(data)
    part.replace(path)


def _part(path: Path) -> Path:
    """Return the file that becomes this one when it is whole; its folder is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_suffix(".part")
