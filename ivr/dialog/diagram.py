"""A hotline as a picture: Mermaid text, or an SVG laid out in layers from the start. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from ivr.dialog.flow import Flow, Menu, Subflow, exits_of, kind_of, prompts_of

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 200, 54, 40, 84, 30
SWEEPS = 6
COLOURS = {
    "menu": "#dbeafe",
    "collect": "#e0f2fe",
    "do": "#fef3c7",
    "say": "#f3f4f6",
    "decide": "#ede9fe",
    "queue": "#dcfce7",
    "goodbye": "#fee2e2",
    "callback": "#ccfbf1",
    "record": "#ffe4e6",
    "survey": "#fce7f3",
    "transfer": "#dcfce7",
    "flow": "#fef9c3",
    "return": "#fef9c3",
    "language": "#e0e7ff",
}
LETTERS_IN_BOX = 26


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one node to another, with the words that lead there."""

    source: str
    target: str
    label: str
    visited: bool = True


def edges(flow: Flow, taken: Collection[str] | None = None) -> list[Edge]:
    """Return the ways of a flow, those between the same two nodes together; give-ups are left out.

    `taken` are the names of exits that were used; None takes all for used.
    """
    found: dict[tuple[str, str], tuple[list[str], bool]] = {}
    for name, node in flow.nodes.items():
        for why, leave in exits_of(node):
            if why == "give_up" or leave.goto not in flow.nodes:
                continue
            labels, seen = found.setdefault((name, leave.goto), ([], False))
            labels.append("" if why == "goto" else why)
            found[name, leave.goto] = labels, seen or taken is None or leave.name in taken
        if isinstance(node, Subflow) and node.flow in flow.subflows:
            called = taken is None or any(leave.name in taken for leave in node.exits.values())
            found[name, flow.subflows[node.flow].start] = [node.flow], called
    return [
        Edge(source, target, ", ".join(filter(None, labels)), seen)
        for (source, target), (labels, seen) in found.items()
    ]


def mermaid(flow: Flow) -> str:
    """Return a flow as Mermaid text (https://mermaid.js.org/syntax/flowchart.html)."""
    lines = ["flowchart TD", f'  start(("{_plain(flow.title)}")) --> {flow.start}']
    for name, node in flow.nodes.items():
        shape = {"menu": ("[/", "/]"), "decide": ("{", "}"), "do": ("[[", "]]")}.get(
            kind_of(node), ("[", "]")
        )
        lines.append(f'  {name}{shape[0]}"{_plain(name)}"{shape[1]}')
    for edge in edges(flow):
        label = f'|"{_plain(edge.label)}"|' if edge.label else ""
        lines.append(f"  {edge.source} -->{label} {edge.target}")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return text.replace('"', "'").replace("\n", " ")


# ---- SVG


def svg(flow: Flow, nodes: Mapping[str, bool] | None = None, taken: Collection[str] | None = None) -> str:
    """Return a flow as SVG. With `nodes` and `taken`, what was not visited is marked in red.

    Ways back up are named below the box that they start from, so that lines show how calls go on.
    """
    ways = edges(flow, taken)
    places = _placed(flow, ways)
    named = [way for way in ways if places[way.target][1] <= places[way.source][1]]
    lines = [way for way in ways if places[way.target][1] > places[way.source][1]]
    right = max((x for x, _ in places.values()), default=0) + WIDTH + MARGIN
    bottom = max((y for _, y in places.values()), default=0) + HEIGHT + MARGIN
    parts = [_edge(edge, places) for edge in lines]
    parts += _names(named, places)
    parts += [_box(flow, name, places[name], nodes is None or nodes.get(name, False)) for name in flow.nodes]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right} {bottom}" width="{right}" height="{bottom}" '
        f'font-family="system-ui, sans-serif" role="img" aria-label="{escape(flow.title, QUOTES)}">'
        f"<style>{STYLE}</style>"
        '<defs><marker id="m" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#6b7280"/></marker></defs>'
        f'<rect width="{right}" height="{bottom}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


QUOTES = {'"': "&quot;"}
STYLE = (
    ".n{stroke:#4b5563;stroke-width:1.2}.t{font-size:13px;font-weight:600;fill:#111827}"
    ".s{font-size:11px;fill:#4b5563}.e{stroke:#6b7280;fill:none;stroke-width:1.2;marker-end:url(#m)}"
    ".no{stroke:#b91c1c;stroke-dasharray:5 3;stroke-width:2}.l{font-size:10px;fill:#374151}.red{fill:#b91c1c;font-weight:600}"
)


def _placed(flow: Flow, ways: list[Edge]) -> dict[str, tuple[int, int]]:
    """Lay nodes out in layers by their distance from the start; order each by its neighbours."""
    layers = _layers(flow, ways)
    order = {name: n for layer in layers for n, name in enumerate(layer)}
    for _ in range(SWEEPS):
        for layer in layers:
            layer.sort(key=lambda name: (_barycentre(name, ways, order), name))
            order |= {name: n for n, name in enumerate(layer)}
    widest = max(map(len, layers), default=1)
    return {
        name: (
            MARGIN + (WIDTH + GAP_X) * n + (widest - len(layer)) * (WIDTH + GAP_X) // 2,
            MARGIN + (HEIGHT + GAP_Y) * depth,
        )
        for depth, layer in enumerate(layers)
        for n, name in enumerate(layer)
    }


def _layers(flow: Flow, ways: list[Edge]) -> list[list[str]]:
    following: dict[str, list[str]] = {}
    for edge in ways:
        following.setdefault(edge.source, []).append(edge.target)
    depth = {flow.start: 0}
    waiting = [flow.start]
    while waiting:
        name = waiting.pop(0)
        for target in following.get(name, []):
            if target not in depth:
                depth[target] = depth[name] + 1
                waiting.append(target)
    last = max(depth.values(), default=0) + 1
    layers: list[list[str]] = [[] for _ in range(last + 1)]
    for name in flow.nodes:
        layers[depth.get(name, last)].append(name)
    return [layer for layer in layers if layer]


def _barycentre(name: str, ways: list[Edge], order: Mapping[str, int]) -> float:
    near = [order[e.source] for e in ways if e.target == name and e.source in order]
    return sum(near) / len(near) if near else float(order.get(name, 0))


def _box(flow: Flow, name: str, place: tuple[int, int], visited: bool) -> str:
    x, y = place
    node = flow.nodes[name]
    kind = kind_of(node)
    said = next((text for field, text in prompts_of(node) if field == "say"), "")
    about = kind + (" (open)" if isinstance(node, Menu) and node.open else "") + (f": {said}" if said else "")
    short = about if len(about) <= LETTERS_IN_BOX + 4 else about[: LETTERS_IN_BOX + 3] + "…"
    mark = " no" if not visited else ""
    note = " (not visited)" if not visited else ""
    return (
        f'<g id="{escape(name, QUOTES)}"><title>{escape(f"{name}{note}: {said}")}</title>'
        f'<rect class="n{mark}" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="9" fill="{COLOURS[kind]}"/>'
        f'<text class="t" x="{x + 10}" y="{y + 22}">{escape(name[:LETTERS_IN_BOX])}</text>'
        f'<text class="s" x="{x + 10}" y="{y + 40}">{escape(short)}</text></g>'
    )


def _names(ways: Sequence[Edge], places: Mapping[str, tuple[int, int]]) -> list[str]:
    """Return the ways that are only named, one below the other under the box they start from."""
    count: Counter[str] = Counter()
    made = []
    for way in ways:
        x, y = places[way.source]
        line = y + HEIGHT + 13 + 12 * count[way.source]
        count[way.source] += 1
        label = f"{way.label[:14]} → {way.target}" if way.label else f"→ {way.target}"
        mark = "" if way.visited else " red"
        made.append(
            f'<a href="#{escape(way.target)}"><text class="l{mark}" x="{x + 10}" y="{line}">{escape(label)}</text></a>'
        )
    return made


def _edge(edge: Edge, places: Mapping[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = places[edge.source], places[edge.target]
    start, end = (x1 + WIDTH // 2, y1 + HEIGHT), (x2 + WIDTH // 2, y2)
    bend = (end[1] - start[1]) // 2
    path = f"M{start[0]} {start[1]}C{start[0]} {start[1] + bend} {end[0]} {end[1] - bend} {end[0]} {end[1]}"
    middle = ((start[0] + end[0]) // 2, (start[1] + end[1]) // 2)
    label = f'<text class="l" x="{middle[0]}" y="{middle[1]}" text-anchor="middle">{escape(edge.label[:24])}</text>'
    mark = "" if edge.visited else " no"
    return f'<path class="e{mark}" d="{path}"/>{label if edge.label else ""}'
