"""The router over millions of events, and its figures against theory and published simulations."""

import json
import os
import resource
import statistics
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random

import pytest

from ivr.routing.erlang import bounded, erlang_a, erlang_c
from ivr.routing.scenario import read_scenario
from ivr.routing.simulate import Day
from ivr.routing.summary import mean_of
from tests.unit.router_world import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
EVENTS = 1_000_000


def side_by_side(work, items):
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, items))


# ---- a million events


def live(seed):
    """One world after another, each with other rules; every step is checked."""
    rng = Random(seed)
    steps = 0
    while steps < EVENTS // 4:
        world = World(
            Random(rng.random()),
            reserve=rng.random() < 0.1,
            calls=rng.choice([6, 14]),
            agents=rng.choice([2, 5]),
        )
        for _ in range(2_000):
            world.step()
            steps += 1
    return steps


def test_a_million_random_events_break_no_rule():
    assert sum(side_by_side(live, range(4))) >= EVENTS


def test_a_trace_of_a_million_calls_is_replayed_in_bounded_memory(tmp_path):
    rng, at = Random(7), 0
    setting = {"agents": [[0, 1], [1]] * 20, "K": None, "policy": "fcfs"}
    (tmp_path / "c.json").write_text(json.dumps(setting))
    with (tmp_path / "t.csv").open("w") as trace:
        trace.write("call,arrive_ms,skill,handle_ms,patience_ms\n")
        for call in range(1_000_000):
            at += round(rng.expovariate(1 / 5_000))
            patience = round(rng.expovariate(1 / 120_000)) if call % 3 else ""
            trace.write(f"{call},{at},{rng.randrange(2)},{round(rng.expovariate(1 / 180_000))},{patience}\n")
    options = ["--config", tmp_path / "c.json", "--trace", tmp_path / "t.csv", "--out", tmp_path / "r.csv"]
    child = subprocess.Popen([sys.executable, "-m", "ivr", "route", "replay", *options])
    _, status, usage = os.wait4(child.pid, 0)  # of this child alone: other tests have had bigger ones
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    used = usage.ru_maxrss / 1024
    lines = (tmp_path / "r.csv").read_text().splitlines()
    assert len(lines) == 1_000_001
    assert [line.partition(",")[0] for line in lines[1::100_000]] == [
        str(n) for n in range(0, 1_000_000, 100_000)
    ]
    assert used < 400, f"{used:.0f} MB"


# ---- theory


def plain(rate, handle, agents, calls, patience=None, **rules):
    matter = {"calls": [rate * 900] * round(calls / rate / 900), "handle": {"mean": f"{handle}s"}}
    if patience:
        matter["patience"] = {"mean": f"{patience}s"}
    quarters = len(matter["calls"])
    data = {"scenario": "plain", "matters": {"m": matter}, "agents": {"g": {"number": agents}}}
    return {**data, "rules": {"offer": "0s", **rules}, "warm_up": f"{quarters * 180}s"}


def figures(data, run):
    return Day(read_scenario(data), run, estimating=False).run().figures()["all"]


def test_erlang_a_with_fifty_agents():
    found = side_by_side(partial(figures, plain(0.8, 60, 50, 200_000, 120)), range(10))
    theory = erlang_a(0.8, 60, 50, 120)
    assert statistics.fmean(one["abandoned"] for one in found) == pytest.approx(theory.p_abandon, abs=0.002)
    level = statistics.fmean(one["service_level"] * (1 - one["abandoned"]) for one in found)
    assert level == pytest.approx(theory.service_level, abs=0.006)
    assert statistics.fmean(one["waited"] for one in found) == pytest.approx(0.451, abs=0.013)


def test_erlang_c_with_twenty_agents():
    found = side_by_side(partial(figures, plain(0.1, 180, 20, 200_000)), range(40))
    assert statistics.fmean(one["asa"] for one in found) == pytest.approx(erlang_c(0.1, 180, 20).asa, abs=2.0)


# ---- sharing agents


def n_model(a, b, shared, hours=222):
    """Type A has 20 agents of its own, 10 flexible ones serve B, and A too if shared."""
    matters = {
        name: {"calls": [load / 180 * 900] * hours * 4, "handle": {"mean": "180s"}, "skills": {name: 1}}
        for name, load in (("A", a), ("B", b))
    }
    skills = {"A": 1, "B": 1} if shared else {"B": 1}
    agents = {"own": {"number": 20, "skills": {"A": 1}}, "flexible": {"number": 10, "skills": skills}}
    return {"scenario": "n", "matters": matters, "agents": agents, "rules": {"offer": "0s"}, "warm_up": "44h"}


def all_figures(data, run):
    return Day(read_scenario(data), run, estimating=False).run().figures()


def test_sharing_agents_is_better_than_not_sharing_them():
    shared = side_by_side(partial(all_figures, n_model(18, 9, True)), range(8))
    apart = side_by_side(partial(all_figures, n_model(18, 9, False)), range(8))
    ratio = mean_of([a["all"]["asa"] / b["all"]["asa"] for a, b in zip(shared, apart, strict=True)])
    assert ratio.mean <= 0.98, ratio


def test_the_rare_call_does_not_wait_for_the_frequent_ones():
    found = side_by_side(partial(all_figures, n_model(22.5, 4.5, True)), range(8))
    assert statistics.fmean(one["matter B"]["asa"] for one in found) <= 20


def six_types(skills, places, calls=120_000):
    """Six types of 14 Erlang, 90 agents; each agent has so many of the types, evenly spread."""
    groups = {
        2: [(a, b) for a in range(6) for b in range(a)],
        3: [(a, b, c) for a in range(6) for b in range(a) for c in range(b)],
        6: [tuple(range(6))],
    }[skills]
    quarters = round(calls / 6 / 21)
    matters = {
        f"m{n}": {"calls": [21] * quarters, "handle": {"mean": "10m"}, "skills": {f"s{n}": 1}}
        for n in range(6)
    }
    sizes = [90 // len(groups) + (place < 90 % len(groups)) for place in range(len(groups))]
    agents = {
        f"g{place}": {"number": size, "skills": {f"s{n}": 1 for n in group}}
        for place, (group, size) in enumerate(zip(groups, sizes, strict=True))
    }
    rules = {"offer": "0s", "default": {"limit": places, "when_full": "busy"} if places else {}}
    return {
        "scenario": "six",
        "matters": matters,
        "agents": agents,
        "rules": rules,
        "warm_up": f"{quarters * 180}s",
    }


def waits(data, run):
    day = Day(read_scenario(data), run, estimating=False).run()
    answered = sorted(wait for tally in day.tallies.values() for wait in tally.answered_ms)
    blocked = sum(tally.overflowed for tally in day.tallies.values()) / sum(
        t.offered for t in day.tallies.values()
    )
    by_type = [statistics.fmean(tally.answered_ms) for tally in day.tallies.values()]
    return (
        statistics.fmean(answered),
        answered[int(0.99 * len(answered))],
        blocked,
        max(by_type) / min(by_type),
    )


@pytest.mark.parametrize(("skills", "places", "goal"), [(2, 30, 1.32), (3, 30, 1.09), (3, None, 1.09)])
def test_few_skills_come_close_to_all_skills(skills, places, goal):
    few = side_by_side(partial(waits, six_types(skills, places)), range(12))
    pooled = side_by_side(partial(waits, six_types(6, places)), range(12))
    asa = mean_of([a[0] / b[0] for a, b in zip(few, pooled, strict=True)])
    p99 = mean_of([a[1] / b[1] for a, b in zip(few, pooled, strict=True)])
    assert 1 - asa.half <= asa.mean <= goal, asa
    assert p99.mean <= 1.20, p99
    assert statistics.fmean(one[2] for one in few) <= 0.006
    assert statistics.fmean(one[3] for one in few) <= 1.12  # symmetric types wait alike
    if places:
        theory = bounded(0.14, 600, 90, places)
        assert statistics.fmean(one[0] for one in pooled) / 1000 == pytest.approx(theory.asa, rel=0.06)


def test_the_virtual_clock_is_quick(tmp_path: Path):
    """Far from the bare simulator's speed, far within what planning needs."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    waits(six_types(2, None, 100_000), 1)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 30
