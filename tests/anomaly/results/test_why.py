"""The parts of an error against slow loops over dense matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from methods.anomaly.evidence import discordance
from methods.anomaly.results import absent
from methods.anomaly.results.absent import absent_links
from methods.anomaly.results.cut import cut
from methods.anomaly.results.why import why
from tests.anomaly.results.conftest import NODES, Made, Make

WEIGHTS = (None, 0.0, 0.3, 1.0)


def summed(facts: dict[str, Any]) -> float:
    parts = [each["part"] for each in (*facts["features"], *facts["links"])]
    return float(
        sum(parts) + facts["features_rest"] + facts["links_rest"] + facts["absent"]["part"]
    )


def slow_structure(made: Made, position: int) -> tuple[dict[int, float], dict[int, float]]:
    """Parts of present and absent links by a loop over all nodes and views."""
    reasons, dense = made.outcome.reasons, made.links
    assert reasons is not None
    present, missing = {}, {}
    for v in range(made.graph.nodes):
        parts = []
        for h, b in zip(
            reasons.factors.astype(float), reasons.structure_of.astype(float), strict=True
        ):
            inner = sum(h[position, f] * h[v, f] for f in range(h.shape[1]))
            parts.append((dense[position, v] - inner) ** 2 / b[position])
        (present if dense[position, v] else missing)[v] = float(np.mean(parts))
    return present, missing


@pytest.mark.parametrize("weight", WEIGHTS)
def test_parts_sum_to_the_evidence_and_say_what_is_unlike(
    evident: Made, weight: float | None
) -> None:
    whole = cut(evident.results, weight)
    used = 0.5 if weight is None else weight
    found = discordance(evident.graph.x, evident.graph.csr()).evidence
    for position in range(NODES):
        facts = why(whole, position, links=NODES)
        assert facts["measure"] == "evidence"
        assert summed(facts) == pytest.approx(facts["error"], rel=1e-5)
        assert facts["unlike"] == pytest.approx((1 - used) * found[position], rel=1e-5, abs=1e-9)
        assert facts["unlike"] == pytest.approx(
            sum(each["unlike"] for each in facts["links"]), rel=1e-6, abs=1e-9
        )
        assert all(0 <= each["unlike"] <= each["part"] * (1 + 1e-6) for each in facts["links"])


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("lists", [(12, 12, 8), (1, 1, 1)])
def test_parts_sum_to_the_error_of_every_node(
    made: Made, weight: float | None, lists: tuple[int, int, int]
) -> None:
    whole = cut(made.results, weight)
    used = 0.5 if weight is None else weight
    scores = made.outcome
    assert scores.attribute is not None
    assert scores.structure is not None
    for position in range(NODES):
        facts = why(whole, position, features=lists[0], links=lists[1], absent=lists[2])
        error = used * scores.attribute[position] + (1 - used) * scores.structure[position]
        assert facts["error"] == pytest.approx(error, rel=1e-12)
        assert facts["attribute_part"] + facts["structure_part"] == pytest.approx(error, rel=1e-12)
        assert summed(facts) == pytest.approx(error, rel=1e-5)
        assert all(
            each["part"] >= 0
            for each in (*facts["features"], *facts["links"], *facts["absent"]["links"])
        )
        assert facts["absent"]["part"] >= 0


@pytest.mark.parametrize("position", [0, 5, 47, NODES - 1])
def test_links_and_missing_links_are_those_of_a_dense_loop(made: Made, position: int) -> None:
    facts = why(cut(made.results, 0.3), position, links=NODES, absent=NODES)
    present, missing = slow_structure(made, position)
    assert {link["position"] for link in facts["links"]} == set(present)
    for link in facts["links"]:
        assert link["part"] == pytest.approx(0.7 * present[link["position"]], rel=1e-4)
        assert link["count"] == made.links[position, link["position"]]
    assert facts["absent"]["part"] == pytest.approx(0.7 * sum(missing.values()), rel=1e-4)
    for link in facts["absent"]["links"]:
        assert link["part"] == pytest.approx(0.7 * missing[link["position"]], rel=1e-4, abs=1e-9)


def test_parts_are_affine_in_the_weight(made: Made) -> None:
    low, middle, high = (
        why(cut(made.results, w), 9, features=5, links=NODES) for w in (0.0, 0.25, 1.0)
    )
    for name in ("error", "attribute_part", "structure_part"):
        assert middle[name] == pytest.approx(0.75 * low[name] + 0.25 * high[name])
    whole = {each["name"]: each["part"] for each in high["features"]}
    assert all(
        each["part"] == pytest.approx(0.25 * whole[each["name"]]) for each in middle["features"]
    )
    assert all(each["part"] == 0 for each in low["features"])
    assert all(each["part"] == 0 for each in high["links"])
    assert high["absent"]["part"] == 0


@pytest.mark.parametrize("block", [1 << 16, 7])
@pytest.mark.parametrize("limit", [1, 6, NODES])
def test_missing_links_are_the_best_of_all_nodes(
    made: Made, monkeypatch: pytest.MonkeyPatch, block: int, limit: int
) -> None:
    monkeypatch.setattr(absent, "BLOCK", block)
    reasons = made.outcome.reasons
    assert reasons is not None
    for position in (0, 5, 33, NODES - 1):
        found = absent_links(made.results, position, limit)
        _, missing = slow_structure(made, position)
        own = missing.pop(position, None)
        expected = (reasons.factors @ reasons.factors[:, position, :, None])[:, :, 0].mean(axis=0)
        slow = sorted((v for v in missing if expected[v] > 0), key=lambda v: -missing[v])[:limit]
        assert [link.position for link in found.links] == slow
        assert found.exact
        assert (found.itself is None) == (own is None)
        if found.itself is not None and own is not None:
            assert found.itself.part == pytest.approx(own, rel=1e-4)


def test_a_node_that_links_to_itself_misses_no_such_link(made: Made) -> None:
    assert absent_links(made.results, 5).itself is None
    assert [
        link["count"]
        for link in why(cut(made.results), 5, links=NODES)["links"]
        if link["position"] == 5
    ] == [2.0]


def test_with_factors_of_some_views_only_missing_links_are_not_exact(make: Make) -> None:
    some = make(kept=2)
    found = why(cut(some.results), 3)
    assert found["absent"]["exact"] is False
    assert summed(found) == pytest.approx(found["error"], rel=1e-5)


def test_what_is_observed_and_expected_is_in_the_features_own_units(made: Made) -> None:
    found = why(cut(made.results), 13, features=5)
    reasons = made.outcome.reasons
    assert reasons is not None
    names = [feature.name for feature in made.graph.features]
    near = made.results.graph.neighbours(13)
    for each in found["features"]:
        j = names.index(each["name"])
        assert each["unit"] == made.graph.features[j].unit
        assert each["observed"] == pytest.approx(made.graph.x[13, j])
        assert each["expected"] == pytest.approx(reasons.expected[13, j])
        assert each["residual"] == pytest.approx(each["observed"] - each["expected"])
        assert each["neighbours_mean"] == pytest.approx(made.graph.x[near, j].mean(), rel=1e-5)
    parts = [each["part"] for each in found["features"]]
    assert parts == sorted(parts, reverse=True)


def test_a_node_without_neighbours_has_neither_links_nor_their_mean(made: Made) -> None:
    found = why(cut(made.results), NODES - 1)
    assert found["links"] == []
    assert found["links_rest"] == 0
    assert {each["neighbours_mean"] for each in found["features"]} == {None}
    assert found["peers"]["low"] == found["peers"]["high"] == 0


def test_place_peers_plain_and_views_are_those_of_the_cut(made: Made) -> None:
    for weight, top in ((None, 7), (0.9, 20)):
        whole = cut(made.results, weight, top)
        order = np.argsort(-whole.values, kind="stable")
        for place, position in enumerate(order[:25].tolist(), 1):
            found = why(whole, position)
            assert found["node"]["rank"] == place
            assert found["node"]["flagged"] == (place <= top)
            degree = made.results.scores["degree"]
            peers = found["peers"]
            members = (degree >= peers["low"]) & (degree <= peers["high"])
            assert members[position]
            assert peers["number"] == members.sum()
            assert peers["median_error"] == pytest.approx(float(np.median(whole.error[members])))  # type: ignore[index]
    scores = made.outcome
    assert scores.plain_attribute is not None
    assert scores.plain_structure is not None
    found = why(cut(made.results, 0.3), 4)
    plain = 0.3 * scores.plain_attribute[4] + 0.7 * scores.plain_structure[4]
    assert found["plain"] == {
        "error": pytest.approx(plain),
        "difference": pytest.approx(found["error"] - plain),
    }
    assert scores.percentiles is not None
    assert [view["percentile"] for view in found["views"]] == pytest.approx(
        scores.percentiles[:, 4].tolist()
    )
    assert [(view["repeat"], view["level"]) for view in found["views"]] == [
        (0, 0),
        (0, 50),
        (1, 0),
        (1, 50),
    ]


def test_a_detector_without_parts_shows_unusual_values_and_no_parts(make: Make) -> None:
    found = why(cut(make(parts=False).results), 13)
    assert found["error"] is None
    assert {each["part"] for each in (*found["features"], *found["links"])} == {None}
    assert found["absent"] == {"part": None, "links": [], "itself": None, "exact": False}
    distances = [abs(each["quantile"] - 0.5) for each in found["features"]]
    assert distances == sorted(distances, reverse=True)
    assert "gives no reasons" in found["sentence"]


@pytest.mark.parametrize(
    ("weight", "top", "said"), [(1.5, 0, "weight: 0 to 1"), (None, -1, "top: 0 or more")]
)
def test_a_cut_that_is_none_is_refused(
    made: Made, weight: float | None, top: int, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        cut(made.results, weight, top)


@pytest.mark.parametrize("position", [-1, NODES])
def test_a_node_that_is_none_is_refused(made: Made, position: int) -> None:
    with pytest.raises(ValueError, match=f"node: 0 to {NODES - 1} are allowed, got {position}"):
        why(cut(made.results), position)
