"""What a causal language model is given of rows, and its loss on each of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from methods.unlearning.rows.row import Row
from methods.unlearning.rows.templates import (
    TemplateName,
    Text,
    alpaca_text,
    chat_text,
    plain_text,
    resolve,
)

IGNORED = -100
TAIL = 3
"""Tokens at the end of a chat answer among which its end token has to be: templates put a line break after it."""


@dataclass(frozen=True)
class Sample:
    """A row in tokens.

    Attributes:
        input_ids: (T,) int64, prompt and answer.
        labels: (T,) int64, the same with -100 on the prompt.
        row_id: of the row.
    """

    input_ids: Tensor
    labels: Tensor
    row_id: str

    def __len__(self) -> int:
        return len(self.input_ids)

    @property
    def answer_tokens(self) -> int:
        return int((self.labels != IGNORED).sum())


class Encoder:
    """Turns rows into tokens by a template: uncut, unpacked, with a token that ends the answer.

    The text is tokenised as a whole, as trainers do; the answer begins at the first token by which it differs from the prompt
    alone.

    Args:
        tokenizer: of transformers.
        template: "alpaca", "chat" (the tokeniser's own), "plain", or "auto": chat where there is one, else alpaca.
        window: tokens that the model can read; None is no limit.
        end_ids: tokens that end an answer beside the tokeniser's end token.

    Attributes:
        template: the one that is used.

    Raises:
        ValueError: no chat template where one is asked for; no end token.
    """

    def __init__(
        self,
        tokenizer: Any,
        template: TemplateName = "auto",
        window: int | None = None,
        end_ids: Collection[int] = (),
    ) -> None:
        self.tokenizer, self.window = tokenizer, window
        self.template = resolve(template, tokenizer)
        texts: dict[str, Callable[[Row], Text]] = {"alpaca": alpaca_text, "plain": plain_text}
        self.text = texts.get(self.template) or chat_text(tokenizer)
        if tokenizer.eos_token_id is None:
            raise ValueError(
                "the tokeniser has no end token, so that no answer would ever end: set tokenizer.eos_token"
            )
        self._ends = {tokenizer.eos_token_id, *end_ids}

    def encode(self, row: Row) -> Sample:
        """A row in tokens.

        Raises:
            ValueError: it has more tokens than the model reads: nothing is ever cut.
        """
        prompt, answer = self.text(row)
        before = self._ids(prompt)
        ids = self._ended(self._ids(prompt + answer))
        start = _shared(before, ids)
        if self.window is not None and len(ids) > self.window:
            raise ValueError(
                f"row {row.position} (id {row.id}): {len(ids)} tokens; the model reads {self.window}, and rows are never cut"
            )
        input_ids = torch.tensor(ids)
        labels = input_ids.clone()
        labels[:start] = IGNORED
        return Sample(input_ids, labels, row.id)

    def prompt_ids(self, row: Row) -> Tensor:
        """(P,) int64: the tokens of a row before its answer, to generate from."""
        sample = self.encode(row)
        return sample.input_ids[sample.labels == IGNORED]

    def _ids(self, text: str) -> list[int]:
        special = self.template != "chat"  # a chat template writes its own
        ids: list[int] = self.tokenizer(text, add_special_tokens=special)["input_ids"]
        return ids

    def _ended(self, ids: list[int]) -> list[int]:
        tail = TAIL if self.template == "chat" else 1
        return ids if self._ends & set(ids[-tail:]) else [*ids, self.tokenizer.eos_token_id]


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with; at least the last of `other` is left."""
    count = 0
    for a, b in zip(one, other[:-1], strict=False):
        if a != b:
            break
        count += 1
    return count


def collate(samples: Sequence[Sample]) -> dict[str, Tensor]:
    """A batch: `input_ids`, `attention_mask` and `labels`, each (B, T) int64, padded on the right and masked there."""
    length = max(len(sample) for sample in samples)
    batch = {
        "input_ids": torch.zeros(len(samples), length, dtype=torch.int64),
        "attention_mask": torch.zeros(len(samples), length, dtype=torch.int64),
        "labels": torch.full((len(samples), length), IGNORED),
    }
    for place, sample in enumerate(samples):
        batch["input_ids"][place, : len(sample)] = sample.input_ids
        batch["attention_mask"][place, : len(sample)] = 1
        batch["labels"][place, : len(sample)] = sample.labels
    return batch


def token_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """(B, T-1): negative log-probability of each answer token in nats, 0 elsewhere; in float32 at least.

    Args:
        logits: (B, T, V).
        labels: (B, T) int64, -100 where nothing is to be said.
    """
    said = labels[:, 1:]
    logits = logits[:, :-1].to(torch.promote_types(logits.dtype, torch.float32))
    wanted = logits.gather(-1, said.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return (logits.logsumexp(-1) - wanted) * (said != IGNORED)


def per_sample_loss(model: Any, batch: Mapping[str, Tensor]) -> Tensor:
    """(B,): mean loss over the tokens of each row's answer, its end token included, in nats; one call of the model."""
    output = model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False
    )
    return row_means(token_losses(output.logits, batch["labels"]), batch["labels"])


def row_means(losses: Tensor, labels: Tensor) -> Tensor:
    """(B,): mean of (B, T-1) token losses over each row's answer tokens."""
    return losses.sum(-1) / (labels[:, 1:] != IGNORED).sum(-1)
