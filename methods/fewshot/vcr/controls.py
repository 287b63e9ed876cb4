"""What VCR has to be better than: the same sum with the view of each scale taken in another way, and the whole picture alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from methods.fewshot.vcr.margins import Margin, cosines, entropies, least_sure
from methods.fewshot.vcr.merging import MergeNorm, merge
from methods.fewshot.vcr.refine import checked

CONTROLS = ("global", "random", "mean", "entropy", "min_margin")
"""Names of the controls, in the order in which they are shown."""

Pick = Callable[[Tensor, Tensor], Tensor]
"""From views (V, D) of a scale and their cosines (V, C) to the feature (D,) that stands for it."""


def control_features(
    views: Mapping[float, Tensor],
    global_feature: Tensor,
    text_features: Tensor,
    margin: Margin = "cosine",
    merge_norm: MergeNorm = "unit",
    *,
    seed: int = 0,
) -> dict[str, Tensor]:
    """Features (D,) of length 1 of every control of `CONTROLS`, merged as VCR merges.

    global: the whole picture alone. random: any view of each scale. mean: the mean of its views, each of length 1 if the merge is
    `unit`. entropy: the view of lowest entropy over the classes. min_margin: the view that CLIP is least sure of.

    Args:
        views, global_feature, text_features, margin, merge_norm: as `refine_views` takes them.
        seed: of the random views; a seed of the picture's own, or all pictures draw alike.

    Raises:
        ValueError: as `refine_views`.
    """
    views, global_feature, text_features = checked(views, global_feature, text_features)
    scores = {scale: cosines(each, text_features) for scale, each in views.items()}
    generator = torch.Generator().manual_seed(seed)

    def random(features: Tensor, _: Tensor) -> Tensor:
        return features[int(torch.randint(len(features), (1,), generator=generator))]

    def mean(features: Tensor, _: Tensor) -> Tensor:
        alike = functional.normalize(features, dim=-1) if merge_norm == "unit" else features
        return alike.mean(dim=0)

    def entropy(features: Tensor, each: Tensor) -> Tensor:
        return features[int(entropies(each).argmin())]

    def min_margin(features: Tensor, each: Tensor) -> Tensor:
        return features[least_sure(each, margin)]

    def merged(pick: Pick) -> Tensor:
        picks = {scale: pick(views[scale], scores[scale]) for scale in views}
        return merge(picks, global_feature, merge_norm)

    return {
        "global": merge({}, global_feature, merge_norm),
        "random": merged(random),
        "mean": merged(mean),
        "entropy": merged(entropy),
        "min_margin": merged(min_margin),
    }
