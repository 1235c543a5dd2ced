from datetime import timedelta

from ivr.dialog.events import Pressed, Silent, Spoke


def test_answers_are_counted_by_the_node_that_asked(hotline, clock):
    calls = hotline.calls
    calls.begin("CA1", "+15550101", "", "webhook")
    calls.advance("CA1", 1, Spoke(clock(), "mumble mumble", 0.9), {"recognition_ms": 40})
    calls.advance("CA1", 2, Spoke(clock(), "where is my order", 0.8), {"recognition_ms": 60})
    calls.advance("CA1", 3, Silent(clock()))
    calls.advance("CA1", 4, Spoke(clock(), "one zero zero two four nine", 0.6))
    calls.advance("CA1", 5, Spoke(clock(), "no", 0.9))
    calls.advance("CA1", 6, Pressed(clock(), "100245"))
    welcome, ask = hotline.reports.understanding(clock() - timedelta(days=1))
    if welcome["node"] != "welcome":
        welcome, ask = ask, welcome
    assert welcome == {
        "node": "welcome", "spoken": 2, "keyed": 0, "silent": 0, "missed": 1, "asked_back": 0, "corrected": 0,
        "no_match": 0.5, "confidence": 0.85, "recognition_ms": 50,
    }  # fmt: skip
    assert (ask["node"], ask["spoken"], ask["keyed"], ask["silent"]) == ("ask_order", 2, 1, 1)
    assert (ask["asked_back"], ask["corrected"]) == (1, 1)


def test_older_turns_are_left_out(hotline, clock):
    hotline.calls.begin("CA1", "+15550101", "", "webhook")
    hotline.calls.advance("CA1", 1, Pressed(clock(), "1"))
    clock.forward(3600)
    assert hotline.reports.understanding(clock()) == []


def test_a_call_begins_in_the_language_it_is_told(hotline):
    part = hotline.calls.begin("CA1", "+15550101", "", "webhook", "zh")
    assert part.listen.language == "zh"
    assert hotline.calls.begin("CA2", "+15550101", "", "webhook", "fr").listen.language == "en"
