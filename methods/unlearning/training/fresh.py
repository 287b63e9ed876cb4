"""A new LoRA adapter, and putting one back to where its training began."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from methods.base import MethodError
from methods.peft_files import language_linears
from methods.unlearning.models.loading import trainable
from methods.unlearning.training.recipe import Lora


def add_adapter(model: Any, lora: Lora, seed: int) -> Any:
    """A base with a new adapter on it, as a `PeftModel`.

    Raises:
        MethodError: the model has no such layers.
    """
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415  takes seconds to import

    config = LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=language_linears(model, lora.targets),
        task_type="CAUSAL_LM",
    )
    adapted = get_peft_model(model, config)
    initialise(trainable(adapted), seed)
    return adapted


def initialise(parameters: Mapping[str, Tensor], seed: int) -> None:
    """Put LoRA matrices to their start, in place: A uniform within 1/sqrt(inputs) as PEFT draws it, B zero.

    The draws depend on seed, names and shapes alone, not on the device.

    Raises:
        MethodError: a tensor is neither A nor B of plain LoRA, so that nothing says where it began.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in sorted(parameters.items()):
            if ".lora_A." in name:
                drawn = torch.empty(tensor.shape)
                torch.nn.init.kaiming_uniform_(drawn, a=math.sqrt(5), generator=generator)
                tensor.copy_(drawn)
            elif ".lora_B." in name:
                tensor.zero_()
            else:
                raise MethodError(
                    f"{name} is no matrix of plain LoRA, so it is not known where its training began, and it cannot be repeated"
                )
