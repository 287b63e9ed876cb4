"""Arms on the same episodes: each is fitted on supports before any query is given to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from methods.fewshot.episodes.sampling import Episodes

Predict = Callable[[Tensor], Tensor]
"""From raw queries (E, M, D) to labels (E, M), 0 to W - 1."""
Arm = Callable[[Tensor, Tensor, Tensor], Predict]
"""From support (E, N, D), labels (N,) and classes (E, W) of stacked episodes to what answers their queries."""
Progress = Callable[[int, int], None]


def evaluate(
    features: Tensor,
    episodes: Episodes,
    arms: Mapping[str, Arm],
    *,
    block: int = 100,
    progress: Progress | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Accuracy of every arm on every episode.

    Args:
        features: (N, D) raw, the table that the episodes' rows are of.
        episodes: E of them.
        arms: name -> arm.
        block: episodes stacked at a time; accuracies do not depend on it, memory does.
        progress: gets episodes done and all of them, after each block.

    Returns:
        name -> (E,) shares of queries named rightly, paired by episode.

    Raises:
        ValueError: block is below 1, or an arm answers in another shape.
    """
    if block < 1:
        raise ValueError(f"block must be 1 or more, got {block}")
    right: dict[str, list[NDArray[np.float64]]] = {name: [] for name in arms}
    labels = torch.from_numpy(episodes.support_labels)
    answers = torch.from_numpy(episodes.query_labels).to(features.device)
    for begin in range(0, len(episodes), block):
        part = episodes.part(begin, begin + block)
        support = features[torch.from_numpy(part.support)]
        classes = torch.from_numpy(part.classes)
        fitted = {name: arm(support, labels, classes) for name, arm in arms.items()}
        queries = features[torch.from_numpy(part.queries)]
        for name, predict in fitted.items():
            given = predict(queries)
            if given.shape != queries.shape[:2]:
                raise ValueError(
                    f"{name} answers {tuple(given.shape)}, and {tuple(queries.shape[:2])} were asked"
                )
            right[name].append((given == answers).double().mean(-1).cpu().numpy())
        if progress is not None:
            progress(min(begin + block, len(episodes)), len(episodes))
    return {name: np.concatenate(parts) for name, parts in right.items()}
