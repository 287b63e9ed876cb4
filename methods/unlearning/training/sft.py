"""The "sft" trainer: TRL's `SFTTrainer` on our tokens and with our loss, so that an edit sees what the training saw.

TRL would weigh tokens of a batch alike; here each row weighs the same, the mean over its answer's tokens, which is
the objective that an influence edit differentiates. Dropout other than LoRA's own is off for the same reason.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from transformers import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from methods.unlearning.models.values import copied
from methods.unlearning.rows.language import Sample, collate, per_sample_loss
from methods.unlearning.training.recipe import Recipe
from methods.unlearning.training.trained import Tell, Trained, nothing

Save = Callable[[Path], None]
"""Is given the folder of a checkpoint, which is deleted afterwards."""


class RowTrainer(SFTTrainer):
    """SFT whose loss is the mean over rows of each row's mean over its answer's tokens.

    Attributes:
        dropout: it is active; else the model is in eval mode throughout.
    """

    dropout = False

    def compute_loss(
        self,
        model: Any,
        inputs: Mapping[str, Tensor],
        return_outputs: bool = False,  # noqa: ARG002  the trainer's signature
        num_items_in_batch: Any = None,  # noqa: ARG002
    ) -> Tensor:
        """The part of a step's loss that these rows are."""
        if not self.dropout:
            model.eval()
        mean: Tensor = per_sample_loss(model, inputs).mean()
        return mean / int(self.current_gradient_accumulation_steps)


class _Watch(TrainerCallback):
    def __init__(self, total: int, tell: Tell, save: Save | None, due: Callable[[], bool]) -> None:
        self.total, self.tell, self.save, self.due = total, tell, save, due
        self.loss = math.nan

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        control.should_save = (
            self.save is not None and self.due() and state.global_step < self.total
        )

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        logs = kwargs.get("logs")
        if not logs or "loss" not in logs:  # the summary at the end
            return
        self.loss = float(logs["loss"])
        if not math.isfinite(self.loss):
            raise FloatingPointError(f"the loss of step {state.global_step} is {self.loss}")
        names = {"loss": "loss", "learning_rate": "learning_rate", "grad_norm": "gradient_norm"}
        values = {ours: float(logs[theirs]) for theirs, ours in names.items() if theirs in logs}
        self.tell(state.global_step / self.total, state.global_step, values)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if self.save is not None:
            self.save(folder)


def steps_of(recipe: Recipe, rows: int) -> int:
    """Optimiser steps of a training."""
    each = recipe.batch_size * recipe.accumulation
    return max(math.ceil(math.ceil(rows / each) * recipe.epochs), 1)


def fit_sft(
    model: Any,
    tokenizer: Any,
    parameters: Mapping[str, Tensor],
    samples: Sequence[Sample],
    recipe: Recipe,
    seed: int,
    workdir: Path,
    tell: Tell = nothing,
    save: Save | None = None,
    due: Callable[[], bool] = lambda: False,
    resume: Path | None = None,
) -> Trained:
    """AdamW with warm-up and cosine decay in mini-batches, from where the parameters stand, in place.

    Args:
        seed: of the rows' order.
        workdir: for the trainer's own files.
        save: keeps a checkpoint; asked after each step for which `due` is true.
        resume: the folder of a checkpoint to go on from.

    Raises:
        FloatingPointError: the loss is no number.
    """
    began = time.perf_counter()
    total = steps_of(recipe, len(samples))
    watch = _Watch(total, tell, save, due)
    with _unpatched(model):
        trainer = RowTrainer(
            model,
            args=_arguments(recipe, total, seed, workdir, next(iter(parameters.values())).device),
            train_dataset=_data(samples),
            data_collator=_collated,
            processing_class=tokenizer,
            callbacks=[watch],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.dropout = recipe.lora.dropout > 0
        trainer.model_accepts_loss_kwargs = True  # our loss is a step's part already
        trainer.train(resume_from_checkpoint=None if resume is None else str(resume))
    model.eval()
    for tensor in parameters.values():
        tensor.grad = None
    return Trained(copied(parameters), watch.loss, total, time.perf_counter() - began)


def _arguments(
    recipe: Recipe, total: int, seed: int, workdir: Path, device: torch.device
) -> SFTConfig:
    return SFTConfig(
        output_dir=str(workdir / "trainer"),
        per_device_train_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.accumulation,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        lr_scheduler_type="cosine",
        warmup_steps=round(recipe.warm_up * total),
        max_steps=total,
        max_length=None,
        seed=seed,
        bf16=False,  # the base has its own precision, and an edit computes without autocast too
        use_cpu=device.type == "cpu",
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )


def _data(samples: Sequence[Sample]) -> Dataset:
    rows = [
        {"input_ids": each.input_ids.tolist(), "labels": each.labels.tolist()} for each in samples
    ]
    return Dataset.from_list(rows)


def _collated(rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
    return collate(
        [Sample(torch.tensor(row["input_ids"]), torch.tensor(row["labels"]), "") for row in rows]
    )


@contextmanager
def _unpatched(model: Any) -> Iterator[None]:
    """TRL puts its own forward on the base; the model is used on, and must be as it was."""
    base = model.get_base_model()
    own = base.__dict__.get("forward")
    try:
        yield
    finally:
        base.__dict__.pop("forward", None)
        if own is not None:
            base.forward = own
