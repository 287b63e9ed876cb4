"""How far an edited adapter is from a retrained one, in three spaces.

Two adapters may differ in every parameter and be the same model: LoRA's factors B and A act through B A alone, so A -> R A,
B -> B R^-1 changes nothing. So the parameters are compared as they are (theta), as the products that they stand for (BA), and by
what the model says (log-probabilities). What is compared is the change from the adapter before, the retrain's against the edit's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from methods.unlearning.verification.answers import Floats

Parameters = Mapping[str, Tensor]
T = TypeVar("T")
SPACES = (
    *("theta_cosine", "theta_norm_ratio", "ba_cosine", "ba_norm_ratio"),
    *("logp_cosine", "norm_ratio", "reached"),
)
"""Names of the figures in a record: cosine and ratio of lengths in each space, the last `norm_ratio` in log-probabilities."""
_A = re.compile(r"\blora_(embedding_)?A\b")


@dataclass(frozen=True)
class Alike:
    """Two changes from one point, compared.

    Attributes:
        cosine: of the angle between them; None where one of them is zero.
        norm_ratio: length of the first over that of the second; None where the second is zero.
    """

    cosine: float | None
    norm_ratio: float | None


@dataclass(frozen=True)
class Distances:
    """A variant's change against the retrain's, in the three spaces, and how much of the way it went.

    Attributes:
        theta, products, log_probs: parameters, BA of each module, answers' log-probabilities.
        reached: see `reached`.
    """

    theta: Alike
    products: Alike
    log_probs: Alike
    reached: float | None

    def record(self) -> dict[str, float | None]:
        """Flat, by the names in `SPACES`."""
        pairs = (self.theta, self.products, self.log_probs)
        values = [value for each in pairs for value in (each.cosine, each.norm_ratio)]
        return dict(zip(SPACES, [*values, self.reached], strict=True))


def reached(before: Floats, variant: Floats, retrain: Floats) -> float | None:
    """1 - |variant - retrain| / |before - retrain|: how much of the way from the adapter before to the retrain was gone.

    1: the variant says what the retrain says. 0: it is as far from it as before. Negative: farther.

    Args:
        before, variant, retrain: (N,), log-probability per token in nats of each probed answer; Euclidean lengths.

    Returns:
        None where the retrain says what the adapter said before, bit for bit.
    """
    way = float(np.linalg.norm(before - retrain))
    return 1 - float(np.linalg.norm(variant - retrain)) / way if way else None


def alike(gram: Floats) -> Alike:
    """From two squared lengths and the inner product."""
    first, second, inner = (float(each) for each in gram)
    ratio = math.sqrt(first / second) if second else None
    if not first or not second:
        return Alike(None, ratio)
    return Alike(max(-1.0, min(1.0, inner / math.sqrt(first * second))), ratio)


def of_vectors(before: Floats, variant: Floats, retrain: Floats) -> Alike:
    """Of (N,) values."""
    return alike(_gram(variant - before, retrain - before, lambda a, b: float(a @ b)))


def of_parameters(before: Parameters, variant: Parameters, retrain: Parameters) -> Alike:
    """All tensors as one vector, reckoned in double precision."""
    sums = np.zeros(3)
    for name in before:
        sums += _plain(before, variant, retrain, name)
    return alike(sums)


def of_products(
    before: Parameters,
    variant: Parameters,
    retrain: Parameters,
    scales: Mapping[str, float] | None = None,
) -> Alike:
    """Change of scale * B A of every LoRA module, all modules as one vector; what is no LoRA factor counts as it is.

    No product of a module's full size is formed: B A - B0 A0 = [B - B0, B0] [A; A - A0] = U V, free of cancellation, and
    <U V, U' V'> = sum((U^T U') * (V V'^T)), which costs O(r^2 (d_in + d_out)).

    Args:
        scales: what PEFT multiplies B A by (alpha / r), by name of the A tensor; 1 where it is not given.
    """
    sums = np.zeros(3)
    paired = dict(lora_pairs(before))
    for a, b in paired.items():
        first, second = (_factors(before, other, a, b) for other in (variant, retrain))
        sums += (scales or {}).get(a, 1.0) ** 2 * _gram(first, second, _inner)
    for name in before.keys() - paired.keys() - set(paired.values()):
        sums += _plain(before, variant, retrain, name)
    return alike(sums)


def lora_pairs(parameters: Parameters) -> Iterator[tuple[str, str]]:
    """Names of the A and B tensors of each module."""
    for name in parameters:
        partner = _A.sub(lambda found: f"lora_{found[1] or ''}B", name)
        if partner != name and partner in parameters:
            yield name, partner


def _gram(first: T, second: T, inner: Callable[[T, T], float]) -> Floats:
    """Two squared lengths and the inner product."""
    return np.array([inner(first, first), inner(second, second), inner(first, second)])


def _plain(before: Parameters, variant: Parameters, retrain: Parameters, name: str) -> Floats:
    start = before[name].double()
    first, second = (other[name].double() - start for other in (variant, retrain))
    return _gram(first, second, lambda a, b: float((a * b).sum()))


def _factors(before: Parameters, after: Parameters, a: str, b: str) -> tuple[Tensor, Tensor]:
    """U (out, 2r) and V (2r, in) of one module's change; convolutions are flattened."""
    a_before, a_after = (each[a].double().flatten(1) for each in (before, after))
    b_before, b_after = (each[b].double().flatten(1) for each in (before, after))
    left = torch.cat([b_after - b_before, b_before], 1)
    return left, torch.cat([a_after, a_after - a_before], 0)


def _inner(first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> float:
    return float(((first[0].T @ second[0]) * (first[1] @ second[1].T)).sum())
