"""Whether a variant fits a model, and what PEFT makes of its parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from methods.unlearning.verification.distances import lora_pairs

_FACTOR = re.compile(r"\.lora_(?:embedding_)?A\.")


def check_variant(
    name: str, parameters: Mapping[str, Tensor], variant: Mapping[str, Tensor]
) -> None:
    """Raises `ValueError` where a variant's tensors are not those of the adapter by name and shape, or are not finite."""
    missing, unknown = parameters.keys() - variant.keys(), variant.keys() - parameters.keys()
    if missing or unknown:
        raise ValueError(
            f"variant {name!r}: needs the adapter's {len(parameters)} tensors; "
            f"{len(missing)} missing {sorted(missing)[:2]}, {len(unknown)} unknown {sorted(unknown)[:2]}"
        )
    for tensor, value in variant.items():
        if value.shape != parameters[tensor].shape:
            shapes = f"{tuple(value.shape)}, not {tuple(parameters[tensor].shape)}"
            raise ValueError(f"variant {name!r}: {tensor} has shape {shapes}")
        if not torch.isfinite(value).all():
            raise ValueError(f"variant {name!r}: {tensor} holds values that are not finite")


def check_still(model: Any) -> None:
    """Raises `ValueError` for a model in training mode: dropout would make every figure another one each time."""
    if model.training:
        raise ValueError("the model is in training mode, so that dropout is on: call model.eval()")


def scales_of(model: Any, parameters: Mapping[str, Tensor]) -> dict[str, float]:
    """What PEFT multiplies each module's B A by (alpha / r), by name of the A tensor; without those PEFT does not scale."""
    scales = {}
    for name, _ in lora_pairs(parameters):
        path, rest = _FACTOR.split(name, maxsplit=1)
        scaling = getattr(model.get_submodule(path), "scaling", {})
        adapter = rest.split(".")[0]
        if adapter in scaling:
            scales[name] = float(scaling[adapter])
    return scales
