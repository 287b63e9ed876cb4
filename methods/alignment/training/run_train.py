"""The run of `alignment.train`: one objective on preference pairs, watched pair by pair, and measured before and after."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from methods.alignment.pairs.opening import open_pairs
from methods.alignment.training.bridge import Bridge, Progress, record_diagnoses
from methods.alignment.training.building import build_trainer
from methods.alignment.training.check import check_model_reads, check_train
from methods.alignment.training.closing import (
    compare,
    describe_scenes,
    held_out_scenes,
    metrics,
    words,
)
from methods.alignment.training.config import TrainConfig
from methods.alignment.training.doctor import Diagnosis
from methods.alignment.training.doctor.answers import length_drift
from methods.alignment.training.log import PairLog
from methods.alignment.training.models import load_model
from methods.alignment.training.preparing import Training, prepare
from methods.alignment.training.summary import Trained, summary
from methods.base import Cancelled, Context, MethodError, Result
from methods.packing import unpacked
from methods.peft_files import STATE, pack_adapter, zip_adapter

LAST = 10
"""Steps that the closing figures of the curves are averaged over."""


def run(config: TrainConfig, context: Context) -> Result:
    """Train, keeping every pair's fate, and describe held-out scenes before and after.

    Raises:
        MethodError: settings, pairs or a model that do not fit together; a log-probability that is no number, with its pair.
        Cancelled: the run was asked to stop.
    """
    check_train(config, context.open)
    state = context.resume() or {}
    context.progress(0, 1, "reading the pairs")
    pairs = open_pairs(config, context)
    loaded = load_model(
        config.model,
        context.device,
        config.precision,
        config.adapter or None,
        context.open,
        trainable=True,
    )
    check_model_reads(loaded.kind, bool(pairs[0].images))
    training = prepare(config, context, loaded, pairs)
    if "trainer" not in state:  # else the attempt that is continued has said it
        record_diagnoses(context, 0, training.remarks)
    scenes = held_out_scenes(config.evaluate_scenes) if config.describes else []
    steps = config.steps(len(training.train))
    progress = Progress(context, steps + 2 * len(scenes))

    def described(count: int) -> None:
        progress.tell("describing held-out scenes", count)

    before = list(state.get("before", ()))
    if scenes and not before:
        before = describe_scenes(loaded, scenes, described)
    else:
        progress.tell("going on", len(scenes))
    trained = _train(training, progress, steps, before, state)
    found = dict(trained.metrics)
    changed = None
    if scenes:
        after = describe_scenes(loaded, scenes, described)
        scored, rescored, changed = compare(before, after, scenes, context)
        found |= metrics(scored, rescored)
        drift = length_drift(words(before), words(after))
        if drift is not None:
            record_diagnoses(context, steps, [drift])
    context.progress(progress.total, progress.total, "done")
    return Result(found, summary(config, found, changed, trained))


def _train(
    training: Training,
    progress: Progress,
    steps: int,
    before: list[str],
    state: Mapping[str, Any],
) -> Trained:
    config, context, log = training.config, training.context, training.log
    trainer = build_trainer(training, steps)
    bridge = Bridge(
        context=context,
        log=log,
        progress=progress,
        steps=steps,
        history=training.history,
        kept={"before": before},
    )
    resume = None
    if "trainer" in state:
        bridge.restore(state)
        resume = unpacked(state["trainer"], Path(trainer.args.output_dir) / "resumed")
        context.event("info", "going on from the last checkpoint")
    trainer.add_callback(bridge)
    begun = time.perf_counter()
    try:
        trainer.train(resume_from_checkpoint=None if resume is None else str(resume))
    except Cancelled:
        raise
    except Exception as error:
        _keep_last_adapter(context)
        if isinstance(error, FloatingPointError):
            _say_not_finite(context, error, log, trainer.state.global_step + 1)
            raise MethodError(
                f"{error}. Training stopped there; the adapter of the last checkpoint is kept where there was one. Lower "
                "the learning rate, take float32, or look at this pair"
            ) from error
        if isinstance(error, torch.cuda.OutOfMemoryError):
            raise MethodError(
                f"the GPU's memory does not hold {config.batch_size} pairs at a time: take a smaller batch with more "
                "gradient accumulation, or bfloat16"
            ) from error
        raise
    finally:
        log.flush()
    seconds = time.perf_counter() - begun
    _save_adapter(trainer, context)
    return Trained(
        _metrics(trainer, bridge, training, seconds),
        steps,
        len(training.train),
        len(training.held_out),
        sorted(bridge.said),
    )


def _save_adapter(trainer: Any, context: Context) -> None:
    """Keep the adapter as it is now; a later one takes its place."""
    state = getattr(trainer, "dama_state", None)
    model = trainer.accelerator.unwrap_model(trainer.model)
    step = trainer.state.global_step
    beside = {} if state is None else {STATE: asdict(state)}
    file = pack_adapter(model, context.workdir / "adapter.zip", beside)
    context.save_file("adapter.zip", file, role="adapter", step=step)


def _keep_last_adapter(context: Context) -> None:
    """Of a training that fails: the adapter as the last checkpoint has it, if there was one."""
    state = context.resume() or {}
    if "trainer" in state:
        folder = unpacked(state["trainer"], context.workdir / "last")
        file = zip_adapter(folder, context.workdir / "adapter.zip")
        context.save_file("adapter.zip", file, role="adapter", unfinished=True)


def _say_not_finite(context: Context, error: Exception, log: PairLog, step: int) -> None:
    pairs = tuple(log.id_of(row) for row in log.rows if f"row {row} (" in str(error))
    found = Diagnosis("not_finite", "error", "A log-probability is no number", str(error), pairs)
    record_diagnoses(context, step, [found])


def _save_held_out(training: Training, gaps: Mapping[int, float]) -> None:
    rows = [
        {
            "position": pair.position,
            "pair_id": pair.id,
            "level": str(pair.meta.get("level", "")),
            "gap": gaps[pair.position],
            "right": gaps[pair.position] > 0,
        }
        for pair in training.held_out
    ]
    training.context.save_table("held_out.csv", rows)


def _metrics(trainer: Any, bridge: Bridge, training: Training, seconds: float) -> dict[str, float]:
    def last(name: str) -> float:
        values = bridge.curves[name][-LAST:]
        return sum(values) / len(values)

    if len(training.held_out):
        trainer.evaluate()
        gaps = trainer.held_out
        accuracy = sum(gap > 0 for gap in gaps.values()) / len(gaps)
        margin = training.config.beta * sum(gaps.values()) / len(gaps)
        _save_held_out(training, gaps)
    else:
        accuracy, margin = last("rewards/accuracies"), last("rewards/margins")
    trained = int(training.log.seen.sum())
    return {
        "reward_accuracy": accuracy,
        "reward_margin": margin,
        "loss": last("loss"),
        "kept_share": training.log.kept_share,
        "beta_mean": training.log.beta_mean,
        "pairs_per_second": trained / max(bridge.seconds, seconds, 1e-9),
    }
