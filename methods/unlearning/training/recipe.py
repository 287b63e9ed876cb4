"""A recipe: all that a training depends on beside base, rows and template, so that it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from methods.base import MethodError


class Lora(BaseModel):
    """The adapter: plain LoRA (Hu et al. 2021, arXiv:2106.09685).

    Attributes:
        targets: last parts of the adapted layers' names; none are all linear layers of the decoder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    r: int = Field(8, ge=1, le=1024)
    alpha: int = Field(16, ge=1, le=4096)
    dropout: float = Field(0.0, ge=0, lt=1)
    targets: tuple[str, ...] = ()


class Recipe(BaseModel):
    """How an adapter was trained.

    Attributes:
        trainer: "sft", AdamW in mini-batches; or "converged", the full batch with coupled L2 down to a gradient tolerance.
        seed: of the LoRA initialisation, and with sft of the order of the rows.
        weight_decay: with sft AdamW's decoupled one; with converged that of the objective, wd/2 |theta|^2.
        batch_size: rows of one step; with converged those of one forward, which changes no result.
        tolerance: converged: the gradient's norm at which it ends.
        max_steps: converged: steps after which it ends in any case.
        learning_rate, epochs, accumulation, warm_up: of sft; warm_up is the share of the steps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    trainer: Literal["sft", "converged"]
    lora: Lora = Lora()
    seed: int = 0
    weight_decay: float = Field(0.0, ge=0)
    batch_size: int = Field(16, ge=1)
    tolerance: float = Field(1e-5, gt=0)
    max_steps: int = Field(2000, ge=1)
    learning_rate: float = Field(2e-4, gt=0)
    epochs: float = Field(3.0, gt=0)
    accumulation: int = Field(1, ge=1)
    warm_up: float = Field(0.1, ge=0, le=1)

    @property
    def coupled_weight_decay(self) -> float:
        """The weight decay that is part of the objective: AdamW's is not."""
        return self.weight_decay if self.trainer == "converged" else 0.0


def read_recipe(training: Mapping[str, Any] | None) -> Recipe:
    """The recipe in a lineage.

    Raises:
        MethodError: there is none, or it is of no kind that can be repeated here.
    """
    if training is None:
        raise MethodError(
            "the adapter does not say how it was trained, so it cannot be trained again: adapters of “unlearning.train” do"
        )
    try:
        return Recipe.model_validate(training)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise MethodError(f"the adapter's recipe: {place}: {first['msg']}") from error
