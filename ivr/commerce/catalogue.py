"""Which products a caller may mean: names made ready once, looked up by what was said."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rapidfuzz import fuzz

from ivr.commerce.model import Product

MOST = 5
"""How many products may be meant."""
SAME_WORD = 85
"""How alike (0 to 100) two words must be to be the same, heard badly."""
THING, NEAR = 60, 5
"""What the thing itself counts (the last word of a name, of 100), and how near to the best others may be."""


class Catalogue:
    """Names of products by their last word, which says what a thing is: a rain *jacket*, a desk *lamp*."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._exact: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self._others: list[tuple[str, str]] = []
        things: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for one in products:
            *before, thing = one.name.lower().split() or [""]
            things[thing].append((tuple(before), one.sku))
            self.names[one.sku] = one.name
            self._exact[one.name.lower()] = self._exact[one.sku.lower()] = one.sku
            self._others += [(word.lower(), one.sku) for word in one.words]
        self._things: Mapping[str, Sequence[tuple[tuple[str, ...], str]]] = things

    def likely(self, words: str) -> list[str]:
        """Return the SKUs that words may mean, the likeliest first; an exact name is the only one."""
        said = words.lower().strip()
        if said in self._exact:
            return [self._exact[said]]
        scores = {sku: 100.0 for word, sku in self._others if word in said}
        heard = dict.fromkeys(said.split())
        for thing, named in self._things.items():
            if _close(thing, heard) >= SAME_WORD:
                for before, sku in named:
                    scores[sku] = max(scores.get(sku, 0.0), _score(before, heard))
        best = max(scores.values(), default=0.0)
        near = sorted((-score, sku) for sku, score in scores.items() if score >= best - NEAR)
        return [sku for _, sku in near[:MOST]]


def _score(before: Sequence[str], heard: Iterable[str]) -> float:
    """Return how alike a name is whose last word was heard: by its other words."""
    if not before:
        return 100.0
    return THING + (100 - THING) * sum(_close(word, heard) for word in before) / (100 * len(before))


def _close(word: str, heard: Iterable[str]) -> float:
    return max((fuzz.ratio(word, one) for one in heard), default=0.0)
