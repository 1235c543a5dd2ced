"""A day as it was becomes a scenario that the simulation takes."""

from datetime import UTC, date, datetime

import pytest
import yaml
from click.testing import CliRunner

from ivr.cli.route import route
from ivr.errors import NotFound
from ivr.routing.scenario import read_scenario
from ivr.routing.simulate import simulate
from ivr.service.day import scenario_of
from ivr.storage.tables import CallRow, TicketRow

DAY = date(2026, 11, 20)


def at(hour, minute, second=0):
    return datetime(2026, 11, 20, hour, minute, second, tzinfo=UTC)


@pytest.fixture
def filled(hotline):
    with hotline.db.write() as session:
        session.add(CallRow(id="CA", menu_version="v", state={}, started_at=at(8, 0)))
        session.flush()
        rows = [
            (at(9, 0), at(9, 1), at(9, 5), "ann", "done", "track_order"),
            (at(9, 16), at(9, 17), at(9, 19), "ann", "done", "track_order"),
            (at(9, 20), None, at(9, 24), None, "abandoned", "track_order"),
            (at(9, 40), at(9, 40), at(9, 46), "bob", "done", None),
        ]
        for number, (entered, connected, ended, agent, state, matter) in enumerate(rows):
            session.add(
                TicketRow(
                    id=f"T{number}",
                    call="CA",
                    queue="support",
                    skills={"en": 1},
                    language="en",
                    state=state,
                    entered_at=entered,
                    connected_at=connected,
                    ended_at=ended,
                    agent=agent,
                    matter=matter,
                )
            )
    return hotline


def test_callers_handling_patience_and_agents_are_as_they_were(filled):
    data = scenario_of(filled.db, DAY, "UTC", {})
    orders, other = data["matters"]["support track_order"], data["matters"]["support"]
    assert (orders["calls"], other["calls"]) == ([1, 2, 0, 0], [0, 0, 1, 0])
    assert orders["handle"]["mean"] == "180s"
    assert orders["patience"] == {"mean": "360s"}  # 60 + 60 + 240 s of waiting, one gave up
    assert "patience" not in other
    assert [group["number"] for group in data["agents"].values()] == [[0, 0, 1, 1], [1, 1, 0, 0]]
    figures = simulate(read_scenario(data), 0)
    assert figures["all"]["offered"] >= 0


def test_a_day_without_callers_is_told(filled):
    with pytest.raises(NotFound, match="nobody asked for a person on 2026-11-21"):
        scenario_of(filled.db, date(2026, 11, 21), "UTC", {})


def test_the_commands_print_it_and_simulate_it(filled):
    given = ["--db", filled.settings.database_url]
    printed = CliRunner().invoke(route, ["day", "2026-11-20", *given])
    assert yaml.safe_load(printed.output)["scenario"] == "2026-11-20 as it was"
    ran = CliRunner().invoke(route, ["simulate", "--day", "2026-11-20", "--runs", "2", *given])
    assert ran.exit_code == 0, ran.output
    assert "2026-11-20 as it was" in ran.output
    both = CliRunner().invoke(route, ["simulate"])
    assert "Name a SCENARIO, or a --day." in both.output
    assert "is no day" in CliRunner().invoke(route, ["day", "someday", *given]).output
