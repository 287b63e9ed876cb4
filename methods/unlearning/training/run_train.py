"""The run of `unlearning.train`: rows, an adapter on them, and every row's loss under it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from methods.base import Context, MethodError, Result
from methods.packing import packed, unpacked
from methods.peft_files import CONFIG
from methods.unlearning.models.lineage import Lineage
from methods.unlearning.models.loading import (
    Loaded,
    adapter_state,
    encoder_of,
    load_base,
    trainable,
)
from methods.unlearning.models.versions import data_of, weight_bytes, write_adapter
from methods.unlearning.rows.language import Encoder, Sample
from methods.unlearning.rows.opening import HELD_OUT, ROWS, open_rows
from methods.unlearning.rows.records import KIND, instruction
from methods.unlearning.rows.row import Row, table_sha
from methods.unlearning.rows.writing import write_rows
from methods.unlearning.training.again import encode_all, fit
from methods.unlearning.training.check import check_train
from methods.unlearning.training.config import TrainConfig
from methods.unlearning.training.fresh import add_adapter
from methods.unlearning.training.objective import batches_of, row_losses
from methods.unlearning.training.recipe import Recipe
from methods.unlearning.training.splitting import split
from methods.unlearning.training.trained import Trained

CHECKPOINT_S = 30.0
"""At least so long between two checkpoints."""
CHECKPOINT_SHARE = 0.05
"""Share of the time that checkpoints may take: those of a large adapter are far apart."""
TRAINING, TELLING = 0.9, 0.1
"""Shares of the progress."""


@dataclass
class Training:
    """All that a training is made of, once everything has been looked at."""

    config: TrainConfig
    context: Context
    loaded: Loaded
    encoder: Encoder
    recipe: Recipe
    rows: Sequence[Row]
    held_out: Sequence[Row]
    source: str
    samples: list[Sample]
    held_samples: list[Sample]


def run(config: TrainConfig, context: Context) -> Result:
    """Train an adapter, write it with its recipe and rows, and record every row's loss.

    Raises:
        MethodError: settings, rows or a model that do not fit together; a row that is too long; a loss that is no number.
        Cancelled: the run was asked to stop.
    """
    check_train(config, context.open)
    training = _prepare(config, context)
    model = add_adapter(training.loaded.model, training.recipe.lora, training.recipe.seed)
    trained = _train(training, model)
    if trained.note:
        context.event("warning", trained.note)
    _save(training, model)
    every = _losses(training, model, [*training.samples, *training.held_samples])
    losses, held = every[: len(training.rows)], every[len(training.rows) :]
    context.record(KIND, _records(training, losses))
    context.progress(1, 1, "done")
    metrics = {
        "loss": sum(losses) / len(losses),
        "worst_loss": max(losses),
        "rows": float(len(losses)),
        "steps": float(trained.steps),
        "train_seconds": trained.seconds,
    }
    if held:
        metrics["held_out_loss"] = sum(held) / len(held)
    return Result(metrics, _summary(config, metrics, trained))


def _prepare(config: TrainConfig, context: Context) -> Training:
    table = open_rows(config, context.open)
    taken = table.rows[: config.max_rows] if config.max_rows else table.rows
    rows, held_out = (
        (taken, table.held_out)
        if len(table.held_out)
        else split(taken, config.held_out_share, context.seed)
    )
    loaded = load_base(config.model, context.device, config.precision)
    encoder = encoder_of(loaded.model, loaded.tokenizer, config.template)
    return Training(
        config=config,
        context=context,
        loaded=loaded,
        encoder=encoder,
        recipe=config.recipe(context.seed),
        rows=rows,
        held_out=held_out,
        source=table.name,
        samples=encode_all(encoder, rows),
        held_samples=encode_all(encoder, held_out),
    )


def _train(training: Training, model: Any) -> Trained:
    context, recipe = training.context, training.recipe
    parameters = trainable(model)

    def tell(share: float, step: int, values: Mapping[str, float]) -> None:
        context.log(step, **values)
        said = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in values.items())
        context.progress(TRAINING * share, 1, f"training: step {step}, {said}")

    context.progress(0, 1, f"training on {len(training.rows)} rows")
    try:
        if recipe.trainer == "converged":
            return fit(model, None, parameters, training.samples, recipe, tell=tell)
        return _train_sft(training, model, tell)
    except FloatingPointError as error:
        raise MethodError(f"{error}: lower the learning rate, or take float32") from error
    except torch.cuda.OutOfMemoryError as error:
        raise MethodError(
            f"the GPU's memory does not hold {training.config.batch_size} rows at a time: take a smaller batch with more "
            "gradient accumulation, or bfloat16"
        ) from error


def _train_sft(training: Training, model: Any, tell: Any) -> Trained:
    from methods.unlearning.training.sft import fit_sft  # noqa: PLC0415  TRL takes many seconds

    context = training.context
    sha, state = table_sha(training.rows), context.resume() or {}
    resume = None
    if "trainer" in state:
        if state["rows"] != sha:
            raise MethodError(
                "the rows are not those that this training began with, so it cannot go on from its last checkpoint: launch it "
                "anew"
            )
        resume = unpacked(state["trainer"], context.workdir / "resumed")
        context.event("info", "going on from the last checkpoint")
    clock = _Clock()

    def save(folder: Path) -> None:
        with clock:
            context.checkpoint({"rows": sha, "trainer": packed(folder)})
            shutil.rmtree(folder)

    return fit_sft(
        model,
        training.loaded.tokenizer,
        trainable(model),
        training.samples,
        training.recipe,
        training.recipe.seed,
        context.workdir,
        tell,
        save,
        clock.due,
        resume,
    )


class _Clock:
    """When the next checkpoint is due: those that take long come seldom."""

    def __init__(self) -> None:
        self._last = self._begun = time.monotonic()
        self._interval = CHECKPOINT_S

    def due(self) -> bool:
        return time.monotonic() - self._last >= self._interval

    def __enter__(self) -> None:
        self._begun = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._last = time.monotonic()
        if CHECKPOINT_S > 0:
            self._interval = max(CHECKPOINT_S, (self._last - self._begun) / CHECKPOINT_SHARE)


def _save(training: Training, model: Any) -> None:
    """The adapter with its lineage, and its rows beside it."""
    context, workdir = training.context, training.context.workdir
    lineage = Lineage(
        base=training.loaded.base,
        data=data_of(training.rows, training.source),
        template=training.encoder.template,
        training=training.recipe.model_dump(mode="json"),
        made_by="unlearning.train",
        settings=training.config.model_dump(mode="json"),
    )
    name, _, revision = training.loaded.base.name.partition("@")
    peft = model.peft_config[
        "default"
    ]  # names the base as it was chosen, not where it lay on this machine
    peft.base_model_name_or_path, peft.revision = name, revision or None
    model.save_pretrained(workdir / "peft", safe_serialization=True, save_embedding_layers=False)
    config = (workdir / "peft" / CONFIG).read_bytes()
    target = write_adapter(
        workdir / "adapter.zip", config, weight_bytes(adapter_state(model)), lineage
    )
    context.save_file(ROWS, write_rows(training.rows, workdir / ROWS), role="rows")
    if training.held_out:
        held_out = write_rows(training.held_out, workdir / HELD_OUT)
        context.save_file(HELD_OUT, held_out, role="held_out")
    context.save_file("adapter.zip", target, role="adapter")


def _records(training: Training, losses: Sequence[float]) -> Iterator[dict[str, Any]]:
    for place, (row, sample, loss) in enumerate(
        zip(training.rows, training.samples, losses, strict=True)
    ):
        yield instruction(row, place, sample.answer_tokens, loss)


def _losses(training: Training, model: Any, samples: Sequence[Sample]) -> list[float]:
    """Every row's loss under the adapter, those held out included."""
    context, size = training.context, training.config.batch_size
    found: list[float] = []
    for start in range(0, len(samples), size):
        batches = batches_of(samples[start : start + size], size, context.device)
        found += row_losses(model, batches)
        share = TRAINING + TELLING * len(found) / len(samples)
        context.progress(share, 1, f"loss of {len(found)} of {len(samples)} rows")
    return found


def _summary(config: TrainConfig, metrics: Mapping[str, float], trained: Trained) -> str:
    way = "full batch" if config.trainer == "converged" else "AdamW"
    text = (
        f"LoRA of rank {config.lora_r} on {metrics['rows']:.0f} rows, {trained.steps} steps of {way}: mean loss "
        f"{metrics['loss']:.3f} nats a token, worst row {metrics['worst_loss']:.2f}"
    )
    if "held_out_loss" in metrics:
        text += f"; held-out rows {metrics['held_out_loss']:.3f}"
    return f"{text}.{f' Careful: {trained.note}.' if trained.note else ''}"
