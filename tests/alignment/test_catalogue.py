"""The catalogue as it ships, and what its reader refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from methods import METHODS
from methods.alignment.catalogue import Entry, load_catalogue, read_catalogue
from methods.alignment.catalogue.loading import FILE, SECTIONS


def entries(section: str) -> dict[str, Entry]:
    return {entry.id: entry for entry in getattr(load_catalogue(), section)}


def test_it_holds_every_entry_of_the_lists() -> None:
    sizes = {section: len(entries(section)) for section in SECTIONS}
    assert sizes == {"algorithms": 102, "datasets": 51, "benchmarks": 150}


def test_what_was_found_in_a_source_and_what_was_not_stay_apart() -> None:
    dama = entries("algorithms")["dama"]
    assert [(fact.value, fact.checked) for fact in dama.facts["kind"]] == [
        ("preference optimisation", True)
    ]
    assert not dama.facts["base_model"][0].checked
    assert not dama.checked
    both = entries("algorithms")["llava-rlhf-fact-rlhf"].facts["kind"]
    assert [fact.value for fact in both if fact.checked] == ["reinforcement learning"]
    assert [fact.value for fact in both if not fact.checked] == ["PPO", "reward model"]
    recalled = entries("datasets")["povid"]
    assert recalled.sources == ()
    assert not recalled.checked


def test_every_scenario_of_an_algorithm_is_one_of_the_taxonomy() -> None:
    known = {name for names in load_catalogue().scenarios.values() for name in names}
    used = {group for entry in entries("algorithms").values() for group in entry.groups}
    assert used <= known | {"Listed without a scenario"}


def test_a_missing_date_is_that_of_the_arxiv_number() -> None:
    assert entries("benchmarks")["benchlmm"].date == "2023-12"  # 2312.02896
    assert entries("benchmarks")["mmmu"].date == "2023-11"  # as corrected
    assert entries("algorithms")["pea-dpo"].year is None


def test_no_link_is_a_placeholder() -> None:
    links = [
        address
        for section in SECTIONS
        for entry in entries(section).values()
        for address in entry.links.values()
    ]
    assert len(links) > 400
    assert [address for address in links if address.endswith("example")] == []


def test_what_works_here_names_methods_and_settings_that_there_are() -> None:
    found = [entry for section in SECTIONS for entry in entries(section).values() if entry.here]
    assert len(found) == 13
    for entry in found:
        assert entry.here is not None
        method = METHODS.get(entry.here.method)
        assert method is not None, entry.name
        for name, value in entry.here.values.items():
            if name == "preset":
                assert value in method.presets, entry.name
            else:
                method.config.model_validate({name: value})


def test_it_is_read_once() -> None:
    assert load_catalogue() is load_catalogue()


@pytest.fixture
def broken() -> Callable[..., dict[str, Any]]:
    """The shipped data with other values in the first algorithm."""

    def broken(**fields: Any) -> dict[str, Any]:
        data = deepcopy(json.loads(FILE.read_text(encoding="utf-8")))
        data["algorithms"][0] |= fields
        return data  # type: ignore[no-any-return]

    return broken


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"date": "2023-13"}, "date: YYYY-MM is allowed, got '2023-13'"),
        ({"arxiv": "cs/0101"}, "arxiv: a number such as 2502.01943 is allowed, got 'cs/0101'"),
        ({"links": {"paper": "http://x.org"}}, "link paper: https://… is allowed, got"),
        ({"links": {"video": "https://x.org"}}, "link: article, code, data, page, paper are"),
        ({"stars": 5}, "field: .* got 'stars'"),
        ({"facts": {"colour": "red"}}, "property: .* got 'colour'"),
        ({"facts": {"kind": ["magic"]}}, "kind: .* got 'magic'"),
        ({"facts": {"size": "3"}, "unverified": {"size": "3"}}, "size: '3' stands there twice"),
        ({"facts": {"size": "3"}, "sources": []}, "without a source everything is unverified"),
        ({"id": "dama"}, "two entries have the id 'dama'"),
    ],
)
def test_what_is_wrong_with_an_entry_is_named(
    broken: Callable[..., dict[str, Any]], fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        read_catalogue(broken(**fields))
    assert str(raised.value).startswith("algorithms")
