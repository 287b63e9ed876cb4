"""Sentences against the numbers that they are made from, word by word."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from methods.anomaly.results.cut import cut
from methods.anomaly.results.sentence import amount, listed, number, percent, sentence
from methods.anomaly.results.why import why
from tests.anomaly.results.conftest import NODES, Made

FACTS: dict[str, Any] = {
    "node": {
        "name": "Ada",
        "rank": 3,
        "flagged": True,
        "stability": 0.01,
        "degree": 5,
        "flagged_neighbours": 0,
    },
    "nodes": 1200,
    "directed": False,
    "modelled": True,
    "measure": "error",
    "error": 10.0,
    "unlike": None,
    "features": [
        {
            "name": "turnover",
            "unit": "EUR",
            "part": 4.0,
            "observed": 5210.0,
            "expected": 1100.0,
            "quantile": 0.995,
        },
        {
            "name": "share at night",
            "unit": "%",
            "part": 1.0,
            "observed": 31.0,
            "expected": 12.25,
            "quantile": 0.5,
        },
        {
            "name": "age",
            "unit": "days",
            "part": 0.2,
            "observed": 3.0,
            "expected": 400.0,
            "quantile": 0.01,
        },
    ],
    "links": [
        {"name": "Bo", "part": 1.6, "count": 1.0, "expected": 0.0312, "unlike": None},
        {"name": "Cleo", "part": 0.1, "count": 1.0, "expected": 0.5, "unlike": None},
    ],
    "links_rest": 0.3,
    "absent": {"part": 3.0, "links": [{"name": "Dan", "part": 0.5}, {"name": "Eva", "part": 0.01}]},
    "peers": {"low": 4, "high": 7, "number": 57, "percentile": 0.98},
    "views": [{"percentile": 0.985}, {"percentile": 0.9975}],
}


def told(**changes: Any) -> str:
    facts = deepcopy(FACTS)
    for name, value in changes.items():
        facts[name] = facts[name] | value if isinstance(value, dict) else value
    return sentence(facts)


def test_the_reasons_are_told_largest_first_then_peers_and_steadiness() -> None:
    assert told() == (
        "Ada ranks 3 of 1,200 (flagged): its error comes from turnover (5,210 EUR against 1,100 EUR expected, higher than 99.5 % of all; "
        "40 % of the error); links that were expected but are missing, most of all to Dan (30 % of the error); a link to Bo (1 against "
        "0.0312 expected; 16 % of the error); and share at night (31 % against 12.2 % expected, by itself a usual value; "
        "10 % of the error). Among the 57 nodes with 4 to 7 links it scores higher than 98 % and its place is steady over 2 "
        "scorings (percentile 98.5 to 99.8)."
    )


def test_one_reason_that_is_most_of_it_is_said_so() -> None:
    text = told(
        error=4.5, links=[], absent={"part": 0.0, "links": []}, features=FACTS["features"][:1]
    )
    assert text.startswith(
        "Ada ranks 3 of 1,200 (flagged): its error comes mostly from turnover (5,210 EUR against"
    )
    assert " and share" not in text


def test_two_links_are_told_together() -> None:
    links = [FACTS["links"][0], FACTS["links"][1] | {"part": 1.4, "count": 2.0}]
    assert (
        "links to Bo (1 against 0.0312 expected) and Cleo (2 against 0.5 expected), together 30 % of the error"
        in told(links=links)
    )


def test_evidence_is_called_so_and_neighbours_unlike_it_are_told_apart() -> None:
    links = [FACTS["links"][0] | {"unlike": 1.0}, FACTS["links"][1] | {"unlike": 0.1}]
    text = told(links=links, measure="evidence", unlike=1.1)
    assert "; links to nodes unlike it, most of all Bo (11 % of the evidence)" in text
    assert "a link to Bo (1 against 0.0312 expected; 6 % of the evidence)" in text
    assert "error" not in text


def test_without_a_model_values_stand_against_the_mean() -> None:
    assert "turnover (5,210 EUR against a mean of 1,100 EUR, " in told(modelled=False)


def test_many_links_are_told_as_one() -> None:
    one = {"part": 0.3, "count": 1.0, "expected": 0.1, "unlike": None}
    small = [{"name": f"N{i}", **one} for i in range(4)]
    assert "; its 5 links, most of all to N0 and N1 (15 % of the error); " in told(links=small)
    assert "links, most" not in told(links=small[:1])


def test_in_a_directed_graph_peers_have_as_many_outgoing_links() -> None:
    assert " nodes with 4 to 7 outgoing links it scores" in told(directed=True)


def test_flagged_neighbours_are_counted() -> None:
    assert told(node={"flagged_neighbours": 1}).endswith(" and 1 of its neighbours is flagged.")
    text = told(node={"flagged_neighbours": 3}, peers={"number": 1})
    assert (
        ". No other node has 4 to 7 links, its place is steady over 2 scorings (percentile 98.5 to 99.8) and 3 of its neighbours are flagged."
        in text
    )


def test_a_link_that_is_there_less_often_than_expected_is_no_surprise() -> None:
    assert "Bo" not in told(links=[FACTS["links"][0] | {"expected": 1.8}])


def test_evidence_tells_links_to_the_unlike_apart() -> None:
    links = [
        FACTS["links"][0] | {"part": 4.0, "unlike": 2.4},
        FACTS["links"][1] | {"unlike": 0.1},
    ]
    text = told(measure="evidence", links=links, unlike=2.5)
    assert "; links to nodes unlike it, most of all Bo (25 % of the evidence); " in text
    assert "; a link to Bo (1 against 0.0312 expected; 16 % of the evidence); " in text
    assert "error" not in text


def test_many_small_parts_are_said_so() -> None:
    assert told(error=1000.0).startswith(
        "Ada ranks 3 of 1,200 (flagged): many small parts share its error."
    )


@pytest.mark.parametrize(
    ("peers", "text"),
    [
        (
            {"low": 0, "high": 0, "number": 2, "percentile": 0.25},
            "Among the 2 nodes with no link it scores lower than 75 % and",
        ),
        (
            {"low": 1, "high": 1, "number": 1234, "percentile": 0.9996},
            "Among the 1,234 nodes with 1 link it scores higher than 99.9 % and",
        ),
        (
            {"low": 64, "high": 127, "number": 1, "percentile": 0.5},
            "No other node has 64 to 127 links and",
        ),
    ],
)
def test_peers_are_named_by_their_links(peers: dict[str, Any], text: str) -> None:
    assert text in told(peers=peers)


@pytest.mark.parametrize(
    ("spread", "views", "text"),
    [
        (0.2, [0.1, 0.6], "% and its place is shaky over 2 scorings (percentile 10 to 60)."),
        (
            0.05,
            [0.8, 0.9],
            "% and its place is fairly steady over 2 scorings (percentile 80 to 90).",
        ),
        (0.0, [0.9, 0.9], "% and its place is steady over 2 scorings (percentile 90)."),
        (None, [], "it scores higher than 98 %."),
    ],
)
def test_steadiness_is_said_where_there_are_several_scorings(
    spread: float | None, views: list[float], text: str
) -> None:
    assert told(
        node={"stability": spread}, views=[{"percentile": each} for each in views]
    ).endswith(text)


def test_without_parts_unusual_values_are_told_as_what_they_are() -> None:
    nothing = {"absent": {"part": None, "links": []}, "error": None}
    assert (
        "; the detector gives no reasons, but this is unusual by itself: turnover (5,210 EUR, higher than 99.5 %)."
        in told(**nothing)
    )
    features = [FACTS["features"][2], FACTS["features"][0]]
    assert (
        "but these are unusual by themselves: age (3 days, lower than 99 %) and turnover (5,210 EUR, higher than 99.5 %)."
        in told(**nothing, features=features)
    )
    assert "and none of its features is unusual by itself." in told(
        **nothing, features=[FACTS["features"][1]]
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (12.25, "12.2"),
        (1234.5, "1,234"),
        (-0.03127, "-0.0313"),
        (8_123_456.0, "8,123,456"),
        (3e-9, "3.00e-09"),
    ],
)
def test_numbers_have_three_digits_and_whole_ones_all(value: float, text: str) -> None:
    assert number(value) == text


def test_units_shares_and_lists() -> None:
    assert [amount(1240.0, "EUR"), amount(3.0, "")] == ["1,240 EUR", "3"]
    assert [percent(share) for share in (0.424, 0.9999, 0.995, 0.005, 0.0, 1.0)] == [
        "42 %",
        "99.9 %",
        "99.5 %",
        "0.5 %",
        "under 0.1 %",
        "100 %",
    ]
    assert [listed(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_every_node_has_a_sentence_of_two_and_always_the_same(made: Made) -> None:
    for position in range(NODES):
        texts = {why(cut(made.results), position)["sentence"] for _ in range(2)}
        [text] = texts
        assert text.startswith(f"{made.graph.name(position)} ranks ")
        assert text.endswith(".")
        assert ". " in text
        assert "None" not in text
        assert "nan" not in text
