"""Examples in, a trained model out: the same bytes for the same examples on the same machine.

Kernel ridge regression has its leave-one-out predictions in closed form, so that confidence is fitted on
sentences as if each were unseen, without keeping any back.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from ivr.understanding.model import (
    OUTSIDE,
    Encoder,
    Floats,
    Listed,
    Terms,
    Trained,
    centred,
    evidence,
    floats,
    likeness,
    listing,
    weighted,
)
from ivr.understanding.terms import letter_terms, said, word_terms

Doubles = NDArray[np.float64]
WORDS, LETTERS, MEANING = 0.2, 0.2, 0.6
"""How much of the likeness of two sentences is that of their words, letters and meaning."""
NARROW = 2.0
RIDGE = 0.2
FEW = 60
"""Examples below which confidence is not fitted: `PLAIN_DOUBT` holds."""
PLAIN_DOUBT = (7.0, 5.0, -4.0, 2.0, -4.5)
OUTSIDE_SHARE = 0.15
"""How many of a hotline's sentences belong to no intent, about."""


def outside(language: str) -> tuple[str, ...]:
    """Return sentences that belong to no hotline's intents."""
    file = resources.files(__package__).joinpath("outside", f"{language}.txt")
    return tuple(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else ()


def train(examples: Mapping[str, Sequence[str]], language: str, encoder: Encoder | None) -> Trained:
    """Return a model of examples by intent."""
    names = (*sorted(name for name in examples if examples[name]), OUTSIDE)
    known = {" ".join(said(text)) for texts in examples.values() for text in texts}
    pairs = [(name, text) for name in names[:-1] for text in dict.fromkeys(examples[name])]
    pairs += [(OUTSIDE, text) for text in outside(language) if " ".join(said(text)) not in known]
    lines = [said(text) for _, text in pairs]
    place = {name: number for number, name in enumerate(names)}
    truth = np.array([place[name] for name, _ in pairs], np.intp)
    wanted = np.eye(len(names), dtype=np.float32)[truth]

    word_part, word_share = _tfidf([word_terms(line) for line in lines])
    letter_part, letter_share = _tfidf([letter_terms(line) for line in lines])
    vectors, mean = _encoded(lines, encoder)
    parts = _shares(bool(len(vectors)))
    kernel = parts[0] * (word_share @ word_share.T) + parts[1] * (letter_share @ letter_share.T)
    alike = likeness(vectors @ vectors.T, NARROW) if len(vectors) else np.zeros_like(kernel)
    kernel += parts[2] * alike
    inverse = np.linalg.inv(kernel.astype(np.float64) + RIDGE * np.eye(len(kernel)))
    exact = inverse @ wanted
    unseen = floats(wanted - exact / np.diag(inverse)[:, None])
    pulls = floats(exact)

    np.fill_diagonal(alike, 0.0)
    near = alike.max(axis=1) if len(vectors) else np.zeros(len(lines), np.float32)
    return Trained(
        names,
        Terms(*word_part, floats(parts[0] * (word_share.T @ pulls))),
        Terms(*letter_part, floats(parts[1] * (letter_share.T @ pulls))),
        mean,
        vectors,
        floats(parts[2] * pulls) if len(vectors) else np.zeros((0, len(names)), np.float32),
        NARROW,
        _doubt(unseen, near, truth),
        encoder.name if encoder and len(vectors) else "",
    )


def _shares(meaning: bool) -> tuple[float, float, float]:
    return (WORDS, LETTERS, MEANING) if meaning else (0.5, 0.5, 0.0)


def _tfidf(documents: Sequence[Sequence[str]]) -> tuple[tuple[Listed, Floats], Floats]:
    """Return the terms and their rarities, and each document's share of them, [documents, terms]."""
    count = Counter(term for document in documents for term in set(document))
    listed = listing(count)
    number = np.array([count[term.decode()] for term in listed.tolist()], np.float32)
    rarity = (np.log((1 + len(documents)) / (1 + number)) + 1).astype(np.float32)
    shares = np.zeros((len(documents), len(listed)), np.float32)
    for row, document in enumerate(documents):
        where, values = weighted(document, listed, rarity)
        shares[row, where] = values
    return (listed, rarity), shares


def _encoded(lines: Sequence[Sequence[str]], encoder: Encoder | None) -> tuple[Floats, Floats]:
    if encoder is None or not lines:
        return np.zeros((0, 0), np.float32), np.zeros(0, np.float32)
    vectors = np.stack([encoder.encode(" ".join(line)) for line in lines])
    mean: Floats = vectors.mean(axis=0)
    return centred(vectors, mean), mean


def _doubt(unseen: Floats, near: Floats, truth: NDArray[np.intp]) -> Floats:
    """Fit how sure the first reading may be: logistic regression of whether it was right (Platt scaling)."""
    inside = truth < unseen.shape[1] - 1
    if inside.sum() < FEW or unseen.shape[1] < 3 or not (~inside).any():
        return np.array(PLAIN_DOUBT, np.float32)
    right = (unseen[:, :-1].argmax(axis=1) == truth).astype(np.float64)
    share = np.where(inside, (1 - OUTSIDE_SHARE) / inside.sum(), OUTSIDE_SHARE / (~inside).sum())
    return _logistic(evidence(unseen, near).astype(np.float64), right, share * len(truth))


def _logistic(columns: Doubles, right: Doubles, share: Doubles) -> Floats:
    """Return the weights of a logistic regression, by Newton's method."""
    weights = np.zeros(columns.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        slope = columns.T @ (share * (right - chance)) - 0.5 * weights
        bend = (columns * (share * chance * (1 - chance))[:, None]).T @ columns + 0.5 * np.eye(len(weights))
        change = np.linalg.solve(bend, slope)
        weights += change
        if np.abs(change).max() < 1e-9:
            break
    return floats(weights)
