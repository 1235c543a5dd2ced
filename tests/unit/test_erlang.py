"""The formulas against published tables, against each other, and far out."""

import math

import pytest

from ivr.errors import InvalidInput
from ivr.routing.erlang import Result, bounded, erlang_a, erlang_b, erlang_c, staff

C_TABLE = """
100/1800 180 14 0.714286 0.1741319335950498 7.835937 0.8883500191794669 0.435330
0.1      180 20 0.90     0.550769 49.569210  0.558979 4.956921
0.5      180 100 0.90    0.216940 3.904929   0.928585 1.952464
0.15     180 30 0.90     0.471408 28.284502  0.662221 4.242675
0.05     180 10 0.90     0.668732 120.371674 0.401593 6.018584
0.14     600 90 0.933333 0.411957 41.195731  0.662718 5.767402
14/600   600 15 0.933333 0.722319 433.391149 0.301362 10.112460
0.8      60 50 0.96      0.694456 20.833668  0.643455 16.666935
"""
A_TABLE = """
40 0.962356 0.169468 20.336199 0.996638 0.389505 16.268959
44 0.837392 0.098494 11.819316 0.983461 0.702412 9.455453
46 0.729660 0.070132 8.415802 0.970297 0.817566 6.732641
48 0.601481 0.047645 5.717395 0.952355 0.895514 4.573916
50 0.467774 0.030912 3.709470 0.930324 0.943019 2.967576
52 0.343132 0.019180 2.301606 0.905372 0.969879 1.841285
54 0.237627 0.011393 1.367145 0.878762 0.984369 1.093716
"""


def lines(table):
    return [line.split() for line in table.strip().splitlines()]


def number(text):
    above, _, below = text.partition("/")
    return float(above) / float(below or 1)


@pytest.mark.parametrize("line", lines(C_TABLE), ids=lambda line: "-".join(line[:3]))
def test_erlang_c_is_as_published(line):
    rate, handle, agents, occupancy, waits, asa, level, length = map(number, line)
    found = erlang_c(rate, handle, int(agents), 20)
    wanted = Result(waits, asa, level, occupancy, 0.0, length)
    for name in Result.__dataclass_fields__:
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), abs=1e-6), name


def test_the_line_of_pyworkforce_to_nine_digits():
    found = erlang_c(100 / 1800, 180, 14, 20)
    assert found.p_wait == pytest.approx(0.1741319335950498, abs=1e-12)
    assert found.service_level == pytest.approx(0.8883500191794669, abs=1e-12)


@pytest.mark.parametrize("line", lines(A_TABLE), ids=lambda line: line[0])
def test_erlang_a_is_as_published(line):
    agents, waits, abandons, mean, occupancy, level, length = map(float, line)
    found = erlang_a(0.8, 60, int(agents), 120, 20)
    wanted = Result(waits, mean, level, occupancy, abandons, length)
    for name in Result.__dataclass_fields__:
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), abs=1e-6), name


def test_erlang_b_and_c_of_the_textbook():
    assert erlang_b(8, 10) == pytest.approx(0.121661064, abs=1e-9)
    assert erlang_c(8 / 180, 180, 10).p_wait == pytest.approx(0.409180151, abs=1e-9)
    assert erlang_b(0.8, 1) == pytest.approx(0.8 / 1.8)
    assert erlang_c(0.8 / 60, 60, 1).p_wait == pytest.approx(0.8)  # M/M/1: the load itself
    assert erlang_c(0.8 / 60, 60, 1).asa == pytest.approx(0.8 * 60 / 0.2)


def test_staffing_as_published():
    assert erlang_c(25 / 600, 180, 10, 20).service_level == pytest.approx(0.7678, abs=5e-5)
    agents, result = staff(25 / 600, 180, 0.8, 20)
    assert agents == 11
    assert result.service_level == pytest.approx(0.8808, abs=5e-5)


def test_few_places_as_published():
    found = bounded(0.14, 600, 90, 30, 20)
    assert found.p_block == pytest.approx(0.003643076, abs=1e-9)
    assert found.p_wait == pytest.approx(0.379706, abs=1e-6)
    assert found.asa == pytest.approx(27.001366, abs=1e-6)
    assert found.queue_length == pytest.approx(3.766420, abs=1e-6)
    assert found.p_late == pytest.approx(0.300935, abs=1e-6)


def test_few_places_become_erlang_c_when_there_are_many():
    found, wanted = bounded(0.1, 180, 20, 3000, 20), erlang_c(0.1, 180, 20, 20)
    assert found.asa == pytest.approx(wanted.asa, rel=1e-9)
    assert 1 - found.p_late == pytest.approx(wanted.service_level, rel=1e-9)


def test_no_places_at_all_are_erlang_b():
    assert bounded(8 / 180, 180, 10, 0).p_block == pytest.approx(erlang_b(8, 10), rel=1e-12)


@pytest.mark.parametrize("agents", [20, 25, 40])
def test_erlang_a_becomes_erlang_c_when_patience_is_endless(agents):
    found, wanted = erlang_a(0.1, 180, agents, 1e10, 20), erlang_c(0.1, 180, agents, 20)
    for name in Result.__dataclass_fields__:
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), rel=1e-5, abs=1e-6), name


def integrated(rate, handle, agents, patience, target):
    """The service level by stepping the queue ahead of a caller through time (Runge-Kutta), literally."""
    weights = [1.0]
    for state in range(1, agents + 60):
        weights.append(weights[-1] * rate / (min(state, agents) / handle + max(0, state - agents) / patience))
    total = sum(weights)
    ahead = [weight / total for weight in weights[agents:]]
    served, steps = sum(weights[:agents]) / total, 1000
    step = target / steps

    def flow(now):
        rates = [agents / handle + place / patience for place in range(len(now))]
        gone = [rate * chance for rate, chance in zip(rates, now, strict=True)]
        return [b - a for a, b in zip(gone, [*gone[1:], 0.0], strict=True)]

    def into_service(now, at):
        return agents / handle * now[0] * math.exp(-at / patience)

    for number in range(steps):
        at = number * step
        k1 = flow(ahead)
        middle = [x + step / 2 * k for x, k in zip(ahead, k1, strict=True)]
        k2 = flow(middle)
        middle = [x + step / 2 * k for x, k in zip(ahead, k2, strict=True)]
        k3 = flow(middle)
        end = [x + step * k for x, k in zip(ahead, k3, strict=True)]
        k4 = flow(end)
        after = [
            x + step / 6 * (a + 2 * b + 2 * c + d)
            for x, a, b, c, d in zip(ahead, k1, k2, k3, k4, strict=True)
        ]
        served += (
            step
            / 6
            * (
                into_service(ahead, at)
                + 4 * into_service(middle, at + step / 2)
                + into_service(after, at + step)
            )
        )
        ahead = after
    return served


def test_the_service_level_with_abandonment_is_that_of_stepping_through_time():
    found = erlang_a(0.06, 100, 5, 60, 20).service_level
    assert found == pytest.approx(integrated(0.06, 100, 5, 60, 20), abs=1e-8)


@pytest.mark.parametrize("agents", [1_000, 10_000])
def test_thousands_of_agents(agents):
    calm = erlang_c(agents * 0.98 / 180, 180, agents, 20)
    assert 0 < calm.p_wait < 1
    assert 0.5 < calm.service_level <= 1
    tense = erlang_a(agents * 1.1 / 180, 180, agents, 120, 20)
    assert tense.p_abandon == pytest.approx(0.1 / 1.1, rel=0.02)  # what is too much leaves
    assert tense.occupancy == pytest.approx(1, abs=1e-3)
    assert 0 <= tense.service_level <= 1


def test_a_flood_of_very_patient_callers():
    found = erlang_a(1000, 60, 1, 1e6, 20)
    assert found.p_wait == pytest.approx(1)
    assert found.p_abandon == pytest.approx(1 - 1 / 60_000, abs=1e-9)
    assert found.service_level == pytest.approx(0, abs=1e-9)


def test_hardly_any_load():
    assert erlang_c(1e-9, 1, 500, 20) == Result(0.0, 0.0, 1.0, pytest.approx(2e-12), 0.0, 0.0)
    assert erlang_a(1e-9, 1, 500, 60, 20).service_level == pytest.approx(1)


def test_no_time_to_wait_counts_those_who_need_not():
    found = erlang_a(0.8, 60, 50, 120, 0)
    assert found.service_level == pytest.approx(1 - found.p_wait)
    found = erlang_c(0.8, 60, 50, 0)
    assert found.service_level == pytest.approx(1 - found.p_wait)


@pytest.mark.parametrize("agents", [17, 18])
def test_too_few_agents_for_erlang_c_is_said(agents):
    with pytest.raises(
        InvalidInput, match=f"unstable: 18 Erlang grow without end with {agents} agents; take 19"
    ):
        erlang_c(0.1, 180, agents)


def test_staffing_with_abandonment_is_the_fewest():
    agents, result = staff(0.8, 60, 0.8, 20, patience=120)
    assert agents == 46
    assert result.service_level == pytest.approx(0.817566, abs=1e-6)
