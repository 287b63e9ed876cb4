"""View refinement: of every scale the view that CLIP is surest of, merged with the whole picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from methods.fewshot.vcr.margins import MARGINS, Margin, cosines, margins, surest
from methods.fewshot.vcr.merging import MERGE_NORMS, MergeNorm, merge, merge_shares


@dataclass(frozen=True, eq=False)
class Refined:
    """A refined feature and how it came about.

    Attributes:
        feature: (D,), of length 1; takes the place of the picture's plain feature in any classifier.
        chosen: scale -> index of its view of largest margin.
        margins: scale -> margin (V,) of every view.
        shares: scale -> its part of the merge by weight and length, the whole picture as scale 1; they add up to 1.
    """

    feature: Tensor
    chosen: dict[float, int]
    margins: dict[float, Tensor]
    shares: dict[float, float]


def refine_views(
    views: Mapping[float, Tensor],
    global_feature: Tensor,
    text_features: Tensor,
    margin: Margin = "cosine",
    merge_norm: MergeNorm = "unit",
) -> Refined:
    """VCR's refined feature of a picture (arXiv:2407.14117).

    f = unit(sum_s s v_s + g), v_s the view of scale s whose gap between best and second best class is largest. It is computed from
    features alone, so that other class texts or another margin encode nothing again.

    Args:
        views: scale -> features (V, D) of its views, of the length that the tower gives them; V may differ from scale to scale.
            A scale of 1 is the whole picture: its margins are told, `global_feature` stands for it in the sum. May be empty.
        global_feature: (D,) of the whole picture, of any length.
        text_features: (D, C), unit columns, at least two classes.
        margin: `cosine`, of the published code, or `prob`, of the paper, ties broken by cosine.
        merge_norm: `unit`, or `official_raw` for what the published code computes (see `merging.merge`).

    Raises:
        ValueError: fewer than two classes, so that there is no margin; a shape, scale or word that is not allowed; a number that
            is not finite.
    """
    if margin not in MARGINS or merge_norm not in MERGE_NORMS:
        raise ValueError(
            f"margin must be one of {', '.join(MARGINS)} and merge_norm one of {', '.join(MERGE_NORMS)}; "
            f"got {margin!r} and {merge_norm!r}"
        )
    views, global_feature, text_features = checked(views, global_feature, text_features)
    scores = {scale: cosines(each, text_features) for scale, each in views.items()}
    chosen = {scale: surest(each, margin) for scale, each in scores.items()}
    picks = {scale: views[scale][index] for scale, index in chosen.items()}
    return Refined(
        feature=merge(picks, global_feature, merge_norm),
        chosen=chosen,
        margins={scale: margins(each, margin) for scale, each in scores.items()},
        shares=merge_shares(picks, global_feature, merge_norm),
    )


def checked(
    views: Mapping[float, Tensor], global_feature: Tensor, text_features: Tensor
) -> tuple[dict[float, Tensor], Tensor, Tensor]:
    """The same, by ascending scale and all in one precision, float32 at least.

    Raises:
        ValueError: as `refine_views`.
    """
    if text_features.ndim != 2 or text_features.shape[1] < 2:
        raise ValueError(
            f"text_features must be (D, C) with at least two classes, or there is no margin; got {tuple(text_features.shape)}"
        )
    width = text_features.shape[0]
    if global_feature.shape != (width,):
        raise ValueError(
            f"global_feature must be ({width},) as text_features are, got {tuple(global_feature.shape)}"
        )
    named = {"text_features": text_features, "global_feature": global_feature}
    for scale, features in views.items():
        if not 0 < scale <= 1:
            raise ValueError(f"a scale is a share of the area, above 0 and at most 1; got {scale}")
        if features.ndim != 2 or features.shape[1] != width or not len(features):
            raise ValueError(
                f"views of scale {scale} must be (V, {width}) with at least one view, got {tuple(features.shape)}"
            )
        named[f"views of scale {scale}"] = features
    dtype = torch.float32
    for name, tensor in named.items():
        if not tensor.isfinite().all():
            raise ValueError(f"{name} hold numbers that are not finite")
        dtype = torch.promote_types(dtype, tensor.dtype)
    return (
        {scale: views[scale].to(dtype) for scale in sorted(views)},
        global_feature.to(dtype),
        text_features.to(dtype),
    )
