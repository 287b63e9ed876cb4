"""Every picture to tell as every classifier will get it: whole, refined, and by each control."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from methods.fewshot.clip.images import Picture
from methods.fewshot.encoding import Encoding
from methods.fewshot.settings import REFINEMENTS, ViewFields, view_settings
from methods.fewshot.vcr.controls import control_features
from methods.fewshot.vcr.refine import refine_views
from methods.stages import Told


def look(
    encoding: Encoding,
    pictures: Sequence[Picture],
    text_features: Tensor,
    fields: ViewFields,
    told: Told,
) -> Tensor:
    """Unit features (N, R, D) of N pictures under each of `REFINEMENTS`, in their order, on the CPU.

    Args:
        text_features: (D, C), unit columns, on the CPU: which view is taken depends on the class texts, and on no label.
    """

    def first(_: float, total: float, message: str) -> None:
        told(0, total, message)

    plain = encoding.whole(pictures, first)
    found = torch.empty(len(pictures), len(REFINEMENTS), encoding.width)
    for place, seen in enumerate(encoding.views(pictures, view_settings(fields), told)):
        whole = seen.whole(plain[place])
        given = seen.features, whole, text_features, fields.margin, fields.merge_norm
        by_name = control_features(*given, seed=seen.seed) | {"vcr": refine_views(*given).feature}
        found[place] = torch.stack([by_name[name] for name in REFINEMENTS])
    return found
