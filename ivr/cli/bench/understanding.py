"""`ivr bench understand`: sentences that nobody trained on, by four ways of understanding them."""

import time
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from rapidfuzz import fuzz, process

from ivr.cli.bench.figures import JSON, Figures, machine, show
from ivr.cli.understand import checked_flow
from ivr.dialog.events import Intent
from ivr.errors import InvalidInput
from ivr.service.menus import DEMO_MENUS
from ivr.understanding.encoder import encoder_of
from ivr.understanding.evaluation import Labelled, Rank, evaluate, read_labelled
from ivr.understanding.model import IntentModel, Trained
from ivr.understanding.terms import said
from ivr.understanding.training import train

HELD_OUT = Path(__file__).resolve().parents[3] / "tests" / "understanding"
Examples = dict[str, tuple[str, ...]]


@click.command("understand", epilog="\b\nExample:\n  ivr bench understand --language zh")
@JSON
@click.option("--language", default="en", show_default=True)
@click.option(
    "--file",
    "sentences",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Labelled sentences, as for `ivr understand --evaluate`. [default: the held-out ones]",
)
def bench_understand(as_json: bool, language: str, sentences: Path | None) -> None:
    """Intents of held-out sentences: fuzzy phrases, words and letters, sentence vectors, and all together."""
    flow = checked_flow(DEMO_MENUS).speaking(language)
    path = sentences or HELD_OUT / f"held_out_{language}.tsv"
    if not path.is_file():
        raise InvalidInput(f"{path} is not here: name a file of labelled sentences with --file")
    labelled, examples = read_labelled(path), dict(flow.examples)
    encoder_of(language)
    began, wall = time.process_time(), time.perf_counter()
    trained = train(examples, language, encoder_of(language))
    spent, waited = time.process_time() - began, time.perf_counter() - wall
    figures: Figures = {
        "machine": machine(),
        "intents": len(examples),
        "examples": sum(map(len, examples.values())),
        "held-out sentences": len(labelled),
        "training: CPU seconds": round(spent, 1),
        "training: seconds (goal 20)": round(waited, 1),
        "model: MB (goal 30)": round(len(trained.to_bytes()) / 1e6, 1),
    }
    ways: dict[str, Rank] = {
        "fuzzy phrases": _fuzzy(examples),
        "words and letters": _model(train(examples, language, None), None),
    }
    if encoder_of(language) is not None:
        ways["nearest sentence vector"] = _nearest(examples, language)
    ways["ours"] = _model(Trained.from_bytes(trained.to_bytes()), language)
    for name, rank in ways.items():
        figures |= _measured(name, rank, labelled, flow.confidence)
    show(figures, as_json)


def _measured(name: str, rank: Rank, labelled: Sequence[Labelled], bands: object) -> Figures:
    rank(labelled[0].text)
    began = time.process_time()
    report = evaluate(labelled, rank, bands)  # type: ignore[arg-type]
    spent = (time.process_time() - began) / len(labelled)
    data = report.as_data()
    return {
        f"{name}: right, % (goal 92)": round(100 * data["right"], 1),
        f"{name}: right among the first two, %": round(100 * data["among_two"], 1),
        f"{name}: wrong and taken, % (goal 3)": round(100 * data["wrong_and_taken"], 1),
        f"{name}: no intent and not taken, %": round(100 * (data["outside_rejected"] or 0), 1),
        f"{name}: CPU ms a sentence (goal 5)": round(1000 * spent, 2),
    }


def _model(trained: Trained, language: str | None) -> Rank:
    return IntentModel(trained, encoder_of(language) if language else None).rank


def _fuzzy(examples: Examples) -> Rank:
    """Return the nearest example by rapidfuzz."""
    texts = [(" ".join(said(text)), name) for name, some in examples.items() for text in some]
    lines = [text for text, _ in texts]

    def rank(text: str) -> tuple[Intent, ...]:
        near = process.extract(" ".join(said(text)), lines, scorer=fuzz.token_set_ratio, limit=8)
        best: dict[str, float] = {}
        for _, score, place in near:
            best.setdefault(texts[place][1], score / 100)
        return tuple(Intent(name, share) for name, share in best.items())

    return rank


def _nearest(examples: Examples, language: str) -> Rank:
    """Return the intents of the nearest examples by what the encoder makes of sentences."""
    encoder = encoder_of(language)
    assert encoder is not None
    names = [name for name, some in examples.items() for _ in some]
    vectors = np.stack([encoder.encode(" ".join(said(text))) for some in examples.values() for text in some])

    def rank(text: str) -> tuple[Intent, ...]:
        alike = vectors @ encoder.encode(" ".join(said(text)))
        best: dict[str, float] = {}
        for place in np.argsort(-alike)[:12]:
            best.setdefault(names[place], float(alike[place]))
        return tuple(Intent(name, max(0.0, share)) for name, share in best.items())

    return rank


COMMANDS = (bench_understand,)
