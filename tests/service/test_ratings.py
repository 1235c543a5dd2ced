"""What callers thought: counted by survey, matter, menu version and agent; asked after a talk where menus say so."""

from datetime import timedelta

import pytest

from ivr.dialog.events import Pressed, Transferred
from ivr.ports import Rating
from tests.conftest import NOON, demo_files
from tests.service.test_verification import Line

AFTER = """    skills: {orders: 1, $language: 1}
    afterwards: rate
    while_waiting: {music: calm, announce: [position], every: 45s, offer_callback_after: 60s}"""


def rated(hotline, by):
    found = hotline.reports.ratings(NOON - timedelta(days=1))
    return [(one["name"], one["count"], one["mean"], one["low"]) for one in found if one["by"] == by]


def test_ratings_are_counted_by_survey_matter_and_version(hotline):
    for number, (words, score) in enumerate(
        (("cancel order 100417", 5), ("when are you open", 2), ("when are you open", 4))
    ):
        line = Line(hotline, call=f"CA{number}")
        line.say(words)
        hotline.followups.keep_rating(
            Rating(f"CA{number}", "call", score, "too slow" if score < 3 else ""), f"k{number}"
        )
    assert rated(hotline, "matter") == [("opening_hours", 2, 3.0, 0.5), ("cancel_order", 1, 5.0, 0.0)]
    assert rated(hotline, "survey") == [("call", 3, 3.67, 0.333)]
    assert [name for name, *_ in rated(hotline, "menu version")] == [hotline.menus.published().id[:12]]
    reasons = [
        one["reasons"] for one in hotline.reports.ratings(NOON - timedelta(days=1)) if one["by"] == "survey"
    ]
    assert reasons == [["too slow"]]
    assert hotline.reports.ratings(NOON + timedelta(days=1)) == []


@pytest.fixture
def asking(hotline):
    """The hotline with a rating after every talk with support."""
    files = dict(demo_files())
    old = next(
        part for part in (AFTER.replace("    afterwards: rate\n", ""),) if part in files["hotline.yaml"]
    )
    files["hotline.yaml"] = files["hotline.yaml"].replace(old, AFTER)
    hotline.menus.publish(files, author="sam")
    return hotline


def test_a_rating_after_a_talk_counts_for_the_agent(asking, floor):
    floor.ready("ann")
    line = Line(asking)
    line.key("0")
    floor.settle()
    asking.queue.accept("ann", floor.of("ann")["call"]["offer"])
    floor.settle()
    asking.queue.bridge_ended("CA1", "completed")
    assert asking.calls.goes_on("CA1")
    assert "How satisfied" in line._go(Transferred(NOON, "answered"))
    assert "Thank you" in line.key("5")
    assert rated(asking, "agent") == [("ann", 1, 5.0, 0.0)]
    line.key("9")
    asking.calls.hang_up("CA1")
    assert asking.calls.head("CA1")["outcome"] == "transferred"


def test_without_it_the_call_ends_with_the_talk(hotline, floor):
    hotline.calls.begin("CA1", "+15550101", "+1555", "webhook")
    hotline.calls.advance("CA1", 1, Pressed(NOON, "0"))
    assert not hotline.calls.goes_on("CA1")
