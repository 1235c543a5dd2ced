import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.store import model_of
from tests.conftest import demo_model


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("where is my order", "track_order"),
        ("uh where's my package please", "track_order"),
        ("my parcel has not come yet", "track_order"),
        ("I want my money back for this order", "get_refund"),
        ("could I get a refund", "get_refund"),
        ("can I speak to a manager", "agent"),
        ("let me talk to someone", "agent"),
        ("what did you just say", "repeat"),
        ("that's all, thank you, bye", "goodbye"),
        ("when are you open tomorrow", "opening_hours"),
    ],
)
def test_a_sentence_in_other_words_finds_its_matter(said, intent):
    best = demo_model().rank(said)[0]
    assert best.name == intent
    assert best.confidence >= 0.4


@pytest.mark.parametrize("said", ["", "mumble", "what's the weather like in Paris", "purple elephants dance"])
def test_what_nobody_has_taught_is_not_understood(said):
    assert all(intent.confidence < 0.4 for intent in demo_model().rank(said))


def test_two_close_readings_make_the_first_less_sure():
    model = model_of({"a": ["red apple pie"], "b": ["red apple cake"]}, "en")
    assert model.rank("red apple")[0].confidence < model.rank("red apple pie")[0].confidence


@given(st.text(max_size=60))
def test_any_text_is_ranked_with_shares(text):
    readings = demo_model().rank(text)
    assert all(0 <= intent.confidence <= 1 for intent in readings)


def test_a_model_without_examples_understands_nothing():
    assert model_of({}, "en").rank("hello") == ()
