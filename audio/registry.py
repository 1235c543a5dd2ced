"""Engines by name and language: which is used, and why another is not.

A new engine is one module and one line here.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from audio.models import MOONSHINE, Damaged, checked, find, vosk_model, vosk_models
from audio.tts import normalise
from audio.tts.manner import Manner, by_language
from audio.tts.speaking import is_slow
from ivr.errors import HotlineError, InvalidInput, NotFound
from ivr.ports import Recogniser, Voice


def _moonshine(language: str, models: Path | None) -> Recogniser:
    from audio.asr.moonshine import Moonshine

    if language != "en":
        raise NotFound("moonshine knows English only")
    return Moonshine()


def _vosk(language: str, models: Path | None) -> Recogniser:
    from audio.asr.vosk import Vosk

    damaged: HotlineError | None = None
    for folder in vosk_models(language, models):
        try:
            checked(folder)
            return Vosk(folder, language)
        except Damaged as error:
            damaged = damaged or error
    raise damaged or NotFound(f"no Vosk model for '{language}' is installed (see `ivr models list`)")


def _hibari(language: str, manner: Manner, models: Path | None) -> Voice:
    from audio.tts.hibari import HibariVoice

    if language != "en":
        raise NotFound("hibari speaks English only")
    return HibariVoice(manner)


def _pyttsx3(language: str, manner: Manner, models: Path | None) -> Voice:
    from audio.tts.pyttsx3 import Pyttsx3Voice

    return Pyttsx3Voice(language, manner)


def _kokoro(language: str, manner: Manner, models: Path | None) -> Voice:
    from audio.tts.kokoro import KokoroVoice

    if language != "zh":
        raise NotFound("kokoro is here for Chinese only")
    return KokoroVoice(models, manner)


RECOGNISERS: Mapping[str, Callable[[str, Path | None], Recogniser]] = {"moonshine": _moonshine, "vosk": _vosk}
VOICES: Mapping[str, Callable[[str, Manner, Path | None], Voice]] = {
    "hibari": _hibari,
    "kokoro": _kokoro,
    "pyttsx3": _pyttsx3,
}


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


def voice_name(setting: str, language: str, models: Path | None = None) -> str | None:
    """Return the voice that IVR_TTS names for a language; None for the carrier's.

    `auto` takes hibari for English, kokoro for Chinese where it is installed, else pyttsx3.
    """
    wanted = by_language("IVR_TTS", setting, language, _known_voice, "auto")
    if wanted == "none":
        return None
    return _default_voice(language, models) if wanted == "auto" else wanted


def _known_voice(name: str) -> str:
    if name not in (*VOICES, "auto", "none"):
        raise ValueError(f"there is no voice engine '{name}' (auto, none, {', '.join(VOICES)})")
    return name


def _default_voice(language: str, models: Path | None) -> str:
    from audio.tts.kokoro import installed

    if language == "zh" and installed(models):
        return "kokoro"
    return "hibari" if language == "en" else "pyttsx3"


def load_voices(
    tts: str, language: str, models: Path | None, manner: Manner
) -> tuple[Voice | None, Voice | None, str]:
    """Return a language's voice, the spare one, and in words what is missing.

    The spare speaks where the first fails; it speaks in its own manner, and takes the first one's place
    where that cannot be had at all.
    """
    name = voice_name(tts, language, models)
    if name is None:
        return None, None, f"no voice for '{language}': the carrier speaks the prompts"
    spare = _spare(name, language, models, Manner(speed=manner.speed, volume_db=manner.volume_db))
    try:
        return _ready(VOICES[name](language, manner, models)), spare, ""
    except HotlineError as error:
        why = f"no voice {name} for '{language}' ({error})"
    if spare is not None:
        with suppress(HotlineError):
            return _ready(spare), None, f"{why}: {spare.info.name} speaks instead"
    return None, None, f"{why}: the carrier speaks the prompts"


def _spare(name: str, language: str, models: Path | None, manner: Manner) -> Voice | None:
    """Return the default voice of a language, or pyttsx3 where that one is in use already."""
    for other in (_default_voice(language, models), "pyttsx3"):
        if other != name:
            try:
                return VOICES[other](language, manner, models)
            except HotlineError:
                continue
    return None


def _ready(voice: Voice) -> Voice:
    """Return a voice that has spoken once; slow ones are loaded when they are first needed."""
    normalise.warm_up(voice.info.language)
    try:
        if not is_slow(voice.info):
            voice.warm_up()
    except HotlineError:
        voice.close()
        raise
    return voice


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
    spares: Mapping[str, Voice] = field(default_factory=dict)


def load_recogniser(asr: str, language: str, models: Path | None) -> tuple[Recogniser | None, list[str]]:
    """Load and warm the recogniser of a language; return it, and in words what could not be had.

    Where `auto` finds a Vosk model damaged, the embedded engine takes its place if it knows the language.
    """
    wanted = recogniser_name(asr, language, models)
    spare = "moonshine" if wanted == "vosk" and language == "en" and find(MOONSHINE) else None
    chosen = [
        name
        for name in (wanted, spare if _by_language(asr, language, RECOGNISERS) == "auto" else None)
        if name
    ]
    faults: list[str] = []
    for name in chosen:
        try:
            recogniser = RECOGNISERS[name](language, models)
            recogniser.warm_up()
            return recogniser, faults
        except HotlineError as error:
            faults.append(f"the recogniser {name} for '{language}' cannot be used: {error}")
    return None, [*faults, f"no recogniser for '{language}': callers use keys only"]


def load_engines(
    asr: str,
    tts: str,
    languages: tuple[str, ...],
    models: Path | None,
    manners: Callable[[str], Manner] = lambda language: Manner(),
) -> Engines:
    """Load and warm the engines for these languages; one that fails is told in `missing`."""
    recognisers: dict[str, Recogniser] = {}
    voices: dict[str, Voice] = {}
    spares: dict[str, Voice] = {}
    missing: list[str] = []
    for language in languages:
        recogniser, unheard = load_recogniser(asr, language, models)
        if recogniser is not None:
            recognisers[language] = recogniser
        missing += unheard
        voice, spare, without = load_voices(tts, language, models, manners(language))
        if voice is not None:
            voices[language] = voice
        if spare is not None:
            spares[language] = spare
        if without:
            missing.append(without)
    return Engines(recognisers, voices, tuple(missing), spares)
