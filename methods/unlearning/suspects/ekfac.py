"""Self-influence with EK-FAC (George et al. 2018; Grosse et al. 2023), by the package kronfluence."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from torch import Tensor, nn

from methods.unlearning.influence.losses import Losses, PerSampleLoss
from methods.unlearning.suspects.check import MISSING

PASSES = 3
"""Through all rows: covariances, eigenvalues, scores; each forward and backward."""


def ekfac_scores(
    model: nn.Module,
    losses: Losses,
    per_sample_loss: PerSampleLoss,
    data: Sequence[Any],
    collate: Any,
    batch_size: int,
) -> Tensor:
    """(N,) float64: g_i' (F + lambda I)^-1 g_i with F the EK-FAC of the empirical Fisher, layer by layer.

    Only linear layers count, LoRA's factors among them; lambda is a tenth of each layer's mean eigenvalue, as kronfluence has
    it. It holds (d x d) covariances for each layer's input and output.

    Args:
        losses: of the model; its `on_batch` is called after every batch, three times for each sample.

    Raises:
        ValueError: kronfluence is missing, or no linear layer is trainable.
    """
    if find_spec("kronfluence") is None:
        raise ValueError(MISSING)
    from kronfluence.analyzer import Analyzer, prepare_model  # noqa: PLC0415  an extra
    from kronfluence.arguments import FactorArguments, ScoreArguments  # noqa: PLC0415
    from kronfluence.task import Task  # noqa: PLC0415
    from kronfluence.utils.dataset import DataLoaderKwargs  # noqa: PLC0415

    tracked = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module.weight.requires_grad
    ]
    if not tracked:
        raise ValueError("EK-FAC needs a trainable linear layer, and this model has none")

    class Rows(Task):
        def compute_train_loss(self, batch: Any, model: nn.Module, sample: bool = False) -> Tensor:
            assert not sample  # the empirical Fisher takes the rows' own answers
            values = per_sample_loss(model, batch)
            losses.on_batch(len(values))
            return values.sum()

        def compute_measurement(self, batch: Any, model: nn.Module) -> Tensor:
            return self.compute_train_loss(batch, model)

        def get_influence_tracked_modules(self) -> list[str]:
            return tracked

        def get_attention_mask(self, batch: Any) -> Tensor | None:
            return batch.get("attention_mask") if isinstance(batch, dict) else None

    task = Rows()
    with tempfile.TemporaryDirectory() as folder, _as_it_was(model):
        analyzer = Analyzer(
            "rows",
            prepare_model(model, task),
            task,
            cpu=losses.flat.device.type == "cpu",
            disable_tqdm=True,
            output_dir=folder,
        )
        analyzer.set_dataloader_kwargs(DataLoaderKwargs(collate_fn=collate))
        analyzer.fit_all_factors(
            "factors",
            data,
            per_device_batch_size=batch_size,
            factor_args=FactorArguments(strategy="ekfac", use_empirical_fisher=True),
        )
        analyzer.compute_self_scores(
            "scores",
            "factors",
            data,
            per_device_train_batch_size=batch_size,
            score_args=ScoreArguments(damping_factor=None),
        )
        scores: Tensor = analyzer.load_self_scores("scores")["all_modules"]
    return scores.double().cpu()


@contextmanager
def _as_it_was(model: nn.Module) -> Iterator[None]:
    """Take kronfluence's wrappers out again, and let what was trainable be so."""
    from kronfluence.module.tracked_module import TrackedModule  # noqa: PLC0415

    trainable = {value: value.requires_grad for value in model.parameters()}
    slopes = {value: value.grad for value in model.parameters()}
    try:
        yield
    finally:
        for name, module in list(model.named_modules()):
            if isinstance(module, TrackedModule):
                parent, _, child = name.rpartition(".")
                setattr(model.get_submodule(parent), child, module.original_module)
        for value, was in trainable.items():
            value.requires_grad_(was)
            value.grad = slopes[value]
