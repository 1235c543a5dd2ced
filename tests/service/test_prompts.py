"""Prompts are spoken ahead of time: what, when, how far it is told, and what comes between."""

import threading
import time

import pytest

from ivr.errors import Unavailable
from ivr.service.prompts import Line, Prompts, lines, render, spoken_ahead
from tests.conftest import demo_files, demo_flow


class Tape:
    """A speaker that notes what it was asked; `stuck` holds it up, `fails` names what it cannot say."""

    def __init__(self):
        self.said, self.kept, self.fails = [], set(), set()
        self.stuck = threading.Event()
        self.stuck.set()

    def keys(self, text, language):
        return (f"{language}:{text}",)

    def prepare(self, text, language):
        self.stuck.wait(10)
        if text in self.fails:
            raise Unavailable("broken")
        self.said.append((language, text))

    def keep(self, keys):
        self.kept = keys


@pytest.fixture
def tape():
    return Tape()


@pytest.fixture
def prompts(hotline, tape):
    made = Prompts(hotline.menus, tape, hotline.feed, lambda: {"en", "zh"})
    yield made
    tape.stuck.set()
    made.close()


@pytest.fixture
def told(hotline):
    messages = []
    hotline.feed.subscribe(
        lambda message: messages.append(message.data) if message.topic == "prompts" else None
    )
    return messages


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_every_text_of_every_language_is_listed_once():
    found = list(lines(demo_flow()))
    assert {line.language for line in found} == {"en", "zh"}
    assert len({(line.language, line.text) for line in found}) == len(found)
    assert any(line.node == "phrases" for line in found)


@pytest.mark.parametrize(
    ("text", "ahead"),
    [
        ("How can I help?", "How can I help?"),
        ("Order {order|digits} was sent. Anything else?", "Anything else?"),
        ("Thank you, {name}! One moment. Your order {order|digits} was sent.", "One moment."),
        ("Hello. Your order {order}. ", "Hello."),
        ("您的订单{order|digits}已发货。还有什么可以帮您？", "还有什么可以帮您？"),
        ("{heard}", ""),
        ("I heard {heard}, is that right", ""),
    ],
)  # fmt: skip
def test_of_a_text_with_slots_the_whole_sentences_are_known_ahead(text, ahead):
    assert spoken_ahead(Line("n", "en", text)) == ahead


def test_all_that_can_be_said_without_slots_is_made_and_kept(tape):
    told = render(demo_flow(), tape, {"en", "zh"})
    assert told.finished
    assert told.done == told.total == len(tape.said)
    assert ("en", "One moment, please.") in tape.said
    assert ("zh", "请稍等。") in tape.said
    assert tape.kept == {f"{language}:{text}" for language, text in tape.said}
    assert not any("{" in text for _, text in tape.said)


def test_languages_without_a_voice_are_left_out(tape):
    render(demo_flow(), tape, {"en"})
    assert {language for language, _ in tape.said} == {"en"}


def test_without_any_voice_nothing_is_done_and_nothing_forgotten(tape):
    tape.kept = {"of another process"}
    assert render(demo_flow(), tape, set()).finished
    assert tape.kept == {"of another process"}


def test_what_cannot_be_spoken_is_counted_and_the_rest_goes_on(tape):
    tape.fails = {"One moment, please."}
    told = render(demo_flow(), tape, {"en"})
    assert (told.failed, told.done) == (1, told.total - 1)
    assert told.finished


def test_a_start_renders_what_is_published_and_tells_how_far_it_is(prompts, tape, told):
    prompts.start()
    until(lambda: prompts.progress.finished and prompts.progress.total)
    assert prompts.progress.done == prompts.progress.total == len(tape.said)
    assert told[-1] == prompts.as_data()
    assert told[-1]["finished"]


def test_a_publish_and_a_roll_back_render_anew(prompts, tape, hotline):
    first = hotline.menus.published().id
    prompts.start()
    until(lambda: prompts.progress.finished and prompts.progress.total)
    files = dict(demo_files())
    files["hotline.yaml"] = files["hotline.yaml"].replace("How can I help?", "What can I do for you?")
    second = hotline.menus.publish(files, author="t")
    until(lambda: prompts.progress.version == second and prompts.progress.finished)
    assert ("en", "What can I do for you?") in tape.said
    hotline.menus.roll_back(first, by="t")
    until(lambda: prompts.progress.version == first and prompts.progress.finished)


def test_a_publish_in_the_middle_goes_before_what_is_left_of_the_old_version(prompts, tape, hotline):
    tape.stuck.clear()
    prompts.start()
    until(lambda: prompts.progress.version and not prompts.progress.finished)
    files = {**demo_files(), "hotline.yaml": demo_files()["hotline.yaml"] + "\n"}
    second = hotline.menus.publish(files, author="t")
    tape.stuck.set()
    until(lambda: prompts.progress.version == second and prompts.progress.finished)
    assert len(tape.said) < 2 * prompts.progress.total


def test_closing_ends_it_after_the_prompt_in_the_making(prompts, tape):
    tape.stuck.clear()
    prompts.start()
    until(lambda: prompts.progress.version)
    threading.Timer(0.05, tape.stuck.set).start()
    prompts.close()
    assert len(tape.said) <= 1


def test_a_speaker_that_breaks_altogether_does_not_end_the_thread(prompts, tape, hotline, monkeypatch):
    monkeypatch.setattr(tape, "keys", lambda text, language: 1 / 0)
    prompts.start()
    until(lambda: prompts.progress.version)
    monkeypatch.undo()
    hotline.menus.roll_back(hotline.menus.published().id, by="t")
    until(lambda: prompts.progress.finished and prompts.progress.total)
