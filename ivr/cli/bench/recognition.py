"""Recognition measured on synthetic callers: our grammars, and beside them free decoding with rules.

Every utterance is heard twice in the same run. What it means is decided by the dialogue at the node
where it was said; the texts are `texts/test.yaml`, the voices those of `callers.TEST`.
"""

import math
import multiprocessing
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from audio import pcm as audio
from audio.asr.moonshine import Moonshine
from audio.asr.network import RATE
from ivr.cli.bench.callers import TEST, Callers, Line, installed, over, seed_of
from ivr.cli.bench.fitting import FREE_ERRORS
from ivr.cli.bench.material import CONFIRM, NOTHING, TAKE, Hotline, Said, material
from ivr.cli.bench.words import compared, edits, error_rate
from ivr.dialog.actions import Expect

GOOD, BAD = Line(20), Line(10)
LINES = (GOOD, BAD, Line(20, "babble"), Line(10, "babble"))
CHUNK = 8
WORKERS = 2
BINS = (0.0, 0.2, 0.4, 0.6, 0.75, 0.9, 0.97, 1.0)
FREELY = Expect("text")


@dataclass(frozen=True, slots=True)
class Result:
    """One utterance over one line: what was made of it by us, and by free decoding with rules."""

    said: Said
    line: Line
    text: str
    confidence: float
    meaning: str
    sure: float
    right: bool
    plain_text: str
    plain_meaning: str
    plain_sure: float
    plain_right: bool
    audio_s: float
    cpu_ms: float
    plain_cpu_ms: float


# ---- one utterance


@cache
def _tools() -> tuple[Hotline, Moonshine, Callers]:
    recogniser = Moonshine()
    recogniser.warm_up()
    return Hotline("test"), recogniser, Callers()


def heard(said: Said, line: Line) -> Result:
    """Recognise an utterance both ways."""
    hotline, recogniser, callers = _tools()
    pcm = over(line, callers.say(said.voice, said.text), seed_of(said, line))
    expect = hotline.expect(said.node) if said.task != "sentence" else Expect("open")
    began = time.thread_time()
    ours = recogniser.transcribe(pcm, audio.RATE, expect)
    between = time.thread_time()
    wave = audio.resample(pcm, audio.RATE, RATE).astype(np.float32) / np.float32(32768)
    _, plain = recogniser.answers(wave, FREELY)
    ended = time.thread_time()
    plain_text = plain.readings[0] if plain.readings else ""
    meaning, sure = hotline.understood(said.node, ours.text, ours.confidence)
    plain_meaning, plain_sure = hotline.understood(said.node, plain_text, math.exp(plain.evidence.mean))
    wanted = hotline.means(said)
    return Result(
        said,
        line,
        ours.text,
        ours.confidence,
        meaning,
        sure,
        _right(said, ours.text, meaning, sure, wanted),
        plain_text,
        plain_meaning,
        plain_sure,
        _right(said, plain_text, plain_meaning, plain_sure, wanted),
        len(pcm) / audio.RATE,
        (between - began) * 1000,
        (ended - between) * 1000,
    )


def _right(said: Said, text: str, meaning: str, sure: float, wanted: str) -> bool:
    """Return whether an answer is what was meant, and not refused; free speech, whether the words are."""
    if said.task == "sentence":
        return error_rate(said.text, text) <= FREE_ERRORS
    if said.task == "outside":
        return sure < TAKE or meaning in (wanted, NOTHING)
    return meaning == wanted and sure >= CONFIRM


# ---- all of them


def measured(each: int, lines: Sequence[Line], deadline: float, say: Callable[[str], None]) -> list[Result]:
    """Return results until the time (monotonic) is over; their order is random, but always the same."""
    spoken = material("test", installed(TEST), each)
    _prepare(spoken, say)
    random.Random(1).shuffle(spoken)
    work = [(said, line) for said in spoken for line in lines]
    chunks = [work[start : start + CHUNK] for start in range(0, len(work), CHUNK)]
    results: list[Result] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        for found in _until(deadline, pool, chunks):
            results += found
            say(f"recognised {len(results)} of {len(work)}")
    return sorted(results, key=repr)


def _prepare(spoken: Iterable[Said], say: Callable[[str], None]) -> None:
    for left in Callers().prepare(((said.voice, said.text) for said in spoken), WORKERS):
        say(f"callers rehearse: {left} sentences left")


def _until(
    deadline: float, pool: ProcessPoolExecutor, chunks: Sequence[Sequence[tuple[Said, Line]]]
) -> Iterator[list[Result]]:
    waiting = iter(chunks)
    running = {pool.submit(_chunk, chunk) for chunk, _ in zip(waiting, range(2 * WORKERS), strict=False)}
    while running:
        done = next(as_completed(running))
        running.remove(done)
        yield done.result()
        if time.monotonic() < deadline and (chunk := next(waiting, None)) is not None:
            running.add(pool.submit(_chunk, chunk))


def _chunk(work: Sequence[tuple[Said, Line]]) -> list[Result]:
    return [heard(said, line) for said, line in work]


# ---- figures


def share(found: Sequence[Result], good: Callable[[Result], bool]) -> float | None:
    """Return how many of a hundred are good; None if there are none at all."""
    return round(100 * sum(map(good, found)) / len(found), 1) if found else None


def wrong_and_taken(result: Result) -> bool:
    """Return whether the hotline goes on with what was not meant."""
    return not result.right and result.sure >= TAKE and result.meaning != NOTHING


def plain_wrong_and_taken(result: Result) -> bool:
    """Return the same for free decoding with rules."""
    return not result.plain_right and result.plain_sure >= TAKE and result.plain_meaning != NOTHING


def word_errors(found: Sequence[Result], text: Callable[[Result], str]) -> float | None:
    """Return the word error rate of free sentences, in percent."""
    said = sum(len(compared(result.said.text)) for result in found)
    return round(100 * sum(edits(r.said.text, text(r)) for r in found) / said, 1) if said else None


def reliability(found: Sequence[Result]) -> tuple[list[Mapping[str, Any]], float]:
    """Return bins of confidence with the share that was right, and the expected calibration error."""
    rows: list[Mapping[str, Any]] = []
    error = 0.0
    for low, high in pairwise(BINS):
        inside = [r for r in found if low <= r.confidence < high or (high == 1.0 and r.confidence == 1.0)]
        if inside:
            mean = sum(r.confidence for r in inside) / len(inside)
            right = sum(_words_right(r) for r in inside) / len(inside)
            error += len(inside) / len(found) * abs(mean - right)
            row = {
                "from": low,
                "to": high,
                "n": len(inside),
                "mean": round(mean, 3),
                "right": round(right, 3),
            }
            rows.append(row)
    return rows, round(error, 3)


def _words_right(result: Result) -> bool:
    if result.said.task == "outside":
        return error_rate(result.said.text, result.text) <= FREE_ERRORS
    return result.right if result.said.task == "sentence" else result.meaning == result.said.meaning
