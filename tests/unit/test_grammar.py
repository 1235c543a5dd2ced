"""A grammar holds what callers may answer, however the recogniser cuts it into pieces, and nothing else."""

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio import models
from audio.asr import english
from audio.asr.automaton import Language, close, opt, said, seq, spelled, star
from audio.asr.grammar import grammar_of, listed
from audio.asr.pieces import BLANK, MARKS, PieceTrie, TokenAutomaton, read_pieces, text_of
from ivr.dialog.actions import Expect
from ivr.dialog.spoken import digit_spans, yes_or_no

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SIX = Expect("digits", ("agent", "go back"), (6, 6))
MENU = Expect("phrases", ("where is my order", "I'd like a refund", "size 42"))


@cache
def pieces():
    return read_pieces((models.locate(models.MOONSHINE) / "tokenizer.bin").read_bytes())


@cache
def trie():
    return PieceTrie(pieces())


@cache
def written():
    """Ids of every piece, by its text."""
    known = {}
    for token, piece in enumerate(pieces()):
        text = piece.decode("utf-8", "ignore").replace(BLANK, " ")
        known.setdefault(text, []).append(token)
    return known


@cache
def automaton(expect):
    return TokenAutomaton(grammar_of(expect), trie())


@st.composite
def numbers(draw, least=6, most=6):
    """A number and a way to say it: words, figures and doubles, with commas, hyphens and blanks."""
    digits = draw(st.text("0123456789", min_size=least, max_size=most))
    said_so, place = [], 0
    while place < len(digits):
        digit, twice = digits[place], digits[place : place + 2] == digits[place] * 2
        way = draw(st.sampled_from(["word", "figure", "double"] if twice else ["word", "figure"]))
        name = draw(st.sampled_from(["zero", "oh"])) if digit == "0" else WORDS[int(digit)]
        said_so.append({"word": name, "figure": digit, "double": f"double {name}"}[way])
        place += 2 if way == "double" else 1
    line = said_so[0]
    for one in said_so[1:]:
        both_figures = line[-1].isdigit() and one.isdigit()
        line += draw(st.sampled_from([" ", ", ", "-", *([""] if both_figures else [])])) + one
    return digits, line


@st.composite
def cut(draw, text):
    """The text as ids of pieces, cut at random; two marks never follow one another."""
    known, tokens, place, marked = written(), [], 0, False
    while place < len(text):
        fitting = [
            end
            for end in range(place + 1, min(place + 12, len(text)) + 1)
            if text[place:end] in known and not (marked and text[place:end].strip(" ") in (*MARKS, ""))
        ]
        if not fitting:  # a blank behind a comma stands on its own
            fitting = [end for end in range(place + 1, place + 2) if text[place:end] == " "]
        end = draw(st.sampled_from(fitting))
        tokens.append(draw(st.sampled_from(known[text[place:end]])))
        marked = text[place:end] in MARKS or text[place:end] == " "
        place = end
    return tokens


FRAMES = ["{}", "my order number is {}.", "It's {}, please.", "uh, yes, the number is {}", "Order {}!"]


@given(numbers(), st.sampled_from(FRAMES), st.data())
@settings(max_examples=150, deadline=None)
def test_a_number_fits_however_it_is_said_and_cut(number, frame, data):
    digits, line = number
    text = frame.format(line)
    assert grammar_of(SIX).holds(text)
    assert automaton(SIX).accepts(data.draw(cut(text)))
    assert digit_spans(text, 6, 6)[0].value == digits


def exclaims(number):
    """Whether a first "oh" may be an exclamation: "oh, one two" is both 012 and 12."""
    return number[1].startswith("oh")


@given(
    numbers(1, 9).filter(lambda number: len(number[0]) != 6 and not exclaims(number)), st.sampled_from(FRAMES)
)
@settings(max_examples=100, deadline=None)
def test_a_number_of_another_length_does_not_fit(number, frame):
    assert not grammar_of(SIX).holds(frame.format(number[1]))


@given(st.text("abcdefgh ,.'-0123456789", max_size=20))
def test_what_is_written_by_allowed_pieces_is_held_and_nothing_else(text):
    language = grammar_of(SIX)
    tokens = [written()[mark][0] for mark in text if mark in written()]
    marks = [mark for mark in text if mark in written()]
    joined = "".join(marks)
    row = any(one in " ,.'-" and other in ",.'-" for one, other in pairwise(marks))
    row = row or "  " in joined
    if not row:
        assert automaton(SIX).accepts(tokens) == language.holds(joined)
    elif automaton(SIX).accepts(tokens):
        assert language.holds(joined)


@pytest.mark.parametrize("kind", ["digits", "yes_no", "date", "amount", "phrases"])
def test_whatever_walks_through_a_grammar_is_a_sentence_of_it(kind):
    import random

    expect = Expect(kind, ("where is my order", "agent"), (4, 6))
    walker, language, rng = automaton(expect), grammar_of(expect), random.Random(7)
    ends = 0
    for _ in range(40):
        state, tokens = walker.start, []
        while len(tokens) < 60:
            here = walker.allowed(state)
            text = text_of(pieces(), tokens)
            assert here.may_end == (language.holds(text) if text else False)
            if here.may_end and (not len(here.ids) or rng.random() < 0.5):
                ends += 1
                break
            if not len(here.ids):
                break
            at = rng.randrange(len(here.ids))
            tokens.append(int(here.ids[at]))
            state = int(here.targets[at])
    assert ends > 5


@pytest.mark.parametrize(
    ("expect", "text"),
    [
        (SIX, "agent!"),
        (SIX, "Go back, please."),
        (MENU, "Where is my order?"),
        (MENU, "Uh, I'd like a refund, please."),
        (MENU, "Id like a refund"),
        (MENU, "Hi, tell me where is my order."),
        (MENU, "size 42"),
        (Expect("yes_no"), "Yes, that's right."),
        (Expect("yes_no"), "Uh, no. No thank you!"),
        (Expect("date"), "It was on the 3rd of May, 2026."),
        (Expect("date"), "last Monday"),
        (Expect("date"), "May the twenty first"),
        (Expect("date"), "two days ago"),
        (Expect("amount"), "$25.10"),
        (Expect("amount"), "about twenty five dollars and ten cents"),
        (Expect("open", ("my order",)), "My order."),
    ],
)
def test_answers_fit(expect, text):
    assert grammar_of(expect).holds(text)


@pytest.mark.parametrize(
    ("expect", "text"),
    [
        (SIX, ""),
        (SIX, "my order number is"),
        (SIX, "one two three four five six cats"),
        (SIX, "twenty three forty five sixty seven"),
        (SIX, "sixsevenoneonetwothree"),
        (MENU, "where is my orders"),
        (MENU, "please"),
        (MENU, "size 421"),
        (Expect("yes_no"), "yes but the other one"),
        (Expect("date"), "monkey"),
        (Expect("amount"), "please"),
    ],
)
def test_other_words_do_not_fit(expect, text):
    assert not grammar_of(expect).holds(text)


def test_free_answers_have_no_grammar():
    assert grammar_of(Expect("open")) is None
    assert grammar_of(Expect("text", ("agent",))) is None


def test_phrases_that_cannot_be_spelled_are_left_out():
    language = grammar_of(Expect("phrases", ("中文", "…", "Chinese")))
    assert language.holds("chinese")
    assert not language.holds("please")


def test_the_dialogue_understands_every_answer_of_the_grammar():
    assert [text for text in listed(english.ANSWERS_YES) if yes_or_no(text) is not True] == []
    assert [text for text in listed(english.ANSWERS_NO) if yes_or_no(text) is not False] == []


def test_spelling_leaves_out_case_and_marks():
    assert spelled("I'd like, THAT-one!") == "id like that one "
    assert spelled("naïve") is None


def test_expressions_make_sentences():
    language = Language(seq(star(said("uh")), opt(said("my")), said("order", "orders"), close("1", "2")))
    assert language.holds("uh uh my order 1")
    assert language.holds("orders2") is False
    assert language.holds("orders 2.")
    assert not language.holds("my 2")


def test_threads_work_out_the_same_automaton():
    from concurrent.futures import ThreadPoolExecutor

    language = Language(seq(star(said("uh", "um")), said(*WORDS), close(*"0123456789")))
    texts = [f"uh um {word} {figure}" for word in WORDS for figure in range(10)]
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(language.holds, texts * 5))


def test_the_tokenizer_file_is_read_whole():
    assert len(pieces()) == 32_768
    assert read_pieces(b"\x01a\x80\x01" + b"b" * 128) == [b"a", b"b" * 128]
