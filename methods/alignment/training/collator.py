"""Columns that must reach the loss beside the tokens: a collator that carries them, or says that they are missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

COLUMNS: Mapping[str, torch.dtype] = {"hardness": torch.float32, "position": torch.int64}
"""What a pair may carry: delta, and its row in the source."""


class PairCollator:
    """Takes columns out of the examples, lets another collator make the batch, and puts them back as (B,) tensors.

    TRL drops columns that it does not know without a word, so a missing one is an error here.
    """

    def __init__(
        self, inner: Callable[[list[dict[str, Any]]], Any], columns: Sequence[str]
    ) -> None:
        self.inner, self.columns = inner, tuple(columns)

    def __call__(self, examples: list[dict[str, Any]]) -> Any:
        """Make a batch; the examples stay as they are.

        Raises:
            ValueError: an example lacks a column, or has no number in it.
        """
        copies = [dict(example) for example in examples]
        carried = {
            name: torch.tensor([take(example, name) for example in copies], dtype=COLUMNS[name])
            for name in self.columns
        }
        batch = self.inner(copies)
        batch.update(carried)
        return batch


def take(example: dict[str, Any], column: str) -> float:
    """Remove a column's number from an example and return it.

    Raises:
        ValueError: it is missing or no number.
    """
    value = example.pop(column, None)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        found = "is missing" if value is None else f"is {value!r}, not a number"
        there = ", ".join(sorted(example)) or "none"
        raise ValueError(
            f"the column {column!r} {found}; the row has {there}. Keep it in the data set, and out of what "
            "remove_columns takes away"
        )
    return value
