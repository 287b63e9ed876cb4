from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from methods.fewshot.episodes.evaluating import evaluate
from methods.fewshot.regularising.arms import arms_of, draw_seed
from methods.fewshot.regularising.check import open_all
from methods.fewshot.regularising.measuring import (
    MOST_AT_ONCE,
    block_of,
    draw_episodes,
    drawn_hash,
    measure,
)
from methods.fewshot.regularising.world import build_world
from methods.local import LocalContext


@pytest.fixture
def placed(config, tmp_path):
    """From settings to what arms are made of, with the drawn episodes."""

    def made(**values):
        settings = config(**values)
        opened = open_all(settings, Path)
        context = LocalContext(tmp_path / "out", seed=5)
        world = build_world(settings, opened, context, lambda *_: None)
        return settings, world, draw_episodes(settings, opened.source, world, 5), context

    return made


def test_prototypes_are_the_means_of_the_base_classes(placed, held):
    _, world, _, _ = placed()
    for place in (0, 7, 23):
        mean = held["features"][held["labels"] == place].mean(0)
        np.testing.assert_allclose(world.prototypes[place].numpy(), mean, rtol=1e-5)


@pytest.mark.parametrize("classifier", ["centroid", "cosine", "logistic"])
def test_without_mixing_all_arms_but_mixup_are_the_base_classifier(placed, classifier):
    settings, world, episodes, _ = placed(kappa=0, classifier=classifier, episodes=8, steps=3)
    found = evaluate(world.features, episodes, arms_of(settings, world, 5))
    for arm in ("afr", "afr_random", "afr_uniform"):
        np.testing.assert_array_equal(found[arm], found["base"])


def test_likeness_in_meaning_helps_and_random_classes_do_not(placed):
    settings, world, episodes, _ = placed(episodes=300)
    found = {
        arm: each.mean()
        for arm, each in evaluate(world.features, episodes, arms_of(settings, world, 5)).items()
    }
    assert found["afr"] > found["base"] + 0.02
    assert found["afr_random"] < found["base"]


def test_vetoes_reach_the_arms(placed):
    settings, world, episodes, _ = placed(episodes=30, related=1, kappa=100)
    before = evaluate(world.features, episodes, arms_of(settings, world, 5))
    struck = world.struck.clone()
    struck[24:, :20] = True
    changed = type(world)(world.classes, world.features, world.prototypes, world.semantics, struck)
    after = evaluate(world.features, episodes, arms_of(settings, changed, 5))
    assert (before["afr"] != after["afr"]).any()
    for arm in ("base", "mixup", "afr_random"):
        np.testing.assert_array_equal(before[arm], after[arm])


def test_a_random_draw_depends_on_the_support_and_the_seed_alone():
    support = torch.arange(6.0).view(2, 3)
    assert draw_seed(support, 1) == draw_seed(support.clone(), 1)
    assert draw_seed(support, 1) != draw_seed(support, 2)
    assert draw_seed(support, 1) != draw_seed(support + 1, 1)


def test_a_lost_run_goes_on_and_ends_with_the_same_accuracies(placed, monkeypatch, tmp_path):
    from methods.fewshot.regularising import measuring

    settings, world, episodes, context = placed(episodes=40)
    arms, drawn = arms_of(settings, world, 5), drawn_hash(world, episodes)

    def measured(context, drawn=drawn):
        steps = []
        found = measure(
            world,
            episodes,
            arms,
            context,
            drawn=drawn,
            block=10,
            told=lambda done, _total, _message: steps.append(done),
        )
        return found, steps

    monkeypatch.setattr(measuring, "CHECKPOINT_SECONDS", -1)
    whole, steps = measured(context)
    assert steps == [10, 20, 30, 40]
    rest, steps = measured(LocalContext(tmp_path / "again", seed=5, resume_state=context.state))
    assert steps == [40]
    for arm in arms:
        np.testing.assert_array_equal(rest[arm], whole[arm])
    other = LocalContext(tmp_path / "other", seed=5, resume_state=context.state)
    assert measured(other, "of other features")[1] == [10, 20, 30, 40]


def test_the_hash_tells_other_episodes_and_other_features_apart(placed):
    _, world, episodes, _ = placed()
    same = drawn_hash(world, episodes)
    assert same == drawn_hash(world, episodes)
    assert same != drawn_hash(world, episodes.part(0, 20))
    moved = type(world)(
        world.classes, world.features + 1, world.prototypes, world.semantics, world.struck
    )
    assert same != drawn_hash(moved, episodes)


def test_blocks_shrink_with_what_an_episode_holds(config):
    assert block_of(config(), 32) == MOST_AT_ONCE
    assert block_of(config(gate=True), 32) < MOST_AT_ONCE
    assert block_of(config(gate=True), 100_000) == 1
