"""How a language is spoken: which voice of its engine, how fast, how loud. Read from settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ivr.errors import InvalidInput
from ivr.ports import EngineInfo

T = TypeVar("T")
SPEEDS = (0.5, 2.0)
VOLUMES_DB = (-20.0, 6.0)


@dataclass(frozen=True, slots=True)
class Manner:
    """`voice` "" is the engine's own choice; `speed` 1.0 its own pace; `volume_db` is added to the level."""

    voice: str = ""
    speed: float = 1.0
    volume_db: float = 0.0


@dataclass(frozen=True, slots=True)
class VoiceInfo(EngineInfo):
    """What a voice is, and all that its sound depends on beside the text.

    `slow` voices take long for a sentence: they are used ahead of time where that can be.
    """

    version: str = ""
    voice: str = ""
    speed: float = 1.0
    volume_db: float = 0.0
    slow: bool = False


def by_language(name: str, setting: str, language: str, read: Callable[[str], T], default: T) -> T:
    """Return what a setting says of a language: "0.9" for all of them, "en=1.0,zh=0.9" for each.

    Raise InvalidInput, naming the setting, where any part of it cannot be read.
    """
    found = default
    for part in filter(None, setting.replace(" ", "").split(",")):
        where, _, text = part.rpartition("=")
        try:
            value = read(text)
        except ValueError as error:
            raise InvalidInput(f"{name}: {error} in '{part}'; write for example {EXAMPLES[name]}") from None
        if where in ("", language):
            found = value
    return found


EXAMPLES: Mapping[str, str] = {
    "IVR_TTS": "en=hibari,zh=pyttsx3",
    "IVR_VOICE": "en=heart,zh=zf_xiaobei",
    "IVR_VOICE_SPEED": "en=1.0,zh=0.9",
    "IVR_VOICE_VOLUME_DB": "en=0,zh=-2",
}


def manner_of(language: str, voice: str = "", speed: str = "", volume_db: str = "") -> Manner:
    """Return how three settings want a language to be spoken."""
    return Manner(
        by_language("IVR_VOICE", voice, language, _name, ""),
        by_language("IVR_VOICE_SPEED", speed, language, _number(SPEEDS), 1.0),
        by_language("IVR_VOICE_VOLUME_DB", volume_db, language, _number(VOLUMES_DB), 0.0),
    )


def _name(text: str) -> str:
    if not text:
        raise ValueError("no voice is named")
    return text


def _number(bounds: tuple[float, float]) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"'{text}' is no number") from None
        if not bounds[0] <= number <= bounds[1]:
            raise ValueError(f"'{text}' is not between {bounds[0]:g} and {bounds[1]:g}")
        return number

    return read
