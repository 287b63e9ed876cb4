"""The run of `fewshot.regularise`: features, paired episodes, what is related to what, and one episode looked at closely."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch

from methods.base import Context, MethodError, Result
from methods.fewshot.episodes.sampling import Episodes
from methods.fewshot.regularising import records
from methods.fewshot.regularising.arms import arms_of, regulariser
from methods.fewshot.regularising.check import Opened, open_all
from methods.fewshot.regularising.config import RegulariseConfig
from methods.fewshot.regularising.estimate import parts_of, size_of
from methods.fewshot.regularising.figures import Figures, arm_rows, figures_of, verdicts
from methods.fewshot.regularising.measuring import (
    Accuracies,
    block_of,
    draw_episodes,
    drawn_hash,
    measure,
)
from methods.fewshot.regularising.relating import Related, relate
from methods.fewshot.regularising.showing import show
from methods.fewshot.regularising.world import World, build_world
from methods.fewshot.settings import templates_of
from methods.stages import Stages


def run(config: RegulariseConfig, context: Context) -> Result:
    """Compare a classifier with and without regularisation.

    Raises:
        MethodError: settings, features or vectors that do not fit; out of memory.
        Cancelled: the run was asked to stop.
    """
    begun = time.monotonic()
    opened = open_all(config, context.open)
    for note in opened.source.notes:
        context.event("info", note)
    stages = Stages(context, parts_of(config, size_of(config, opened.source)))
    try:
        world = build_world(config, opened, context, stages.part("encode"))
        episodes = draw_episodes(config, opened.source, world, context.seed)
        drawn = drawn_hash(world, episodes)
        found = measure(
            world,
            episodes,
            arms_of(config, world, context.seed),
            context,
            drawn=drawn,
            block=block_of(config, world.features.shape[1]),
            told=stages.part("episodes"),
        )
        shown = show(config, world, episodes, context.seed)
    except ValueError as error:
        raise MethodError(str(error)) from error
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise MethodError(
            f"out of memory on {context.device} with {config.ways} ways, {config.shots} shots and {config.queries} queries: take fewer"
        ) from error
    figures, related = figures_of(found), relate(world, config.related)
    said = verdicts(figures, related, config.kappa, config.gate)
    setup = _setup(config, opened, world, related, context) | {"drawn": drawn}
    rows: dict[str, list[Mapping[str, Any]]] = {
        records.VERDICT: said,
        records.SETUP: [setup],
        records.ARM: arm_rows(figures),
        records.RELATED: related.rows,
        records.ATTENTION: [shown.attention],
        records.PROJECTION: [shown.projection],
    }
    if shown.gate is not None:
        rows[records.GATE] = [shown.gate]
    for kind, some in rows.items():
        context.record(kind, some)
    _save(context, setup, figures, found, episodes, world)
    for each in said:
        if each["level"] in ("warning", "bad"):
            context.event("warning", each["text"])
    context.progress(1, 1, "done")
    metrics = figures.metrics | {
        "novel_classes_far": float(len(related.far)),
        "seconds": time.monotonic() - begun,
    }
    if world.cached is not None:
        metrics["from_cache_share"] = world.cached
    return Result(metrics, said[0]["text"])


def _setup(
    config: RegulariseConfig, opened: Opened, world: World, related: Related, context: Context
) -> dict[str, Any]:
    """With what everything was measured, by name; None where it plays no part."""
    source = opened.source
    texts = config.semantics == "clip_text"
    clip = texts or source.features is None
    return {
        "source": source.title,
        "features": list(world.features.shape),
        "model": f"{config.model} {config.pretrained}".strip() if clip else None,
        "semantics": config.semantics,
        "template": " | ".join(templates_of(config, source.own)) if texts else None,
        "classifier": config.classifier,
        "preprocessing": str(regulariser(config, world, context.seed).preprocessing),
        "related": config.related,
        "kappa": config.kappa,
        "share": regulariser(config, world, context.seed).settings.weight(config.shots),
        "temperature": config.temperature,
        "gate": config.gate,
        "ways": config.ways,
        "shots": config.shots,
        "queries": config.queries,
        "episodes": config.episodes,
        "seed": context.seed,
        "base_classes": len(world.classes.base),
        "novel_classes": len(world.classes.novel),
        "vetoes": int(opened.struck.sum()),
        "low": related.low,
        "far": len(related.far),
        "device": str(context.device),
    }


def _save(
    context: Context,
    setup: Mapping[str, Any],
    figures: Figures,
    found: Accuracies,
    episodes: Episodes,
    world: World,
) -> None:
    named = {name: value for name, value in setup.items() if name != "features"}
    context.save_table("arms.csv", [{**row, **named} for row in arm_rows(figures)], role="arms")
    names = world.classes.names
    rows = [
        {
            "episode": place,
            **{arm: float(values[place]) for arm, values in found.items()},
            "classes": "; ".join(names[each] for each in episodes.classes[place]),
        }
        for place in range(len(episodes))
    ]
    context.save_table("episodes.csv", rows, role="episodes")
