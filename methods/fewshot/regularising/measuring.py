"""Accuracy of every arm on the same episodes, block by block, from where an earlier attempt left off."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from methods.base import Context
from methods.fewshot.episodes.evaluating import Arm, evaluate
from methods.fewshot.episodes.sampling import Episodes, sample_episodes
from methods.fewshot.regularising.config import RegulariseConfig
from methods.fewshot.regularising.sources import Source
from methods.fewshot.regularising.world import World

Accuracies = dict[str, NDArray[np.float64]]
FLOATS = 2e7
"""Numbers that a block of episodes may hold at once."""
MOST_AT_ONCE, MOST_TRAINED = 50, 10
"""Episodes of a block; fewer where each is trained, so that a run can be stopped within seconds."""
CHECKPOINT_SECONDS = 20.0


def draw_episodes(config: RegulariseConfig, source: Source, world: World, seed: int) -> Episodes:
    return sample_episodes(
        source.labels,
        world.classes.novel,
        ways=config.ways,
        shots=config.shots,
        queries=config.queries,
        episodes=config.episodes,
        seed=seed,
    )


def drawn_hash(world: World, episodes: Episodes) -> str:
    """16 hex digits of features and episodes: where they agree, two runs met the same questions."""
    digest = hashlib.sha256(world.features.cpu().numpy().tobytes())
    for each in (episodes.classes, episodes.support, episodes.queries):
        digest.update(each.tobytes())
    return digest.hexdigest()[:16]


def measure(
    world: World,
    episodes: Episodes,
    arms: Mapping[str, Arm],
    context: Context,
    *,
    drawn: str,
    block: int,
    told: Callable[[float, float, str], None],
) -> Accuracies:
    """(E,) accuracy of every arm.

    Args:
        drawn: what a checkpoint must have been of to be gone on from.
        block: episodes at a time.
        told: gets how far it is after each block; what it raises is let pass.
    """
    found = _resumed(context.resume(), drawn, arms)
    done = len(next(iter(found.values())))
    if done:
        context.event("info", f"going on after {done} episodes")
    kept_at = time.monotonic()
    while done < len(episodes):
        part = evaluate(world.features, episodes.part(done, done + block), arms, block=block)
        found = {name: np.concatenate([found[name], part[name]]) for name in arms}
        done = len(next(iter(found.values())))
        told(done, len(episodes), f"{done} of {len(episodes)} episodes")
        if time.monotonic() - kept_at > CHECKPOINT_SECONDS and done < len(episodes):
            context.checkpoint(
                {"drawn": drawn, **{name: torch.from_numpy(found[name]) for name in arms}}
            )
            kept_at = time.monotonic()
    return found


def block_of(config: RegulariseConfig, width: int) -> int:
    """Episodes that fit at a time, for features of so many numbers."""
    rows = config.ways * (config.shots + config.queries)
    each = rows * width * (config.related + 8) + (config.ways * config.shots * 2) ** 2
    if config.gate:
        each += width * max(1, width // 8) * 10
    trained = config.gate or config.classifier != "centroid"
    return max(1, min(MOST_TRAINED if trained else MOST_AT_ONCE, int(FLOATS / each)))


def _resumed(state: Mapping[str, Any] | None, drawn: str, arms: Mapping[str, Arm]) -> Accuracies:
    if state is None or state.get("drawn") != drawn:
        return {name: np.empty(0) for name in arms}
    kept: dict[str, Tensor] = {name: state[name] for name in arms}
    return {name: values.numpy().astype(np.float64) for name, values in kept.items()}
