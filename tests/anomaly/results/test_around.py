from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from methods.anomaly.results.absent import absent_links
from methods.anomaly.results.around import around
from methods.anomaly.results.cut import cut
from tests.anomaly.results.conftest import NODES, Made, Make


def test_one_hop_shows_all_neighbours_and_all_links_among_them(made: Made) -> None:
    found = around(cut(made.results), 5, limit=100)
    dense = made.links
    near = set(np.flatnonzero(dense[5] + dense[:, 5]).tolist()) | {5}
    hops = {node["position"]: node["hop"] for node in found["nodes"]}
    assert {position for position, hop in hops.items() if hop is not None} == near
    assert hops[5] == 0
    links = {(edge["source"], edge["target"]): edge["count"] for edge in found["edges"]}
    assert links == {(i, j): dense[i, j] for i in near for j in near if dense[i, j]}
    assert links[5, 5] == 2
    assert found["directed"]


def test_a_part_is_that_of_the_target_in_the_error_of_the_source(made: Made) -> None:
    whole = cut(made.results, 0.3)
    reasons = made.outcome.reasons
    assert reasons is not None
    csr = made.graph.csr()
    for edge in around(whole, 0, limit=100)["edges"]:
        at = np.flatnonzero((csr.sources() == edge["source"]) & (csr.indices == edge["target"]))[0]
        assert edge["part"] == pytest.approx(0.7 * reasons.link[at])
        assert edge["expected"] == pytest.approx(reasons.expected_link[at])


def test_about_a_tenth_of_all_links_are_surprising(made: Made) -> None:
    edges = around(cut(made.results), 0, limit=2, also=range(NODES))["edges"]
    assert len(edges) == made.graph.links
    gaps = {(edge["source"], edge["target"]): edge["count"] - edge["expected"] for edge in edges}
    chosen = [gaps[edge["source"], edge["target"]] for edge in edges if edge["surprising"]]
    assert len(chosen) == pytest.approx(len(edges) / 10, abs=2)
    assert min(chosen) > np.median(list(gaps.values()))


@pytest.mark.parametrize("limit", [2, 6, 20])
@pytest.mark.parametrize("hops", [1, 2])
def test_no_more_are_drawn_than_there_is_room_for_and_the_rest_is_counted(
    made: Made, hops: int, limit: int
) -> None:
    found = around(cut(made.results), 0, hops=hops, limit=limit)
    hop = {node["position"]: node["hop"] for node in found["nodes"]}
    drawn = {position for position, far in hop.items() if far is not None}
    assert len(drawn) <= limit
    if hops == 2:
        assert len(drawn) == limit
    for position in drawn:
        left = set(made.results.graph.neighbours(position).tolist()) - drawn
        assert found["more"].get(str(position), 0) == len(left)
    linked = {frozenset((edge["source"], edge["target"])) for edge in found["edges"]}
    for position in drawn - {0}:
        assert any(
            frozenset((position, other)) in linked
            for other in drawn
            if hop[other] == (hop[position] or 0) - 1
        )


def test_those_that_matter_most_are_kept(made: Made) -> None:
    whole = cut(made.results)
    near = made.results.graph.neighbours(0)
    found = {node["position"] for node in around(whole, 0, limit=7)["nodes"] if node["hop"] == 1}
    gaps = {
        edge["target"]: abs(edge["count"] - edge["expected"])
        for edge in around(whole, 0, limit=100)["edges"]
        if edge["source"] == 0
    }
    for edge in around(whole, 0, limit=100)["edges"]:
        if edge["target"] == 0:
            gap = abs(edge["count"] - edge["expected"])
            gaps[edge["source"]] = max(gap, gaps.get(edge["source"], 0))
    by_link = sorted(near.tolist(), key=lambda v: -gaps[v])[:3]
    others = [
        v for v in near[np.argsort(-whole.values[near], kind="stable")].tolist() if v not in by_link
    ]
    assert found == {*by_link, *others[:3]}


def test_ends_of_missing_links_are_brought_along(made: Made) -> None:
    whole = cut(made.results, 0.25)
    found = around(whole, 7, limit=3)
    best = absent_links(made.results, 7, 5).links
    assert [link["target"] for link in found["absent"]] == [link.position for link in best]
    assert [link["part"] for link in found["absent"]] == [0.75 * link.part for link in best]
    drawn = {node["position"] for node in found["nodes"]}
    assert all(link["source"] == 7 and link["target"] in drawn for link in found["absent"])


def test_others_are_drawn_on_demand_with_their_links(made: Made) -> None:
    also = [60, 61, 62, 63, 64]
    found = around(cut(made.results), 0, limit=2, also=also)
    assert {node["position"] for node in found["nodes"]} >= {0, *also}
    dense = made.links
    shown = {(edge["source"], edge["target"]) for edge in found["edges"]}
    assert shown >= {(i, j) for i in also for j in also if dense[i, j]}


def test_an_undirected_link_is_drawn_once_from_the_centre(undirected: Made) -> None:
    found = around(cut(undirected.results), 0, limit=100)
    pairs = [frozenset((edge["source"], edge["target"])) for edge in found["edges"]]
    assert len(pairs) == len(set(pairs))
    assert all(
        edge["source"] == 0 for edge in found["edges"] if 0 in (edge["source"], edge["target"])
    )
    assert not found["directed"]
    dense = undirected.links
    drawn = [node["position"] for node in found["nodes"] if node["hop"] is not None]
    assert len(pairs) == sum(dense[i, j] > 0 for i in drawn for j in drawn if i <= j)


def test_nodes_are_placed_by_the_cut(made: Made) -> None:
    whole = cut(made.results, 0.9, 11)
    nodes = sorted(around(whole, 0, hops=2)["nodes"], key=lambda node: node["rank"])
    assert all(node["flagged"] == (node["rank"] <= 11) for node in nodes)
    assert all(one["percentile"] >= two["percentile"] for one, two in pairwise(nodes))


def test_a_lonely_node_is_drawn_alone(make: Make) -> None:
    found = around(cut(make(parts=False).results), NODES - 1, hops=2)
    assert [node["position"] for node in found["nodes"]] == [NODES - 1]
    assert found["edges"] == found["absent"] == []
    assert found["more"] == {}


@pytest.mark.parametrize(
    ("position", "hops", "limit", "also", "said"),
    [
        (NODES, 1, 60, [], "node: 0 to"),
        (0, 3, 60, [], "hops: 1 or 2 is allowed, got 3"),
        (0, 1, 1, [], "limit: 2 to 300"),
        (0, 1, 60, [NODES], "node: 0 to"),
        (0, 1, 60, list(range(301)), "also: up to 300"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    made: Made, position: int, hops: int, limit: int, also: list[int], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        around(cut(made.results), position, hops=hops, limit=limit, also=also)
