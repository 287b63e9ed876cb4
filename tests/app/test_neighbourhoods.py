"""The picture of a neighbourhood on pages that run no script."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from app.neighbourhoods import ACROSS, HEIGHT, UP, WIDTH, colour, neighbourhood


def node(position: int, **more: Any) -> dict[str, Any]:
    """Of an ego network, as `around` gives it."""
    base = {"name": f"n{position}", "percentile": 0.5, "rank": 9, "flagged": False, "degree": 1}
    return {"position": position, **base, **more}


def edge(source: int, target: int, **more: Any) -> dict[str, Any]:
    return {"source": source, "target": target, "surprising": False, **more}


def test_the_centre_is_in_the_middle_and_the_others_around_it() -> None:
    ego = {
        "centre": 7,
        "directed": True,
        "nodes": [node(7, flagged=True), *map(node, range(4))],
        "edges": [edge(7, 0), edge(1, 7, surprising=True), edge(7, 7), edge(0, 2)],
        "absent": [edge(7, 3), edge(7, 99)],
        "more": {"7": 12, "0": 3},
    }
    found = neighbourhood(ego)
    middle, *others = found.dots
    assert (middle.x, middle.y, middle.centre, middle.flagged) == (
        WIDTH / 2,
        HEIGHT / 2,
        True,
        True,
    )
    for dot in others:
        on_ellipse = ((dot.x - WIDTH / 2) / ACROSS) ** 2 + ((dot.y - HEIGHT / 2) / UP) ** 2
        assert abs(on_ellipse - 1) < 0.01
        assert dot.anchor == ("end" if dot.x < WIDTH / 2 - 1 else "start")
    # Clockwise from the top 0, 2, 1, 3: 2 is beside 0, with which it is linked.
    rows = {dot.name: (dot.anchor, dot.y) for dot in others}
    upper, lower = HEIGHT / 2 - UP / 2, HEIGHT / 2 + UP / 2
    assert rows == {
        "n0": ("start", upper),
        "n2": ("start", lower),
        "n1": ("end", lower),
        "n3": ("end", upper),
    }
    assert [link.kind for link in found.links] == ["link", "link", "absent", "surprising"]
    assert [bool(link.tip) for link in found.links] == [True, True, False, True]
    assert found.hidden == 12


def test_a_lone_node_and_a_long_name_fit() -> None:
    name = "Internationale Handelsgesellschaft für Feinmechanik"
    ego = {
        "centre": 0,
        "directed": False,
        "nodes": [node(0, name=name)],
        "edges": [],
        "absent": [],
        "more": {},
    }
    (dot,) = neighbourhood(ego).dots
    assert dot.name == "Internationale Handelsges…"
    assert name in dot.said


def test_lines_end_at_the_edges_of_nodes() -> None:
    ego = {
        "centre": 0,
        "directed": False,
        "nodes": [node(0), node(1)],
        "edges": [edge(0, 1)],
        "absent": [],
        "more": {},
    }
    found = neighbourhood(ego)
    (link,) = found.links
    numbers = [float(each) for each in re.findall(r"-?[\d.]+", link.path)]
    middle, other = found.dots
    assert numbers[0] == round(middle.x + middle.r + 9, 1)
    assert abs(numbers[2] - (other.x - other.r)) < 0.11
    assert link.tip == ""


def test_names_do_not_cover_each_other() -> None:
    ego = {"centre": 0, "directed": False, "edges": [], "absent": [], "more": {}}
    _, *others = neighbourhood({**ego, "nodes": [node(i, degree=200) for i in range(29)]}).dots
    for anchor in ("start", "end"):
        rows = sorted(dot.y for dot in others if dot.anchor == anchor)
        assert len(rows) == 14
        assert min(b - a for a, b in pairwise(rows)) > 15


def test_colours_change_evenly() -> None:
    assert colour(0.0) == "color-mix(in oklab, var(--ego-middle) 0.0%, var(--ego-low))"
    assert colour(0.25) == "color-mix(in oklab, var(--ego-middle) 50.0%, var(--ego-low))"
    assert colour(1.0) == "color-mix(in oklab, var(--ego-high) 100.0%, var(--ego-middle))"
