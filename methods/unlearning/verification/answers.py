"""Log-probabilities of answers given their prompts, whatever the padding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from methods.unlearning.rows.language import IGNORED
from methods.unlearning.verification.texts import extraction_strength, token_accuracy

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """What a model makes of one answer of T tokens, the end token included.

    Attributes:
        log_probs: (T,), of each token after the prompt and the true tokens before it, in nats.
        predicted: (T,), the likeliest token in each place.
        answer: (T,), the true tokens.
    """

    log_probs: Floats = field(repr=False)
    predicted: tuple[int, ...] = field(repr=False)
    answer: tuple[int, ...] = field(repr=False)

    @property
    def loss(self) -> float:
        """Mean of -log p over the tokens, in nats."""
        return -float(self.log_probs.mean())

    @property
    def exact(self) -> bool:
        """Greedy decoding from the prompt gives just this answer, and ends there."""
        return self.predicted == self.answer

    @property
    def accuracy(self) -> float:
        return token_accuracy(self.predicted, self.answer)

    @property
    def extraction(self) -> float:
        return extraction_strength(self.predicted, self.answer)


@dataclass(frozen=True)
class AnswerLogits:
    """Log-probabilities of every word in every place of a batch's answers.

    Attributes:
        log_probs: (sum of T, V) float32, row after row.
        answer: (sum of T,) true tokens.
        lengths: T of each row.
    """

    log_probs: Tensor
    answer: Tensor
    lengths: tuple[int, ...]

    def scored(self) -> list[Scored]:
        """Row by row."""
        true = self.log_probs.gather(1, self.answer[:, None])[:, 0].double().cpu()
        parts = (true, self.log_probs.argmax(1).cpu(), self.answer.cpu())
        rows = zip(*(part.split(self.lengths) for part in parts), strict=True)
        return [
            Scored(log_probs.numpy(), tuple(predicted.tolist()), tuple(answer.tolist()))
            for log_probs, predicted, answer in rows
        ]

    def divergence(self, other: AnswerLogits) -> Floats:
        """KL(self || other) in nats, of every row summed over its tokens: (rows,)."""
        chance = self.log_probs.exp()
        terms = torch.where(chance > 0, chance * (self.log_probs - other.log_probs), 0.0)
        each = terms.double().sum(1).cpu()
        return np.array([float(part.sum()) for part in each.split(self.lengths)])


@torch.no_grad()
def answer_logits(model: Any, batch: Mapping[str, Tensor]) -> AnswerLogits:
    """One forward pass over a batch.

    Args:
        model: a causal language model, in eval mode.
        batch: input_ids, attention_mask, labels (B, T); labels are `IGNORED` where there is no answer.

    Raises:
        ValueError: a row without an answer, or whose answer has nothing before it.
    """
    labels = batch["labels"]
    if (labels[:, 0] != IGNORED).any():
        raise ValueError("an answer starts at the first token: there is no prompt to give it")
    places = labels[:, 1:] != IGNORED
    lengths = tuple(int(count) for count in places.sum(1))
    if 0 in lengths:
        raise ValueError(f"row {lengths.index(0)} of the batch has no answer")
    output = model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False
    )
    chosen = output.logits[:, :-1][places].float()
    return AnswerLogits(log_softmax(chosen, dim=-1), labels[:, 1:][places], lengths)
