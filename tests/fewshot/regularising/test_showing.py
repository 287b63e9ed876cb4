from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from methods.fewshot.regularising.check import open_all
from methods.fewshot.regularising.measuring import draw_episodes
from methods.fewshot.regularising.relating import relate
from methods.fewshot.regularising.showing import pca, show
from methods.fewshot.regularising.world import build_world
from methods.local import LocalContext


@pytest.fixture
def world_of(config, tmp_path):
    def made(**values):
        settings = config(**values)
        opened = open_all(settings, Path)
        world = build_world(settings, opened, LocalContext(tmp_path / "out"), lambda *_: None)
        return settings, world, draw_episodes(settings, opened.source, world, 0)

    return made


def test_attention_stands_under_the_related_classes_and_sums_to_one(world_of):
    settings, world, episodes = world_of(shots=2, shown=7)
    row = show(settings, world, episodes, 0).attention
    assert row["episode"] == 7
    names = [world.classes.names[place] for place in episodes.classes[7]]
    assert [each["class"] for each in row["rows"]] == [name for name in names for _ in range(2)]
    assert row["rows"][0]["name"] == f"{names[0]} 1"
    assert [each["share"] for each in row["rows"]] == pytest.approx([1.5 / 3.5] * 6)
    related = {each["class"]: each["related"] for each in relate(world, 3).rows}
    for each, weights in zip(row["rows"], row["weights"], strict=True):
        given = {
            name: weight
            for name, weight in zip(row["columns"], weights, strict=True)
            if weight is not None
        }
        assert given.keys() == {base["name"] for base in related[each["class"]]}
        assert sum(given.values()) == pytest.approx(1, abs=1e-6)


def test_arrows_go_from_each_support_feature_to_what_it_became(world_of):
    settings, world, episodes = world_of()
    row = show(settings, world, episodes, 0).projection
    points = row["points"]
    assert json.loads(json.dumps(row)) == row
    assert len(row["arrows"]) == 3
    for begin, end in row["arrows"]:
        assert (points[begin]["kind"], points[end]["kind"]) == ("support", "regularised")
        assert points[begin]["class"] == points[end]["class"]
    kinds = [point["kind"] for point in points]
    assert (kinds.count("query"), kinds.count("prototype")) == (12, 3)
    assert {point["class"] for point in points if point["kind"] == "base"} <= set(
        world.classes.base_names
    )
    answered = [point for point in points if point["named"] is not None]
    assert [point["kind"] for point in answered] == ["query"] * 12
    assert 0 < sum(row["explained"]) <= 1


def test_without_mixing_nothing_moves(world_of):
    settings, world, episodes = world_of(kappa=0)
    row = show(settings, world, episodes, 0).projection
    for begin, end in row["arrows"]:
        one, other = row["points"][begin], row["points"][end]
        assert (one["x"], one["y"]) == (other["x"], other["y"])
    assert all(
        point["named"] == point["named_base"] for point in row["points"] if point["kind"] == "query"
    )


def test_the_gate_is_told_where_there_is_one(world_of):
    settings, world, episodes = world_of(gate=True, steps=5)
    row = show(settings, world, episodes, 0).gate
    assert sum(row["counts"]) == 12 * 32
    assert len(row["bins"]) == len(row["counts"]) + 1
    assert row["channels"] == 32
    assert row["bins"][0] <= row["min"] <= row["damped"][0][1] <= row["boosted"][0][1] <= row["max"]
    assert show(*world_of(), 0).gate is None


def test_a_gate_without_steps_weighs_all_channels_by_one(world_of):
    settings, world, episodes = world_of(gate=True, steps=0)
    row = show(settings, world, episodes, 0).gate
    assert row["min"] == row["max"] == 1


def test_components_are_those_of_the_covariance():
    draw = np.random.default_rng(1)
    rows = draw.normal(size=(40, 5)) * [5, 3, 1, 0.5, 0.1]
    places, explained = pca(rows)
    values = np.linalg.eigvalsh(np.cov(rows.T))[::-1]
    np.testing.assert_allclose(places.var(0, ddof=1), values[:2])
    np.testing.assert_allclose(explained, values[:2] / values.sum())
    np.testing.assert_allclose(pca(-rows)[0], -places)


def test_equal_rows_have_no_components():
    places, explained = pca(np.ones((3, 1)))
    np.testing.assert_array_equal(places, np.zeros((3, 2)))
    assert explained == [0, 0]


def test_related_classes_go_down_to_the_last_that_is_used(world_of):
    _, plain, _ = world_of()
    [first, *_] = relate(plain, 3).rows
    order = [each["name"] for each in (*first["related"], *first["candidates"])]
    assert (len(first["related"]), len(first["candidates"])) == (3, 7)
    similarities = [each["similarity"] for each in (*first["related"], *first["candidates"])]
    assert similarities == sorted(similarities, reverse=True)
    last = next(name for name in plain.classes.base_names if name not in order)
    _, struck, _ = world_of(vetoes=f"novel 0: {order[1]}\nnovel 0: {last}")
    [row, *_] = relate(struck, 3).rows
    assert [each["name"] for each in row["related"]] == order[:4]
    assert [each["vetoed"] for each in row["related"]] == [False, True, False, False]
    assert [each["name"] for each in row["candidates"] if each["vetoed"]] == [last]


def test_a_class_that_is_far_from_all_is_warned_of(config, write, held, tmp_path):
    settings, vectors = config(), np.zeros((32, 7))
    vectors[:, :6] = held["semantics"]
    vectors[31] = 0
    vectors[31, 6] = 1  # like nothing else
    write(semantics=vectors)
    opened = open_all(settings, Path)
    world = build_world(settings, opened, LocalContext(tmp_path / "out"), lambda *_: None)
    found = relate(world, 3)
    assert "novel 7" in found.far
    told = found.rows[7]["warned"]
    assert told.startswith("novel 7: its nearest base class has a cosine of 0.00; ")
    assert f" {found.low:.2f} or more" in told
