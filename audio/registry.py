"""Engines by name and language: which is used, and why another is not.

A new engine is one module and one line here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from audio.models import MOONSHINE, find, vosk_model
from ivr.errors import HotlineError, InvalidInput, NotFound
from ivr.ports import Recogniser, Voice


def _moonshine(language: str, models: Path | None) -> Recogniser:
    from audio.asr.moonshine import Moonshine

    if language != "en":
        raise NotFound("moonshine knows English only")
    return Moonshine()


def _vosk(language: str, models: Path | None) -> Recogniser:
    from audio.asr.vosk import Vosk

    folder = vosk_model(language, models)
    if folder is None:
        raise NotFound(f"no Vosk model for '{language}' is installed (see `ivr models list`)")
    return Vosk(folder, language)


def _hibari(language: str) -> Voice:
    from audio.tts.hibari import HibariVoice

    if language != "en":
        raise NotFound("hibari speaks English only")
    return HibariVoice()


def _pyttsx3(language: str) -> Voice:
    from audio.tts.pyttsx3 import Pyttsx3Voice

    return Pyttsx3Voice(language)


RECOGNISERS: Mapping[str, Callable[[str, Path | None], Recogniser]] = {"moonshine": _moonshine, "vosk": _vosk}
VOICES: Mapping[str, Callable[[str], Voice]] = {"hibari": _hibari, "pyttsx3": _pyttsx3}


def recogniser_name(setting: str, language: str, models: Path | None) -> str | None:
    """Return the engine that a setting names for a language; None for keys only.

    `auto` takes Vosk where a Vosk model of the language is installed, else the embedded one.
    """
    wanted = _by_language(setting, language, RECOGNISERS)
    if wanted != "auto":
        return wanted
    if vosk_model(language, models) is not None:
        return "vosk"
    return "moonshine" if language == "en" and find(MOONSHINE) is not None else None


def voice_name(setting: str, language: str) -> str | None:
    """Return the voice that a setting names for a language; `auto` takes hibari for English, else pyttsx3."""
    wanted = _by_language(setting, language, VOICES)
    if wanted != "auto":
        return wanted
    return "hibari" if language == "en" else "pyttsx3"


def _by_language(setting: str, language: str, known: Mapping[str, object]) -> str | None:
    """Read "moonshine" or "en=moonshine,ko=vosk"; "none" switches speech off."""
    wanted = "auto"
    for part in setting.replace(" ", "").split(","):
        where, named, name = part.rpartition("=")
        if named and where != language:
            continue
        wanted = name
    if wanted not in (*known, "auto", "none"):
        raise InvalidInput(f"there is no speech engine '{wanted}'; use auto, none or {', '.join(known)}")
    return None if wanted == "none" else wanted


@dataclass(frozen=True, slots=True)
class Engines:
    """What could be loaded, and in words what could not."""

    recognisers: Mapping[str, Recogniser]
    voices: Mapping[str, Voice]
    missing: tuple[str, ...] = field(default=())


def load_engines(asr: str, tts: str, languages: tuple[str, ...], models: Path | None) -> Engines:
    """Load and warm the engines for these languages; one that fails is told in `missing`."""
    recognisers: dict[str, Recogniser] = {}
    voices: dict[str, Voice] = {}
    missing: list[str] = []
    for language in languages:
        heard = recogniser_name(asr, language, models)
        try:
            if heard is None:
                missing.append(f"no recogniser for '{language}': callers use keys only")
            else:
                recognisers[language] = RECOGNISERS[heard](language, models)
                recognisers[language].warm_up()
        except HotlineError as error:
            recognisers.pop(language, None)
            missing.append(f"no recogniser for '{language}' ({error}): callers use keys only")
        spoken = voice_name(tts, language)
        try:
            if spoken is None:
                missing.append(f"no voice for '{language}': the carrier speaks the prompts")
            else:
                voices[language] = VOICES[spoken](language)
                voices[language].warm_up()
        except HotlineError as error:
            voices.pop(language, None)
            missing.append(f"no voice for '{language}' ({error}): the carrier speaks the prompts")
    return Engines(recognisers, voices, tuple(missing))
