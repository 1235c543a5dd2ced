"""A simulated plan as text: tables that line up, each figure with its interval."""

from collections.abc import Iterator, Sequence

from ivr.routing.scenario import INTERVAL_MS, Scenario
from ivr.routing.summary import Mean, Staffing, Summary

COLUMNS = {
    "offered": ("calls", 1, ""),
    "service_level": ("answered in time", 100, "%"),
    "service_level_2": ("… gone in time too", 100, "%"),
    "asa": ("mean wait", 1, "s"),
    "wait_p95": ("95 % wait", 1, "s"),
    "longest_wait": ("longest", 1, "s"),
    "abandoned": ("gave up", 100, "%"),
    "overflowed": ("overflowed", 100, "%"),
    "occupancy": ("occupancy", 100, "%"),
}
ADVICE = (
    "Agents with two skills, spread evenly, give some 98 % of what full cross-training would; with three, "
    "more than 99 % (six matters of 14 Erlang, 90 agents)."
)


def show_plan(
    plan: Scenario, summary: Summary, table: Sequence[Staffing], less: Summary | None = None
) -> Iterator[str]:
    """Yield the lines of a plan; with `less`, the differences from the first plan as well."""
    runs = "" if summary["all"]["offered"].half is not None else ", one run: no intervals"
    target = f"in time: {plan.target_ms / 1000:g} s"
    yield f"{plan.scenario}: {plan.intervals} quarters of an hour, {target}{runs}"
    parts = {name.removeprefix("matter "): of for name, of in summary.items() if name == "all" or " " in name}
    parts = {name: of for name, of in parts.items() if "asa" in of}
    yield from _table(parts)
    yield ""
    groups = {name[6:]: of for name, of in summary.items() if name.startswith("group ")}
    width = max(map(len, groups))
    for name, of in groups.items():
        busy, taken = _figure(of["occupancy"], 100, "%"), _figure(of["calls"], 1, "")
        yield f"  {name:<{width}}  occupancy {busy}, calls {taken}"
    told = summary.get("announced wait")
    if told:
        error, held = _figure(told["error"], 100, "%"), _figure(told["range_held"], 100, "%")
        yield f"  announced waits: wrong by {error} of the mean wait; the range held for {held}"
    if less is not None:
        yield ""
        yield from _differences(less)
    if table:
        yield ""
        yield from _staffing(plan, table)
        if _single_skilled(plan):
            yield ADVICE
    yield ""


def _figure(mean: Mean, factor: float, unit: str) -> str:
    text = f"{mean.mean * factor:,.1f}"
    if mean.half is not None:
        text += f" ± {mean.half * factor:,.1f}"
    return f"{text} {unit}".rstrip()


def _table(parts: Summary) -> Iterator[str]:
    rows = [["", *(title for title, _, _ in COLUMNS.values())]]
    for name, of in parts.items():
        shown = (_figure(of[key], f, unit) if key in of else "" for key, (_, f, unit) in COLUMNS.items())
        rows.append([name, *shown])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join([f"  {row[0]:<{widths[0]}}", *cells]).rstrip()


def _differences(less: Summary) -> Iterator[str]:
    """Yield what differs by more than chance from the first plan, both having met the same callers."""
    yield "  against the first plan (same callers; what differs by more than chance):"
    for part, measures in less.items():
        said = [
            f"{title} {'+' if measures[key].mean > 0 else ''}{_figure(measures[key], factor, unit)}"
            for key, (title, factor, unit) in COLUMNS.items()
            if key in measures and measures[key].differs
        ]
        if said:
            yield f"    {part}: {'; '.join(said)}"


def _staffing(plan: Scenario, table: Sequence[Staffing]) -> Iterator[str]:
    goal = f"{plan.goal:.0%} in {plan.target_ms / 1000:g} s"
    yield f"  agents for {goal} if everybody could do everything (Erlang C: nobody gives up; A: as they do)"
    yield "  from    calls  Erlang    C    A  planned  in time then"
    for row in table:
        minutes = row.interval * INTERVAL_MS // 60_000
        needed_a = "-" if row.needed_a is None else row.needed_a
        level = "unstable" if row.planned_level is None else f"{row.planned_level:.0%}"
        needed = f"{row.calls:>7g}  {row.load:>6.1f}  {row.needed_c:>3}  {needed_a:>3}"
        yield f"  {minutes // 60}:{minutes % 60:02}  {needed}  {row.planned:>7}  {level:>12}"


def _single_skilled(plan: Scenario) -> bool:
    """Return whether some agents can take one matter only, of several."""
    return len(plan.matters) > 1 and any(
        sum(
            all(group.skills.get(s, 0) >= n for s, n in matter.skills.items())
            for matter in plan.matters.values()
        )
        < 2
        for group in plan.agents.values()
    )
