"""The search finds the likeliest sentence, freely and within a grammar, and the answer is picked by evidence."""

import itertools

import numpy as np
import pytest

from audio.asr.automaton import Language, said
from audio.asr.calibration import chosen, combined, confidence
from audio.asr.choosing import Answer, Candidate, Evidence, fitting_answer, free_answer
from audio.asr.decoding import decode, log_softmax
from audio.asr.pieces import END, PieceTrie, TokenAutomaton, text_of
from ivr.dialog.actions import Expect

PIECES = [
    b"<unk>",
    b"<s>",
    b"</s>",
    "\u2581one".encode(),
    "\u2581two".encode(),
    b",",
    b".",
    "\u2581cat".encode(),
]


class Table:
    """A decoder whose scores depend on the number of pieces so far and on the last one."""

    def __init__(self, seed, length=6):
        self.scores = log_softmax(
            np.random.default_rng(seed).normal(0, 2, (length, len(PIECES), len(PIECES))).astype(np.float32)
        )
        self.rows, self.steps = [], 0

    def first(self):
        self.rows = [(1,)]
        return np.array([self.scores[0, 1]])

    def step(self, rows, tokens):
        self.steps += 1
        self.rows = [(*self.rows[row], token) for row, token in zip(rows, tokens, strict=True)]
        assert len(set(self.rows)) == len(self.rows)  # nothing is computed twice
        return np.array([self.scores[len(row) - 1, row[-1]] for row in self.rows])

    def total(self, tokens):
        before = (1, *tokens)
        return sum(float(self.scores[n, before[n], token]) for n, token in enumerate((*tokens, END)))


def grammar():
    language = Language(said("one", "two", "one one", "one two", "two one", "two two", "one two one"))
    return TokenAutomaton(language, PieceTrie(PIECES))


@pytest.mark.parametrize("seed", range(20))
def test_the_best_sentence_of_the_grammar_is_found(seed):
    table, fits = Table(seed), grammar()
    found = decode(table, fits, 5, width=8, prune=50.0)
    sentences = [
        tokens
        for size in range(1, 5)
        for tokens in itertools.product(range(3, 7), repeat=size)
        if fits.accepts(tokens)
    ]
    best = max(table.total(tokens) for tokens in sentences)
    assert found.fitting[0].total == pytest.approx(best, abs=1e-4)
    assert all(fits.accepts(sentence.tokens) for sentence in found.fitting)
    totals = [sentence.total for sentence in found.fitting]
    assert totals == sorted(totals, reverse=True)
    words = [text_of(PIECES, s.tokens).replace(",", "").replace(".", "") for s in found.fitting]
    assert len(set(words)) == len(words)  # commas do not make another sentence


def test_free_speech_takes_the_likeliest_piece_each_time():
    table = Table(3)
    heard = decode(table, None, 5).free
    before, expected = 1, []
    for place in range(5):
        token = int(table.scores[place, before].argmax())
        if token == END:
            break
        expected.append(token)
        before = token
    assert list(heard.tokens) == expected


def test_free_speech_is_the_same_with_a_grammar_beside_it():
    for seed in range(10):
        assert decode(Table(seed), None, 5).free == decode(Table(seed), grammar(), 5).free


def test_the_cap_ends_sentences_that_never_end():
    table = Table(0)
    table.scores[:, :, END] = -50
    found = decode(table, grammar(), 4)
    assert len(found.free.tokens) == 4
    assert table.steps <= 4


# ---- the answer


def candidate(text, *scores):
    return Candidate(text, scores)


def test_a_right_check_digit_wins_among_the_likeliest():
    expect = Expect("digits", digits=(4, 4), check="luhn")
    found = [candidate("1 2 3 4.", -1.0), candidate("one two three oh", -2.5), candidate("5 2 3 4.", -3.0)]
    answer = fitting_answer(found, candidate("1234", -1.0), expect)
    assert answer.readings == ("one two three oh", "1 2 3 4.", "5 2 3 4.")
    assert answer.evidence.valid is True
    assert answer.evidence.gap == pytest.approx(1.5)


def test_a_right_check_digit_does_not_win_from_far_behind():
    expect = Expect("digits", digits=(4, 4), check="luhn")
    found = [candidate("1 2 3 4.", -1.0), candidate("one two three oh", -12.0)]
    answer = fitting_answer(found, candidate("1234", -1.0), expect)
    assert answer.readings[0] == "1 2 3 4."
    assert answer.evidence.valid is False
    assert confidence(answer.evidence, expect) < 0.4


def test_ways_to_say_the_same_number_count_together():
    expect = Expect("digits", digits=(3, 3))
    found = [candidate("one two nine", -1.0), candidate("one two five", -1.2), candidate("125", -1.3)]
    answer = fitting_answer(found, candidate("one two five", -1.2), expect)
    assert answer.readings == ("one two five", "one two nine")
    assert answer.evidence.lead == pytest.approx(np.log(np.exp(-1.2) + np.exp(-1.3)) + 1.0)


def test_digits_that_were_not_heard_freely_are_missing():
    expect = Expect("digits", digits=(6, 6))
    answer = fitting_answer([candidate("753 753", -4.0)], candidate("Seven five three.", -1.0), expect)
    assert answer.evidence.missing == 3


def test_what_fits_is_refused_when_it_is_far_less_likely_than_what_was_heard():
    expect = Expect("phrases", ("agent",))
    free = free_answer(candidate("The weather is nice.", -0.2, -0.2, -0.2, -0.2))
    fitting = fitting_answer([candidate("Agent.", -20.0, -10.0)], candidate("", -0.8), expect)
    answer, _ = chosen(fitting, free, expect)
    assert answer.readings == ("The weather is nice.", "Agent.")


def test_what_fits_is_taken_when_it_is_nearly_as_likely():
    for kind in ("phrases", "open"):
        expect = Expect(kind, ("where is my order",))
        free = candidate("Where's my order?", -0.1, -0.1, -0.1)
        fitting = fitting_answer([candidate("Where is my order?", -0.4, -0.3, -0.1, -0.1)], free, expect)
        answer, sure = chosen(fitting, free_answer(free), expect)
        assert answer.readings[0] == "Where is my order?"
        assert sure > 0.75


def test_two_looks_that_agree_are_surer_and_others_less_sure():
    expect = Expect("yes_no")
    yes, yeah, no = (Answer((text,), Evidence(True)) for text in ("Yes.", "Yeah.", "No."))
    assert combined((yes, 0.6), (yeah, 0.5), expect)[1] > 0.6
    answer, sure = combined((yes, 0.4), (no, 0.6), expect)
    assert answer.readings == ("No.", "Yes.")
    assert sure < 0.6


def test_confidence_falls_with_the_gap():
    for kind in ("digits", "yes_no", "phrases", "open"):
        sure = [confidence(Evidence(True, gap, 8.0, -0.1, -0.5, 6), Expect(kind)) for gap in (0, 6, 12, 16)]
        assert all(0 <= one <= 1 for one in sure)
        assert sure[0] > sure[-1] or sure[0] > 0.9
