"""What is compared: the base classifier, mixup, and AFR with related, random and evenly weighed base classes."""

from __future__ import annotations

import hashlib
from typing import Any

import torch
from torch import Tensor

from methods.fewshot.afr.mixup import MixupClassifier
from methods.fewshot.afr.regularizer import AttentiveFeatureRegularizer
from methods.fewshot.afr.relate import random_classes
from methods.fewshot.episodes.evaluating import Arm, Predict
from methods.fewshot.regularising.config import RegulariseConfig, afr_settings
from methods.fewshot.regularising.records import AFR, BASE, MIXUP, RANDOM, UNIFORM
from methods.fewshot.regularising.world import World

PLAIN: dict[str, Any] = {"kappa": 0.0, "gate": False}
"""What makes AFR its base classifier, to the bit."""
MIXUP_ROUNDS = 10


def arms_of(config: RegulariseConfig, world: World, seed: int) -> dict[str, Arm]:
    """Every arm by its name; all get the same preprocessing, classifier and seed."""
    return {
        BASE: _regularised(config, world, seed, **PLAIN),
        MIXUP: _mixed_up(config, world, seed),
        AFR: _regularised(config, world, seed),
        RANDOM: _at_random(config, world, seed),
        UNIFORM: _regularised(config, world, seed, attention="uniform"),
    }


def regulariser(
    config: RegulariseConfig, world: World, seed: int, **changes: Any
) -> AttentiveFeatureRegularizer:
    """AFR as the settings say, with some of them changed."""
    settings = afr_settings(config, seed=seed, **changes)
    return AttentiveFeatureRegularizer(world.prototypes, world.base_semantics, **settings)


def _regularised(config: RegulariseConfig, world: World, seed: int, **changes: Any) -> Arm:
    def arm(support: Tensor, labels: Tensor, classes: Tensor) -> Predict:
        model = regulariser(config, world, seed, **changes)
        semantics, veto = world.semantics[classes], world.struck[classes]
        return model.fit(support, labels, semantics, veto=veto).predict

    return arm


def _at_random(config: RegulariseConfig, world: World, seed: int) -> Arm:
    """Base classes drawn anew for every class of every episode, whatever the semantics say."""

    def arm(support: Tensor, labels: Tensor, classes: Tensor) -> Predict:
        model = regulariser(config, world, seed)
        semantics = world.semantics[classes]
        drawn = [
            random_classes(model.similarity(each), config.related, draw_seed(rows, seed))
            for each, rows in zip(semantics, support, strict=True)
        ]
        return model.fit(support, labels, semantics, related=torch.stack(drawn)).predict

    return arm


def draw_seed(support: Tensor, seed: int) -> int:
    """The same draw for the same support (N, D), wherever its episode stands in a block."""
    content = seed.to_bytes(8, "big") + support.cpu().numpy().tobytes()
    return int.from_bytes(hashlib.sha256(content).digest()[:4], "big")


def _mixed_up(config: RegulariseConfig, world: World, seed: int) -> Arm:
    def arm(support: Tensor, labels: Tensor, _: Tensor) -> Predict:
        settings = afr_settings(config, seed=seed, **PLAIN)
        model = MixupClassifier(
            world.prototypes, alpha=config.mixup_alpha, rounds=MIXUP_ROUNDS, **settings
        )
        return model.fit(support, labels).predict

    return arm
