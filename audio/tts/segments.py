"""A text cut into what is spoken, stored and joined: sentences, clauses of long ones, voices. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from audio.tts.normalise import normalised
from audio.tts.normalise.runs import readable, runs

SENTENCE_PAUSE_MS = 200
CLAUSE_PAUSE_MS = 60
VOICE_PAUSE_MS = 30
"""Silence before a sentence, a clause and another voice; mastered speech has 100 ms of its own around it."""

LONG = {"zh": 30}
LONG_DEFAULT = 90
"""Sentences of more letters are cut at their commas, so that the first words need not wait for the last."""
MOST = {"zh": 90}
MOST_DEFAULT = 300
"""No piece has more letters; without a comma it is cut where it must be."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Words for one voice, and the silence before them."""

    language: str
    text: str
    pause_ms: int


@lru_cache(maxsize=4096)
def segments(text: str, language: str, voices: frozenset[str]) -> tuple[Segment, ...]:
    """Return what is spoken of a text, where there are voices of these languages; () for nothing."""
    if language not in voices:
        return ()
    found: list[Segment] = []
    for sentence in _sentences(normalised(text, language)):
        for number, clause in enumerate(_clauses(sentence, language)):
            pause = CLAUSE_PAUSE_MS if number else SENTENCE_PAUSE_MS
            for reader, words in _voiced(clause, language, voices):
                found.append(Segment(reader, words, pause if found else 0))
                pause = VOICE_PAUSE_MS
    return tuple(found)


def _voiced(clause: str, language: str, voices: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the runs of a clause with the language whose voice speaks them; what none can is left out."""
    for reader, run in runs(clause, language):
        words = run if reader == language else normalised(run, reader)
        if not any(map(str.isalnum, words)):
            continue
        if reader in voices:
            yield reader, words
        elif readable(language, reader):
            yield language, run


_SENTENCE = re.compile(r"[.!?…]+[\"”’)\]]*(?=\s)|[。！？…]+[”』）\"]*")
_INITIAL = re.compile(r"(?:^|(?<![A-Z\d])[\s.])[A-Z]$")
"""A letter that stands for a name; one behind other letters ends a word that is spelt."""


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for match in _SENTENCE.finditer(text):
        if match[0] == "." and _INITIAL.search(text[start : match.start()]):
            continue
        yield text[start : match.end()].strip()
        start = match.end()
    if text[start:].strip():
        yield text[start:].strip()


_CLAUSE = re.compile(
    r"(?<![\d])[,;:](?=\s)|(?<![零一二三四五六七八九])[，；：]|[，；：](?![零一二三四五六七八九])"
)


def _clauses(sentence: str, language: str) -> Iterator[str]:
    long = LONG.get(language, LONG_DEFAULT)
    start = 0
    if len(sentence) > long:
        for match in _CLAUSE.finditer(sentence):
            if match.end() - start >= long // 3 and len(sentence) - match.end() >= long // 6:
                yield from _bounded(sentence[start : match.end()].strip(), language)
                start = match.end()
    yield from _bounded(sentence[start:].strip(), language)


def _bounded(clause: str, language: str) -> Iterator[str]:
    most = MOST.get(language, MOST_DEFAULT)
    while len(clause) > most:
        at = clause.rfind(" ", most // 2, most) + 1 or most
        yield clause[:at].strip()
        clause = clause[at:]
    yield clause
