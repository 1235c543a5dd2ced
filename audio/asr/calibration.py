"""How likely an answer is right, from the evidence for it: a logistic curve for each kind of answer.

The weights come from `python -m ivr.cli.bench.fitting`, fitted on synthetic callers whose voices and
texts the benchmark does not use.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from audio.asr.choosing import MOST_READINGS, Answer, Evidence, value_of
from audio.asr.decoding import PRUNE
from ivr.dialog.actions import Expect
from ivr.dialog.spoken import words

MOST_GAP = 16.0
FREE_MARGIN: Mapping[str, float] = {"open": 2.0}
"""How much likelier what was heard freely may be before it is taken instead of what fits."""
FITS_FROM = 0.3
"""The chance of being right below which what fits gives way to what was heard freely."""


WRITTEN_FOR_NOISE = frozenset(
    [
        "you",
        "thank you for watching",
        "thanks for watching",
        "thank you very much for watching",
        "the end",
        "oh my god",
    ]
)
NOISE_MARGIN = 2.0
INVALID_AT_MOST = 0.39
"""A number that breaks its rule was misheard, misread or broken off, however clear it was."""
AGREEING, OPPOSING = 0.5, 0.5
"""How much a second look counts, by its own confidence. The two are far from independent."""
WAS_NOISE = 0.8
"""What confidence is worth when the same sound was mere noise in another look."""


def features(evidence: Evidence, expect: Expect) -> tuple[float, ...]:
    """Return the evidence as numbers of about the same size."""
    gap = min(max(evidence.gap, -2.0), MOST_GAP)
    return (
        1.0,
        gap / 4,
        max(gap - 4, 0) / 4,
        min(evidence.lead, PRUNE) / 4,
        evidence.mean * 4,
        max(evidence.least, -6.0) / 2,
        math.log1p(evidence.pieces) - 2,
        min(evidence.missing, 4) / 2,
        float(evidence.valid is True),
        float(evidence.valid is False),
        float(expect.digits[0] < expect.digits[1]),
    )


WEIGHTS: Mapping[str, tuple[float, ...]] = {
    "digits": (2.63, -0.13, -0.58, 1.82, 1.27, -0.25, -3.01, 0.11, 2.48, -1.63, 1.67),
    "free": (3.22, 0.00, 0.00, 0.05, 2.32, 1.19, -1.38, 0.00, 0.00, 0.00, 0.11),
    "open": (8.64, -0.49, 0.79, -1.28, 0.67, 0.14, -3.24, 0.00, 0.00, 0.00, 0.00),
    "phrases": (8.31, -0.74, 1.45, -1.22, 0.76, -0.37, -2.41, 0.00, 0.00, 0.00, 0.00),
    "yes_no": (8.39, -0.69, 2.18, -2.18, 0.57, 1.06, -2.44, 0.00, 0.00, 0.00, 0.00),
}
NEUTRAL = (1.0, -1.0, 0.0, 0.5, 1.0, 0.5, 0.0, -1.0, 1.0, -3.0, 0.0)


def confidence(evidence: Evidence, expect: Expect) -> float:
    """Return the chance that an answer is right, from 0.0 to 1.0."""
    weights = WEIGHTS.get(name_of(evidence, expect), NEUTRAL)
    total = sum(weight * value for weight, value in zip(weights, features(evidence, expect), strict=True))
    chance = 1 / (1 + math.exp(-min(max(total, -30.0), 30.0)))
    return min(chance, INVALID_AT_MOST) if evidence.valid is False else chance


def takes_fitting(evidence: Evidence, sure: float, expect: Expect) -> bool:
    """Return whether what fits is taken, rather than what was heard freely."""
    margin = FREE_MARGIN.get(expect.kind)
    return sure >= FITS_FROM if margin is None else evidence.gap <= margin


def name_of(evidence: Evidence, expect: Expect) -> str:
    """Return which weights apply: the kind of answer, or "free" for what was heard freely."""
    if not evidence.fits:
        return "free"
    return "phrases" if expect.kind in ("date", "amount") else expect.kind


def chosen(fitting: Answer | None, free: Answer, expect: Expect) -> tuple[Answer, float]:
    """Return what counts as heard and the chance that it is right; all that was found is in its readings.

    What the network writes for mere noise counts as nothing, unless something else is nearly as likely.
    """
    noise = _mere_noise(free)
    if fitting is not None and not (noise and fitting.evidence.gap > NOISE_MARGIN):
        sure = confidence(fitting.evidence, expect)
        if takes_fitting(fitting.evidence, sure, expect):
            return fitting, sure
    if noise:
        return replace(free, readings=()), 0.0
    readings = free.readings if fitting is None else _both(free, fitting)
    return replace(free, readings=readings), confidence(free.evidence, expect)


def _mere_noise(free: Answer) -> bool:
    said = " ".join(words(free.readings[0])) if free.readings else None
    return said == "" or said in WRITTEN_FOR_NOISE


def combined(
    first: tuple[Answer, float], second: tuple[Answer, float], expect: Expect
) -> tuple[Answer, float]:
    """Return the surer of two looks at the same sound: surer still if they agree, less so if not."""
    (better, sure), (other, rival) = sorted((first, second), key=lambda look: -look[1])
    if not better.readings or not other.readings:
        return better, sure
    alike = value_of(better.readings[0], expect) == value_of(other.readings[0], expect)
    sure = 1 - (1 - sure) * (1 - AGREEING * rival) if alike else sure * (1 - OPPOSING * rival)
    return replace(better, readings=_both(better, other)), sure


def _both(first: Answer, second: Answer) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first.readings, *second.readings)))[:MOST_READINGS]
