from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.routing.policy import Faulty
from ivr.routing.replay import Row, TraceFault, read_setting, read_trace, replay

HEAD = "call,arrive_ms,skill,handle_ms,patience_ms"
SAMPLES = Path(__file__).parent / "traces"


def outcomes(setting, *rows):
    """Replay rows of (arrive, skill, handle, patience) and return the result lines."""
    lines = [HEAD, *(f"{n},{a},{s},{h},{'' if p is None else p}" for n, (a, s, h, p) in enumerate(rows))]
    return [str(one) for one in replay(read_setting(setting), read_trace(lines))]


def test_an_arriving_call_takes_the_lowest_level_then_the_longest_idle_then_the_lowest_agent():
    agents = [[1, 0], [0, 1], [0], [0]]
    assert outcomes({"agents": agents, "policy": "fcfs"}, *[(10, 0, 5, None)] * 4) == [
        "0,A,1,0",
        "1,A,2,0",
        "2,A,3,0",
        "3,A,0,0",
    ]


def test_a_freed_agent_takes_the_longest_waiting_call_of_any_skill():
    setting = {"agents": [[0, 1]], "policy": "fcfs"}
    assert outcomes(setting, (0, 0, 100, None), (1, 1, 10, None), (2, 0, 10, None)) == [
        "0,A,0,0",
        "1,A,0,99",
        "2,A,0,108",
    ]


def test_under_level_the_best_skill_with_a_call_goes_first():
    setting = {"agents": [[0, 1]], "policy": "level", "K": None}
    assert outcomes(setting, (0, 0, 100, None), (1, 1, 10, None), (2, 0, 10, None)) == [
        "0,A,0,0",
        "1,A,0,109",
        "2,A,0,98",
    ]


def test_who_finds_no_place_is_refused():
    setting = {"agents": [[0]], "policy": "fcfs", "K": 1}
    assert outcomes(setting, *[(0, 0, 50, None)] * 3) == ["0,A,0,0", "1,A,0,50", "2,B,-1,0"]


def test_a_departure_at_the_instant_of_an_arrival_comes_first():
    setting = {"agents": [[0]], "policy": "fcfs", "K": 0}
    assert outcomes(setting, (0, 0, 50, None), (50, 0, 50, None)) == ["0,A,0,0", "1,A,0,0"]


def test_a_caller_served_at_the_instant_the_patience_ends_is_served():
    setting = {"agents": [[0]], "policy": "fcfs"}
    assert outcomes(setting, (0, 0, 50, None), (10, 0, 5, 40), (11, 0, 5, 10)) == [
        "0,A,0,0",
        "1,A,0,40",
        "2,X,-1,10",
    ]


def test_no_patience_at_all_is_served_by_an_idle_agent_only():
    setting = {"agents": [[0]], "policy": "fcfs"}
    assert outcomes(setting, (5, 0, 0, 0), (5, 0, 9, 0), (5, 0, 9, 0)) == ["0,A,0,0", "1,A,0,0", "2,X,-1,0"]


def test_skills_may_be_names():
    assert outcomes({"agents": [["fr"]], "policy": "fcfs"}, (0, "fr", 1, None)) == ["0,A,0,0"]


# ---- against the sentences of the format, taken literally


class Literally:
    """Every rule as its sentence says, with lists and loops; slow."""

    def __init__(self, setting, rows):
        self.agents, self.places, self.policy = setting["agents"], setting["K"], setting["policy"]
        self.rows, self.waiting, self.results = rows, [], {}
        self.idle_since, self.ends_at = dict.fromkeys(range(len(self.agents)), 0), {}

    def answer(self, row, agent, now):
        self.results[row.call] = (row.call, "A", agent, now - row.arrive_ms)
        del self.idle_since[agent]
        self.ends_at[agent] = now + row.handle_ms

    def level(self, agent, row):
        return self.agents[agent].index(int(row.skill))

    def takes(self, agent):
        mine = [row for row in self.waiting if int(row.skill) in self.agents[agent]]
        if self.policy == "level" and mine:
            best = min(self.level(agent, row) for row in mine)
            mine = [row for row in mine if self.level(agent, row) == best]
        return min(mine, key=lambda row: (row.arrive_ms, row.call), default=None)

    def departures(self, now):
        while leaving := sorted(agent for agent, end in self.ends_at.items() if end == now):
            del self.ends_at[leaving[0]]
            self.idle_since[leaving[0]] = now
            row = self.takes(leaving[0])
            if row is not None:
                self.waiting.remove(row)
                self.answer(row, leaving[0], now)

    def arrival(self, row, now):
        free = [agent for agent in self.idle_since if int(row.skill) in self.agents[agent]]
        if free:
            best = min(free, key=lambda agent: (self.level(agent, row), self.idle_since[agent], agent))
            self.answer(row, best, now)
        elif self.places is not None and len(self.waiting) >= self.places:
            self.results[row.call] = (row.call, "B", -1, 0)
        else:
            self.waiting.append(row)

    def giving_up(self, now):
        for row in list(self.waiting):
            if row.patience_ms is not None and row.arrive_ms + row.patience_ms == now:
                self.waiting.remove(row)
                self.results[row.call] = (row.call, "X", -1, row.patience_ms)

    def run(self):
        times = {row.arrive_ms for row in self.rows}
        times |= {row.arrive_ms + row.patience_ms for row in self.rows if row.patience_ms is not None}
        while times or self.ends_at:
            now = min([*times, *self.ends_at.values()])
            times.discard(now)
            self.departures(now)
            for row in self.rows:
                if row.arrive_ms == now:
                    self.arrival(row, now)
                    self.departures(now)
            self.giving_up(now)
        return [self.results[row.call] for row in self.rows]


@st.composite
def traces(draw):
    skills = draw(st.integers(1, 3))
    every = st.lists(st.integers(0, skills - 1), unique=True, min_size=1, max_size=skills)
    agents = draw(st.lists(every, min_size=1, max_size=4))
    held = sorted({skill for agent in agents for skill in agent})
    setting = {
        "agents": agents,
        "K": draw(st.none() | st.integers(0, 3)),
        "policy": draw(st.sampled_from(["fcfs", "level"])),
    }
    short = st.integers(0, draw(st.sampled_from([3, 12])))
    rows, now = [], 0
    for call in range(draw(st.integers(0, 25))):
        now += draw(st.integers(0, 3))
        rows.append(
            Row(call + 2, call, now, str(draw(st.sampled_from(held))), draw(short), draw(st.none() | short))
        )
    return setting, rows


@given(traces())
def test_the_router_does_what_the_sentences_say(case):
    setting, rows = case
    found = [(one.call, one.outcome, one.agent, one.wait_ms) for one in replay(read_setting(setting), rows)]
    assert found == Literally(setting, rows).run()


# ---- what cannot be used


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["call,when"], f"line 1: the header is not {HEAD}"),
        ([HEAD, "0,5,0,1"], "line 2: 4 values where 5 belong"),
        ([HEAD, "0,5,0,1,", "1,4,0,1,"], "line 3: call 1 arrives at 4, before the line above it"),
        ([HEAD, "0,5,0,1,", "0,6,0,1,"], "line 3: call 0 stands twice"),
        ([HEAD, "0,5,0,-1,"], "line 2: 'handle_ms' is '-1', not a whole number"),
        ([HEAD, "0,5,0,1.5,"], "line 2: 'handle_ms' is '1.5', not a whole number"),
        ([HEAD, "0,5,,1,"], "line 2: 'skill' is empty"),
        ([], "line 1: the header"),
    ],
)
def test_a_wrong_line_is_named(lines, said):
    with pytest.raises(TraceFault, match="^" + said.replace("(", r"\(")):
        list(read_trace(lines))


def test_a_call_that_nobody_can_ever_take_is_named():
    with pytest.raises(TraceFault, match="line 3: call 1 waits for ever: no agent has skill 7"):
        outcomes({"agents": [[0]], "policy": "fcfs"}, (0, 0, 1, None), (1, 7, 1, None))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"agents": [[0]]}, "'policy' is missing"),
        ({"agents": [[0]], "policy": "best"}, "'policy' is one of 'fcfs' or 'level'"),
        ({"agents": [[0], 3], "policy": "fcfs"}, "agents.1"),
        ({"agents": [[0]], "policy": "fcfs", "K": -1}, "'K' must not be less than 0"),
        ({"agents": [[0]], "policy": "fcfs", "k": 1}, "'k' is not known here; did you mean 'K'?"),
        ([], "object"),
    ],
)
def test_a_wrong_setting_is_named(setting, said):
    with pytest.raises(Faulty) as found:
        read_setting(setting)
    assert said in str(found.value)
