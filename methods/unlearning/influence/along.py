"""The curve along an update that is already there, without a solve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from methods.unlearning.influence.diagnostics import CurvePoint
from methods.unlearning.influence.losses import Collate, Losses, PerSampleLoss, second_order
from methods.unlearning.influence.progress import FORWARD, Progress, Report
from methods.unlearning.influence.stepping import ALPHAS, Probe, trace
from methods.unlearning.request import Request


def curve_along(
    model: nn.Module,
    data: Sequence[Any],
    per_sample_loss: PerSampleLoss,
    request: Request,
    direction: Mapping[str, Tensor],
    *,
    chosen: float = 1.0,
    alphas: Iterable[float] = ALPHAS,
    weight_decay: float = 0.0,
    retain_tolerance: float = 0.02,
    probe_rows: int = 0,
    held_out: Sequence[Any] = (),
    collate: Collate | None = None,
    batch_size: int = 16,
    seed: int = 0,
    progress: Report | None = None,
) -> tuple[CurvePoint, ...]:
    """What `erase` tells of its own direction, for any: losses at each step length, from 0 on, in order.

    The objective is that of the edited data, without damping. Other arguments and errors are those of `erase`.

    Args:
        direction: trainable parameter -> its change at step length 1, such as `Erasure.direction`.
        chosen: a step length that is marked as taken, looked at as well.

    Raises:
        ValueError: also where `direction` doesn't fit the model.
    """
    request.check(len(data))
    with second_order(model):
        losses = Losses(model, per_sample_loss, collate, batch_size)
        theta, vector = losses.flat.values(), losses.flat.join(direction)
        probe = Probe(
            losses,
            theta,
            data,
            request,
            weight_decay=weight_decay,
            retain_rows=probe_rows,
            held_out=held_out,
            tolerance=retain_tolerance,
            seed=seed,
        )
        wanted = {0.0, chosen, *alphas}
        work = Progress(progress, float(probe.size * len(wanted)))
        losses.on_batch = work.tick
        work.part(probe.size * len(wanted), FORWARD, "losses by step length")
        points = trace(probe, theta, vector, chosen, alphas=wanted)
        work.end()
    return points
