"""A node among those around it as SVG, for pages that run no script: the node in the middle, the others around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import atan2, cos, hypot, log2, sin, sqrt
from typing import Any

WIDTH, HEIGHT = 760, 460
ACROSS, UP = 210, 170
"""Half axes of the ellipse on which the others stand; what is left beside it is for their names."""
LETTERS = 26
TIP = 6.0


@dataclass(frozen=True)
class Link:
    """A line from one node's edge to another's.

    Attributes:
        kind: "link", "surprising", or "absent" where it was expected and is not there.
        path: the line; tip: its arrowhead, "" where links have no direction.
    """

    kind: str
    path: str
    tip: str


@dataclass(frozen=True)
class Dot:
    """A node, where it is and where its name starts or ends.

    Attributes:
        fill: its percentile as a colour of tokens.css.
    """

    name: str
    said: str
    x: float
    y: float
    r: float
    fill: str
    flagged: bool
    centre: bool
    text_x: float
    anchor: str


@dataclass(frozen=True)
class Neighbourhood:
    """In the coordinates of an SVG of `width` x `height`; `hidden` neighbours of the centre are not drawn."""

    name: str
    links: list[Link]
    dots: list[Dot]
    hidden: int
    directed: bool
    width: int = WIDTH
    height: int = HEIGHT


def neighbourhood(ego: Mapping[str, Any]) -> Neighbourhood:
    """The picture of what `around` says of one node and its neighbours."""
    centre = ego["centre"]
    pairs = [(edge["source"], edge["target"]) for edge in ego["edges"]]
    nodes = {node["position"]: node for node in ego["nodes"]}
    places = _places(centre, list(nodes), pairs)
    dots = [_dot(nodes[position], *places[position], centre) for position in nodes]
    radii = {
        position: dot.r + (9 if dot.centre else 4 * dot.flagged)
        for position, dot in zip(nodes, dots, strict=True)
    }
    directed = bool(ego["directed"])

    def line(edge: Mapping[str, Any], kind: str) -> Link:
        source, target = edge["source"], edge["target"]
        tipped = directed and kind != "absent"
        return _line(kind, places[source], places[target], radii[source], radii[target], tipped)

    drawn = [edge for edge in ego["edges"] if edge["source"] != edge["target"]]
    usual = [line(edge, "link") for edge in drawn if not edge["surprising"]]
    absent = [line(edge, "absent") for edge in ego["absent"] if edge["target"] in nodes]
    surprising = [line(edge, "surprising") for edge in drawn if edge["surprising"]]
    hidden = int(ego["more"].get(str(centre), 0))
    return Neighbourhood(
        nodes[centre]["name"], [*usual, *absent, *surprising], dots, hidden, directed
    )


def _places(
    centre: int, positions: Sequence[int], pairs: Sequence[tuple[int, int]]
) -> dict[int, tuple[float, float]]:
    """The centre in the middle, the others clockwise around it: linked ones beside each other, the first at the top right.

    On either side each has a row of its own, so that no name covers another.
    """
    ring = _chain([position for position in positions if position != centre], pairs)
    places = {centre: (WIDTH / 2, HEIGHT / 2)}
    half = (len(ring) + 1) // 2
    for side, members in ((1, ring[:half]), (-1, ring[half:][::-1])):
        for row, position in enumerate(members):
            down = (2 * row + 1) / len(members) - 1  # -1 the top, 1 the bottom
            across = side * ACROSS * sqrt(1 - down**2)
            places[position] = (WIDTH / 2 + across, HEIGHT / 2 + UP * down)
    return places


def _chain(ring: Sequence[int], pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Depth first along the links within the ring."""
    near: dict[int, set[int]] = {position: set() for position in ring}
    for a, b in pairs:
        if a in near and b in near:
            near[a].add(b)
            near[b].add(a)
    ordered: dict[int, None] = {}
    for first in ring:
        waiting = [first]
        while waiting:
            position = waiting.pop()
            if position in ordered:
                continue
            ordered[position] = None
            waiting += [other for other in reversed(ring) if other in near[position]]
    return list(ordered)


def _dot(node: Mapping[str, Any], x: float, y: float, centre: int) -> Dot:
    own = node["position"] == centre
    r = max(9.0 if own else 3.0, min(14.0, 3.5 + 1.3 * log2(1 + node["degree"])))
    name = (
        node["name"] if len(node["name"]) <= LETTERS else f"{node['name'][: LETTERS - 1].rstrip()}…"
    )
    left = x < WIDTH / 2 - 1 and not own
    gap = r + (12 if own else 8 if node["flagged"] else 5)
    return Dot(
        name=name,
        said=f"{node['name']}: percentile {100 * node['percentile']:.1f}, rank {node['rank']:,}",
        x=round(x, 1),
        y=round(y, 1),
        r=round(r, 1),
        fill=colour(node["percentile"]),
        flagged=bool(node["flagged"]),
        centre=own,
        text_x=round(x - gap if left else x + gap, 1),
        anchor="end" if left else "start",
    )


def colour(percentile: float) -> str:
    """The colour of a percentile, 0 to 1, as `static/ego-shapes.js` has it."""
    low, high, share = (
        ("low", "middle", 2 * percentile)
        if percentile < 0.5
        else ("middle", "high", 2 * percentile - 1)
    )
    return f"color-mix(in oklab, var(--ego-{high}) {100 * share:.1f}%, var(--ego-{low}))"


def _line(
    kind: str,
    start: tuple[float, float],
    end: tuple[float, float],
    from_: float,
    to: float,
    tipped: bool,
) -> Link:
    (x1, y1), (x2, y2) = start, end
    length = hypot(x2 - x1, y2 - y1) or 1.0
    cos_, sin_ = (x2 - x1) / length, (y2 - y1) / length
    to += TIP if tipped else 0.0
    a = x1 + from_ * cos_, y1 + from_ * sin_
    b = x2 - to * cos_, y2 - to * sin_
    return Link(
        kind,
        f"M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}",
        _tip(*b, atan2(sin_, cos_)) if tipped else "",
    )


def _tip(x: float, y: float, turn: float) -> str:
    wings = [(x + 4 * cos(turn + way), y + 4 * sin(turn + way)) for way in (2.0, -2.0)]
    points = [(x + TIP * cos(turn), y + TIP * sin(turn)), *wings]
    return "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in points) + "z"
