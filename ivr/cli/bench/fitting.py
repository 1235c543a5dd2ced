"""Fits the confidences of the recogniser: `python -m ivr.cli.bench.fitting` prints their weights.

Only the development texts and voices are used. Each kind of answer is heard at its own nodes and at
nodes where it does not belong, over good and bad lines; what the dialogue makes of it is right or not.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio.asr.calibration import features, name_of
from audio.asr.choosing import Evidence
from audio.asr.moonshine import Moonshine
from audio.asr.network import RATE
from audio.pcm import RATE as LINE_RATE
from audio.pcm import resample
from ivr.cli.bench.callers import DEVELOPMENT, Callers, Line, installed, over, seed_of
from ivr.cli.bench.material import NOTHING, TAKE, Hotline, Said, material
from ivr.cli.bench.words import error_rate
from ivr.dialog.actions import Expect

LINES = (Line(20), Line(10), Line(15, "babble"))
FREE_ERRORS = 0.15
"""Word error rate up to which free speech counts as heard right."""
STRANGE = ("number_6_6_any", "number_1_20_any", "number_6_10_luhn", "confirm", "menu0", "menu1")
PENALTY = 0.1
"""Weight of the squares of the weights (ridge), in utterances."""


@dataclass(frozen=True, slots=True)
class Case:
    """Evidence, for an answer that was right or wrong."""

    expect: Expect
    evidence: Evidence
    right: bool

    @property
    def name(self) -> str:
        """Which weights it is a case for."""
        return name_of(self.evidence, self.expect)


def cases(each: int = 2) -> Iterator[Case]:
    """Yield what the development texts give, in all voices that are installed."""
    hotline, recogniser, callers = Hotline("development"), Moonshine(), Callers()
    spoken = [
        one for said in material("development", installed(DEVELOPMENT), each) for one in _everywhere(said)
    ]
    for count, said in enumerate(spoken):
        if count % 100 == 0:
            print(f"{count} of {len(spoken)}", file=sys.stderr)
        for line in LINES:
            heard = over(line, callers.say(said.voice, said.text), seed_of(said, line))
            wave = resample(heard, LINE_RATE, RATE).astype(np.float32) / np.float32(32768)
            yield from _judged(hotline, said, recogniser, wave)
            if said.task == "length":
                yield from _judged(hotline, said, recogniser, _broken_off(wave, seed_of(said, line, "cut")))


def _broken_off(wave: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Return the first part of a number: a caller who reads it out in groups."""
    return wave[: int(len(wave) * np.random.default_rng(seed).uniform(0.4, 0.85))]


def _everywhere(said: Said) -> Iterator[Said]:
    """Yield an utterance at its own node, and some at one where it does not belong."""
    yield said
    if said.task in ("outside", "sentence") or seed_of(said) % 6 == 0:
        strange = [node for node in STRANGE if node.split("_")[0] != said.node.split("_")[0]]
        node = strange[seed_of(said.text) % len(strange)]
        yield Said("outside", said.text, said.voice, node, NOTHING)


def _judged(hotline: Hotline, said: Said, recogniser: Moonshine, wave: NDArray[np.float32]) -> Iterator[Case]:
    right = hotline.means(said)
    expect = hotline.expect(said.node)
    fitting, free = recogniser.answers(wave, expect)
    if fitting is not None:
        same = _same(hotline, said, fitting.readings[0], right)
        yield Case(expect, fitting.evidence, same)
    if fitting is None or said.task in ("outside", "sentence"):
        text = free.readings[0] if free.readings else ""
        yield Case(expect, free.evidence, error_rate(said.text, text) <= FREE_ERRORS)
    if said.task in ("phrases", "outside") and said.node.startswith("menu"):
        open_node = Expect("open", expect.phrases)
        fitting, _ = recogniser.answers(wave, open_node)
        if fitting is not None:
            same = _same(hotline, said, fitting.readings[0], right)
            yield Case(open_node, fitting.evidence, same)


def _same(hotline: Hotline, said: Said, text: str, right: str) -> bool:
    meaning, sure = hotline.understood(said.node, text, 1.0)
    return meaning == right and right != NOTHING and sure >= TAKE


def fitted(found: Iterable[Case]) -> Mapping[str, NDArray[np.float64]]:
    """Return the weights of a logistic curve for each kind (Newton's method, ridge)."""
    by_name: dict[str, list[Case]] = {}
    for case in found:
        by_name.setdefault(case.name, []).append(case)
    return {name: _weights(same) for name, same in sorted(by_name.items())}


def _weights(same: list[Case]) -> NDArray[np.float64]:
    given = np.array([features(case.evidence, case.expect) for case in same])
    right = np.array([case.right for case in same], dtype=np.float64)
    weights = np.zeros(given.shape[1])
    ridge = np.diag([1e-3, *[PENALTY] * (given.shape[1] - 1)])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-given @ weights))
        slope = given.T @ (right - chance) - ridge @ weights
        curve = (given * (chance * (1 - chance))[:, np.newaxis]).T @ given + ridge
        weights = weights + np.linalg.solve(curve, slope)
    return weights


def main() -> None:
    """Print the weights, to be put into `audio/asr/calibration.py`."""
    for name, weights in fitted(cases()).items():
        print(f'    "{name}": ({", ".join(f"{weight:.2f}" for weight in weights)}),')


if __name__ == "__main__":
    main()
