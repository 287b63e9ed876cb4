"""The whole population, several detectors beside each other, and the file for Gephi."""

from __future__ import annotations

import io
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from scipy.stats import spearmanr

from methods.anomaly.graphs.graph import Graph
from methods.anomaly.outcome import Outcome
from methods.anomaly.results import gexf as gexf_module
from methods.anomaly.results.beside import beside, spearman
from methods.anomaly.results.cut import cut
from methods.anomaly.results.gexf import gexf
from methods.anomaly.results.overview import clusters_of, drivers, histogram, overview, spread
from methods.anomaly.results.why import why
from tests.anomaly.results.conftest import NODES, Made, Make, opened


def test_shares_of_what_drives_the_flagged_nodes_sum_to_one(made: Made) -> None:
    whole = cut(made.results, 0.4, 25)
    found = drivers(whole)
    assert sum(each["share"] for each in found) == pytest.approx(1, rel=1e-5)
    slow: dict[str, float] = {}
    for position in np.flatnonzero(whole.flags).tolist():
        facts = why(whole, position, features=5, links=NODES)
        for each in facts["features"]:
            slow[each["name"]] = slow.get(each["name"], 0) + each["part"] / facts["error"] / 25
        linked = sum(link["part"] for link in facts["links"]) / facts["error"] / 25
        slow["links"] = slow.get("links", 0) + linked
    for each in found:
        if each["kind"] != "missing":
            assert each["share"] == pytest.approx(slow[each["name"]], rel=1e-4)
        if each["kind"] == "feature":
            j = [feature.name for feature in made.graph.features].index(each["name"])
            assert each["flagged_median"] == pytest.approx(
                float(np.median(made.graph.x[whole.flags, j]))
            )
            assert each["median"] == pytest.approx(float(np.median(made.graph.x[:, j])))


def test_of_evidence_what_is_unlike_is_a_driver_of_its_own(evident: Made) -> None:
    whole = cut(evident.results, 0.4, 25)
    found = {each["name"]: each["share"] for each in drivers(whole)}
    assert sum(found.values()) == pytest.approx(1, rel=1e-5)
    facts = [why(whole, position) for position in np.flatnonzero(whole.flags).tolist()]
    unlike = np.mean([each["unlike"] / each["error"] for each in facts])
    assert found["unlike neighbours"] == pytest.approx(unlike, rel=1e-4)
    assert overview(whole)["measure"] == "evidence"


@pytest.mark.parametrize("top", [10, 40, 100])
def test_clusters_are_the_components_of_the_flagged_nodes(made: Made, top: int) -> None:
    whole = cut(made.results, None, top)
    drawn = nx.Graph()
    drawn.add_nodes_from(np.flatnonzero(whole.flags).tolist())
    drawn.add_edges_from(
        (i, j) for i, j in made.graph.edges.T.tolist() if whole.flags[i] and whole.flags[j]
    )
    components = [group for group in nx.connected_components(drawn) if len(group) > 1]
    found, alone = clusters_of(whole)
    assert sorted(each["size"] for each in found) == sorted(map(len, components))
    assert alone == sum(len(group) == 1 for group in nx.connected_components(drawn))
    for each in found:
        assert set(each["positions"]) <= next(
            group for group in components if each["positions"][0] in group
        )
        values = whole.values[each["positions"]]
        assert np.all(np.diff(values) <= 0)
        assert each["names"] == [made.graph.name(one) for one in each["positions"]]


def test_a_histogram_counts_every_node_and_has_logarithmic_bins_for_a_long_tail() -> None:
    even = histogram(np.linspace(-1, 1, 1000), 20)
    assert even["scale"] == "linear"
    assert even["counts"] == [50] * 20
    tail = histogram(np.exp(np.linspace(0, 9, 1000)), 20)
    assert tail["scale"] == "log"
    assert sum(tail["counts"]) == 1000
    assert min(tail["counts"]) > 40
    flat = histogram(np.full(7, 2.0))
    assert sum(flat["counts"]) == 7


def test_bars_are_of_the_error_or_of_what_ranks_and_tell_the_flagged(made: Made) -> None:
    for weight, of, values in (
        (None, "error", made.outcome.error),
        (0.0, "weighted", made.outcome.structure),
    ):
        asked = cut(made.results, weight, 17)
        bars = spread(asked)
        edges = np.array(bars["edges"])
        assert (bars["of"], sum(bars["flagged"])) == (of, 17)
        place = np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2)
        for bin_, count in enumerate(bars["flagged"]):
            assert count == np.count_nonzero(asked.flags & (place == bin_))


def test_the_overview_says_what_was_scored_and_how(made: Made, make: Make) -> None:
    found = overview(cut(made.results, top=17))
    assert (found["nodes"], found["links"], found["top"], found["asked"], found["weight"]) == (
        NODES,
        made.graph.links,
        17,
        None,
        0.5,
    )
    assert sum(found["histogram"]["counts"]) == NODES
    assert found["views"] == {"repeats": 2, "levels": 2, "draws": 1}
    assert found["threshold"] == sorted(made.outcome.score, reverse=True)[16]
    assert found["features"][0] == {"name": "turnover per month", "unit": "EUR"}
    assert (found["has_parts"], found["has_reasons"], found["has_labels"]) == (True, True, False)
    bare = overview(cut(make(parts=False).results))
    assert (bare["has_parts"], bare["has_reasons"]) == (False, False)
    assert {each["share"] for each in bare["drivers"]} == {None}
    assert len(bare["drivers"]) == 5


def test_rank_correlations_are_scipys_with_ties() -> None:
    from methods.anomaly.outcome import percentiles_of

    draw = np.random.default_rng(0)
    values = np.stack([draw.integers(0, 9, 200), draw.normal(size=200), np.zeros(200)]).astype(
        float
    )
    values[1] += values[0]
    found = spearman(np.stack([percentiles_of(each) for each in values]))
    assert found[0][1] == pytest.approx(spearmanr(values[0], values[1]).statistic)
    assert found[0][0] == pytest.approx(1)
    assert found[2] == [None, None, None]


def test_detections_beside_each_other_show_where_they_disagree(made: Made, tmp_path: Path) -> None:
    score = made.outcome.score.copy()
    best = int(score.argmax())
    score[best] = -1
    other = opened(tmp_path, made.graph, Outcome(score))
    found = beside([made.results, other], 10)
    assert found["overlap"] == [[10, 9], [9, 10]]
    first = found["disagreements"][0]
    assert first["position"] == best
    assert first["flagged"] == [True, False]
    assert first["percentiles"] == [pytest.approx(1 - 0.5 / NODES), pytest.approx(0.5 / NODES)]
    gaps = [max(each["percentiles"]) - min(each["percentiles"]) for each in found["disagreements"]]
    assert gaps == sorted(gaps, reverse=True)
    assert all(any(each["flagged"]) for each in found["disagreements"])
    assert beside([made.results, made.results], 10)["disagreements"] == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (slice(None), "features, links or names differ"),
        (slice(0, 119), "120 nodes of toy .* and 119 of graph"),
    ],
)
def test_other_graphs_are_refused_with_the_reason(
    made: Made, tmp_path: Path, rows: slice, said: str
) -> None:
    x = made.graph.x[rows] + 1
    keep = (made.graph.edges < len(x)).all(axis=0)
    graph = Graph(x, made.graph.edges[:, keep])
    other = opened(tmp_path, graph, Outcome(made.outcome.score[rows]))
    with pytest.raises(ValueError, match=said):
        beside([made.results, other], 5)


def test_gephi_gets_numbers_as_numbers(made: Made) -> None:
    whole = cut(made.results, top=6)
    best = int(np.argmax(whole.values))
    drawn = nx.read_gexf(io.BytesIO(gexf(whole, hops=1, verdicts={best: "confirm"})))
    flagged = set(np.flatnonzero(whole.flags).tolist())
    near = {int(v) for i in flagged for v in made.results.graph.neighbours(i)}
    assert {int(node) for node in drawn.nodes} == flagged | near
    node = drawn.nodes[str(best)]
    assert node["label"] == made.graph.name(best)
    assert node["verdict"] == "confirm"
    assert node["flagged"] is True
    for name in ("percentile", "score", "error", "attribute", "structure", "stability"):
        assert type(node[name]) is float
    assert node["score"] == made.outcome.score[best]
    assert type(node["rank"]) is type(node["degree"]) is int
    dense = made.links
    assert drawn.is_directed()
    for source, target, link in drawn.edges(data=True):
        assert link["weight"] == dense[int(source), int(target)]
        assert type(link["expected"]) is float
    inside = flagged | near
    assert drawn.number_of_edges() == sum(dense[i, j] > 0 for i in inside for j in inside)


def test_gephi_without_hops_without_parts_and_with_too_many(
    made: Made, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = cut(make(parts=False).results, top=6)
    drawn = nx.read_gexf(io.BytesIO(gexf(bare, hops=0)))
    assert drawn.number_of_nodes() == 6
    assert all("error" not in node for _, node in drawn.nodes(data=True))
    monkeypatch.setattr(gexf_module, "MAX_NODES", 5)
    with pytest.raises(ValueError, match="up to 5 nodes are written, these are 6"):
        gexf(bare, hops=0)
    with pytest.raises(ValueError, match="hops: 0, 1 or 2"):
        gexf(bare, hops=3)
