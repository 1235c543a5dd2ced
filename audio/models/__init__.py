"""The speech models: which there are, where they lie, whether their bytes are the right ones.

The catalogue is data (`catalogue.yaml`). Embedded models come as pinned packages; others are fetched by
`ivr models fetch`, or installed from a file, into the folder of IVR_MODELS. Nothing is fetched unasked.
"""

from audio.models.catalogue import CATALOGUE, HIBARI, MINILM, MOONSHINE, SILERO, VOSK_KO, Model, named
from audio.models.installed import (
    Damaged,
    checked,
    find,
    known_sum,
    locate,
    manifest_of,
    remove,
    verified,
    vosk_model,
    vosk_models,
    wrong_files,
)

__all__ = [
    "CATALOGUE",
    "HIBARI",
    "MINILM",
    "MOONSHINE",
    "SILERO",
    "VOSK_KO",
    "Damaged",
    "Model",
    "checked",
    "find",
    "known_sum",
    "locate",
    "manifest_of",
    "named",
    "remove",
    "verified",
    "vosk_model",
    "vosk_models",
    "wrong_files",
]
