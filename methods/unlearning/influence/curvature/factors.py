"""Which parameters are the two factors of one LoRA module, and the frozen matrix that their product is added to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

_A = re.compile(r"(?P<module>.+)\.lora_A\.(?P<adapter>[^.]+)\.weight")


@dataclass(frozen=True)
class Factors:
    """A module that computes with W0 + scale * B A, as PEFT lays it out.

    Attributes:
        a, b, base: names of A (r, in), B (out, r) and W0 in the model.
        scale: alpha / r.
        turned: W0 is stored (in, out), as GPT-2's layers store it.
    """

    a: str
    b: str
    base: str
    scale: float
    turned: bool


def factors_of(model: nn.Module) -> list[Factors]:
    """The modules of a model both of whose factors are trainable.

    Raises:
        ValueError: there is none; one has a norm beside its factors (DoRA), so that it is not linear in their product; one is no
            matrix (a convolution).
    """
    found = list(_found(model))
    if not found:
        raise ValueError(
            "curvature 'ggn_lora' is for LoRA adapters, and no trainable parameter of this model is called lora_A: take 'ggn'"
        )
    return found


def _found(model: nn.Module) -> Iterator[Factors]:
    trainable = {name: each for name, each in model.named_parameters() if each.requires_grad}
    for name in trainable:
        match = _A.fullmatch(name)
        if match is None:
            continue
        path, adapter = match["module"], match["adapter"]
        module, b = model.get_submodule(path), f"{path}.lora_B.{adapter}.weight"
        if adapter in getattr(module, "lora_magnitude_vector", {}):
            raise ValueError(
                f"curvature 'ggn_lora': {path} is scaled by a norm of its weights (DoRA), so that it is not linear in B A: take 'ggn'"
            )
        if trainable[name].dim() != 2:
            raise ValueError(f"curvature 'ggn_lora': {path} is no linear layer: take 'ggn'")
        if b in trainable:
            scale = float(module.scaling[adapter])  # type: ignore[index]
            turned = bool(getattr(module, "fan_in_fan_out", False))
            yield Factors(name, b, f"{path}.base_layer.weight", scale, turned)
