"""What a training step did with each pair, as the trainer tells it to the log and the doctor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PairStep:
    """What one training step did with each pair of the global micro-batch; every list has an entry a pair.

    Attributes:
        step: the optimiser step, from 1.
        position: row in the source.
        hardness: delta; 0 where the objective does not use it.
        factor: alpha_D.
        gap: g, in nats.
        loss: -log s(beta gap), whatever is minimised.
        weight: minus the gradient of the loss by the log-probability of the chosen answer.
        chosen: change of the chosen answer's log-probability since the reference, in nats.
    """

    step: int
    position: list[int]
    hardness: list[float]
    factor: list[float]
    gap: list[float]
    kept: list[bool]
    beta: list[float]
    loss: list[float]
    weight: list[float]
    chosen: list[float]
