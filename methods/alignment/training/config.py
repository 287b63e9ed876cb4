"""Settings of training on preference pairs."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.alignment.pairs.config import MAIN, MORE
from methods.alignment.training.objectives import ObjectiveSettings

MODEL: JsonDict = {"group": "main", "widget": "model"}
ADAPTER: JsonDict = {"group": "more", "widget": "artefact", "suffix": ".zip"}


class TrainConfig(ObjectiveSettings):
    """One training on preference pairs, by one objective."""

    model: str = Field(
        "scenes",
        min_length=1,
        max_length=500,
        title="Model",
        description="What to train: “scenes” (the small world's LLaVA), a folder of a transformers image-text or text model, or "
        "a hub id owner/name[@revision]; safetensors weights only.",
        examples=["scenes"],
        json_schema_extra=MODEL,
    )
    learning_rate: float | None = Field(
        None,
        gt=0,
        le=1,
        title="Learning rate",
        description="Peak of a cosine schedule with a tenth of warm-up; empty is 5e-4 for the small world and 1e-5 otherwise.",
        json_schema_extra=MAIN,
    )
    epochs: float = Field(
        2.0,
        gt=0,
        le=100,
        title="Epochs",
        description="Passes through the pairs, also a part of one.",
        json_schema_extra=MAIN,
    )
    max_steps: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        title="Most steps",
        description="Optimiser steps; empty is as many as the epochs take.",
        json_schema_extra=MORE,
    )
    batch_size: int = Field(
        16,
        ge=1,
        le=512,
        title="Batch size",
        description="Pairs of one forward; DAMO filters and averages among them, so take 8 or more where memory allows.",
        json_schema_extra=MAIN,
    )
    gradient_accumulation: int = Field(
        1,
        ge=1,
        le=1024,
        title="Gradient accumulation",
        description="Forwards of one optimiser step.",
        json_schema_extra=MORE,
    )
    max_length: int | None = Field(
        None,
        ge=8,
        le=1_000_000,
        title="Most tokens",
        description="Longer prompts with their answers are cut at the end, in tokens; empty cuts nothing.",
        json_schema_extra=MORE,
    )
    lora_r: int = Field(
        16,
        ge=1,
        le=1024,
        title="LoRA rank",
        description="Rank of the adapter's matrices.",
        json_schema_extra=MORE,
    )
    lora_alpha: int = Field(
        32,
        ge=1,
        le=4096,
        title="LoRA alpha",
        description="The adapter's change is scaled by alpha over rank.",
        json_schema_extra=MORE,
    )
    lora_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="LoRA dropout",
        description="Share of the adapter's inputs set to 0 while training; above 0 the model's own dropout is active too.",
        json_schema_extra=MORE,
    )
    target_modules: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        (),
        max_length=50,
        title="Adapted layers",
        description="Names of the language model's linear layers, as q_proj, v_proj; empty is all of them. The vision tower, the "
        "projector and the output layer are never adapted.",
        json_schema_extra=MORE,
    )
    adapter: str = Field(
        "",
        max_length=500,
        title="Go on from",
        description="adapter.zip of an earlier training to train further, as run_id/adapter.zip or a path; it is the reference "
        "then. Empty starts a new one.",
        json_schema_extra=ADAPTER,
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32",
        title="Precision",
        description="Number format of the weights; the adapter is trained in float32.",
        json_schema_extra=MORE,
    )
    eval_pairs: int = Field(
        40,
        ge=0,
        le=10_000,
        title="Held-out pairs",
        description="Pairs, drawn once from the data, the same for every seed, that are not trained on; accuracy and margin are measured on them.",
        json_schema_extra=MORE,
    )
    evaluate_scenes: int = Field(
        100,
        ge=0,
        le=2000,
        title="Described scenes",
        description="For the small world: held-out scenes that the model describes before and after, to count what it makes up; 0 "
        "is none.",
        json_schema_extra=MORE,
    )

    @property
    def rate(self) -> float:
        """Peak learning rate."""
        if self.learning_rate is not None:
            return self.learning_rate
        return 5e-4 if self.model == "scenes" else 1e-5

    @property
    def describes(self) -> bool:
        """The model describes scenes before and after."""
        return self.model == "scenes" and self.evaluate_scenes > 0

    def steps(self, pairs: int) -> int:
        """Optimiser steps over so many training pairs, as transformers' Trainer counts them."""
        if self.max_steps is not None:
            return self.max_steps
        batches = -(-pairs // self.batch_size)
        in_epoch = -(-batches // self.gradient_accumulation)
        return max(math.ceil(self.epochs * in_epoch), 1)
