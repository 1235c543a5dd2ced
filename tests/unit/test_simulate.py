"""Simulated days: the figures of theory come out, plans are compared fairly, scenarios are checked."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ivr.cli.main import main
from ivr.routing.erlang import erlang_a, erlang_c
from ivr.routing.policy import Faulty
from ivr.routing.scenario import callers, read_scenario
from ivr.routing.simulate import Day, simulate
from ivr.routing.summary import compare, mean_of, staffing, summarise
from ivr.routing.tally import Tally

ROOT = Path(__file__).parents[2]
SATURDAY = ROOT / "docs" / "scenarios" / "saturday.yaml"
TWO_SKILLS = ROOT / "docs" / "scenarios" / "saturday_two_skills.yaml"


def day(rate=0.1, handle="180s", agents=20, hours=10, **more):
    """A plain queue: calls a second, exponential handling, agents who are all alike."""
    matter = {"calls": [rate * 900] * round(hours * 4), "handle": {"mean": handle}}
    if "patience" in more:
        matter["patience"] = {"mean": more.pop("patience")}
    plain = {"scenario": "plain", "matters": {"m": matter}, "agents": {"g": {"number": agents}}}
    return read_scenario({"rules": {"offer": "0s"}, "warm_up": "1h", **plain, **more})


def runs(scenario, count, **more):
    return [Day(scenario, number, **more).run().figures() for number in range(count)]


def within(found, name, wanted):
    mean = summarise(found)["all"][name]
    assert abs(mean.mean - wanted) <= 1.5 * mean.half, (name, mean, wanted)


def test_a_plain_queue_comes_to_what_erlang_c_says():
    found = runs(day(rate=0.1, agents=22, hours=20), 10, estimating=False)
    theory = erlang_c(0.1, 180, 22)
    within(found, "asa", theory.asa)
    within(found, "waited", theory.p_wait)
    within(found, "service_level", theory.service_level)
    within(found, "occupancy", theory.occupancy)


def test_a_queue_with_impatient_callers_comes_to_what_erlang_a_says():
    found = runs(day(rate=0.8, handle="60s", agents=48, hours=4, patience="120s"), 10, estimating=False)
    theory = erlang_a(0.8, 60, 48, 120)
    within(found, "abandoned", theory.p_abandon)
    within(found, "occupancy", theory.occupancy)
    served = [
        {"all": {"level": run["all"]["service_level"] * (1 - run["all"]["abandoned"])}} for run in found
    ]
    within(served, "level", theory.service_level)


def test_one_seed_is_one_day():
    scenario = day(hours=2, patience="2m")
    assert simulate(scenario, 3) == simulate(scenario, 3)
    assert simulate(scenario, 3) != simulate(scenario, 4)


def test_two_plans_meet_the_same_callers():
    ours, theirs = day(agents=19, hours=2), day(agents=25, hours=2)
    assert list(callers(ours, 1)) == list(callers(theirs, 1))
    difference = compare(runs(ours, 5), runs(theirs, 5))["all"]
    assert difference["offered"] == (0.0, 0.0)
    assert difference["asa"].mean < 0
    assert difference["asa"].differs


def test_nobody_is_lost():
    scenario = day(rate=0.12, agents=18, hours=2, patience="1m", warm_up="0s")
    one = Day(scenario, 1).run()
    tally = one.tallies["m"]
    assert tally.offered == len(tally.answered_ms) + len(tally.gone_ms) + tally.overflowed
    assert not one.open
    assert not one.router.floor.tickets


def test_agents_come_and_go_with_their_shifts_and_finish_their_talks():
    scenario = day(rate=0.05, handle="120s", agents=[4, 12, 2, 6], hours=1, warm_up="0s")
    one = Day(scenario, 1).run()
    worked = one.worked["g"]
    planned = (4 + 12 + 2 + 6) * 900_000
    assert planned <= worked.present_ms < planned * 1.1  # they stay for the end of a talk
    assert len(one.router.floor.seats) == 12


def test_agents_ring_and_wrap_up_before_the_next_call():
    rules = {"offer": "15s", "default": {"wrap_up": "30s"}}
    plain = simulate(day(agents=30, hours=3), 1)
    slow = simulate(day(agents=30, hours=3, rules=rules, answer="5s"), 1)
    assert slow["all"]["asa"] >= 5
    assert slow["all"]["occupancy"] == pytest.approx(plain["all"]["occupancy"] * 210 / 180, rel=0.03)


def test_calls_that_overflow_are_counted_apart():
    rules = {"offer": "0s", "default": {"limit": 2, "when_full": "voicemail"}}
    figures = simulate(day(rate=0.2, agents=18, hours=3, rules=rules), 1)["all"]
    assert 0.2 < figures["overflowed"] < 0.7
    assert figures["longest_wait"] < 120


def test_announced_waits_are_about_right():
    figures = [run["announced wait"] for run in runs(day(rate=0.1, agents=20, hours=40), 2)]
    assert all(one["error"] < 0.3 for one in figures)
    assert all(0.68 < one["range_held"] < 0.9 for one in figures)


def test_both_service_levels():
    tally = Tally(20_000, offered=6)
    for wait in (0, 20_000, 20_001):
        tally.answer(wait)
    for wait in (4_000, 10_000, 60_000):
        tally.abandon(wait)
    figures = tally.figures()
    assert figures["service_level"] == 2 / 3
    assert figures["service_level_2"] == 4 / 6
    assert figures["asa"] == pytest.approx(40.001 / 3)
    assert figures["abandoned"] == 0.5
    assert figures["abandoned_short"] == 1 / 6
    assert figures["longest_wait"] == 60


def test_means_have_their_interval():
    assert mean_of([1.0]).half is None
    assert mean_of([1.0, 2.0, 3.0]).half == pytest.approx(4.303 / 3**0.5)
    assert mean_of([float(n % 2) for n in range(100)]).half == pytest.approx(0.0997, abs=1e-3)


def test_the_staffing_table_is_by_the_formulas():
    scenario = day(rate=25 / 600, handle="180s", agents=10, hours=0.25, warm_up="0s")
    row = staffing(scenario)[0]
    assert (row.needed_c, row.needed_a, row.planned) == (11, None, 10)
    assert row.planned_level == pytest.approx(0.7678, abs=5e-5)


# ---- the command


def ivr(*arguments):
    return CliRunner().invoke(main, ["route", *map(str, arguments)])


def test_the_example_of_the_help_runs_and_compares():
    shown = ivr("simulate", SATURDAY, "--runs", 3, "--against", TWO_SKILLS)
    assert shown.exit_code == 0, shown.output
    for word in ("orders_zh", "occupancy", "announced waits", "±", "Erlang", "same callers", "two skills"):
        assert word in shown.stdout


def test_json_has_every_measure_with_its_interval():
    shown = ivr("simulate", SATURDAY, "--runs", 2, "--json")
    data = json.loads(shown.stdout)
    assert data["runs"] == 2
    assert set(data["figures"]["all"]["asa"]) == {"mean", "half"}
    assert len(data["staffing"]) == 16


def test_many_calls_are_simulated_side_by_side_with_the_same_result(monkeypatch):
    alone = ivr("simulate", SATURDAY, "--runs", 2, "--json")
    monkeypatch.setattr("ivr.cli.route.FEW_CALLS", 1)
    together = ivr("simulate", SATURDAY, "--runs", 2, "--json")
    assert together.exit_code == 0, together.output
    assert together.stdout == alone.stdout


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("mean: 4m", "mean: fast", 7, "write a time such as 30s"),
        ("    skills: {orders: 1, en: 1}", "    skils: {orders: 1, en: 1}", 9, "did you mean 'skills'?"),
        ("goal: 0.8", "goal: 80", 37, "'goal'"),
        ("number: 3", "number: [3, 3]", 28, "2 quarters of an hour here where the first matter has 16"),
        ("answer: 4s", "answer: 4s\nanswer: 5s", 36, "'answer' stands here twice"),
        ("    calls: [2,", "    calls: [-2,", 16, "must not be less than 0"),
        ("steps: [{after: 1m, drop: [refunds]}]", "steps: [{drop: [refunds]}]", 34, "'after' is missing"),
    ],
)
def test_a_wrong_scenario_is_named_with_its_line(tmp_path, old, new, line, said):
    text = SATURDAY.read_text()
    assert old in text
    (tmp_path / "wrong.yaml").write_text(text.replace(old, new, 1))
    shown = ivr("simulate", tmp_path / "wrong.yaml")
    assert shown.exit_code == 2
    assert said in shown.stderr
    assert f"wrong.yaml:{line}:" in shown.stderr, shown.stderr


def test_what_is_no_scenario_is_refused():
    with pytest.raises(Faulty):
        read_scenario(["calls"])


def test_erlang_prints_json_with_the_promised_keys():
    shown = ivr("erlang", "a", "--rate", 0.8, "--handle", 60, "--agents", 50, "--patience", 120)
    keys = ["p_wait", "asa", "service_level", "occupancy", "p_abandon", "queue_length"]
    assert list(json.loads(shown.stdout)) == keys
    assert json.loads(shown.stdout)["p_abandon"] == pytest.approx(0.030912, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("c", "--rate", 0.1, "--handle", 180, "--agents", 18), "the queue is unstable"),
        (("a", "--rate", 0.1, "--handle", 180, "--agents", 18), "needs --patience"),
        (("c", "--rate", 0.1, "--handle", 180, "--agents", 20, "--patience", 9), "knows no patience"),
        (("c", "--rate", -1, "--handle", 180, "--agents", 20), "x>0"),
        (("b", "--rate", 1, "--handle", 180, "--agents", 20), "'b' is not one of"),
    ],
)
def test_erlang_refuses_what_has_no_answer(arguments, said):
    shown = ivr("erlang", *arguments)
    assert shown.exit_code == 2
    assert said in shown.stderr
    assert shown.stdout == ""


# ---- fairness


def test_equal_agents_have_equal_work():
    """Even perfect turn-taking spreads: 20 equal agents, 5,000 calls (bounds of the design)."""
    one = Day(day(rate=0.1, agents=20, hours=14, warm_up="0s"), 1, estimating=False).run()
    seats = one.router.floor.seats.values()
    calls, talk = [seat.calls for seat in seats], [seat.talk_ms for seat in seats]
    assert sum(calls) > 4_800
    assert max(calls) / min(calls) <= 1.35
    assert max(talk) / min(talk) <= 1.10


def sharing(rare_first):
    """20 agents for A, 10 who can do both; A has 22.5 Erlang, B 4.5."""
    matters = {
        name: {"calls": [load * 5] * 160, "handle": {"mean": "3m"}, "skills": {name: 1}}
        for name, load in (("A", 22.5), ("B", 4.5))
    }
    agents = {"own": {"number": 20, "skills": {"A": 1}}, "both": {"number": 10, "skills": {"A": 1, "B": 1}}}
    rules = {"offer": "0s", "rare_first": rare_first}
    return (
        Day(
            read_scenario(
                {"scenario": "n", "matters": matters, "agents": agents, "rules": rules, "warm_up": "4h"}
            ),
            1,
            estimating=False,
        )
        .run()
        .figures()
    )


def test_flexible_agents_are_not_eaten_by_those_who_have_others():
    plain, rare = sharing("0s"), sharing("5m")
    assert rare["matter B"]["asa"] < 0.6 * plain["matter B"]["asa"]
    assert rare["all"]["asa"] < 1.02 * plain["all"]["asa"]
