"""What a training goes down on: objectives, TRL's losses, and their settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.alignment.pairs.config import MORE, PairSettings

Objective = Literal["dpo", "data_aware", "model_aware", "damo", "beta_dpo", "sft"]
Loss = Literal[
    "sigmoid",
    "hinge",
    "ipo",
    "exo_pair",
    "nca_pair",
    "robust",
    "bco_pair",
    "sppo_hard",
    "aot",
    "aot_unpaired",
    "apo_zero",
    "apo_down",
    "discopop",
    "sft",
    "sigmoid_norm",
]
"""Losses of TRL 1.16's `DPOTrainer`."""
DEFAULT_LOSSES: tuple[Loss, ...] = ("sigmoid",)

HARDNESS_AWARE = ("data_aware", "damo")
"""Objectives whose beta follows each pair's hardness."""
FILTERING = ("model_aware", "damo", "beta_dpo")
"""Objectives that draw which pairs to keep, and follow the model's state."""
DAMA = ("data_aware", "model_aware", "damo")
"""Objectives made of DAMO's ingredients."""

POLICY: JsonDict = {"group": "policy"}
HARDNESS: JsonDict = {"group": "policy", "widget": "artefact", "suffix": ".parquet"}


class ObjectiveSettings(PairSettings):
    """An objective on pairs, with all that it can be set to."""

    objective: Objective = Field(
        "damo",
        title="Objective",
        description="DPO; beta by data hardness only, by the model's state only, or by both (DAMO); beta-DPO; or fine-tuning on "
        "the chosen answers (SFT), the control that any gain has to beat.",
        json_schema_extra=POLICY,
    )
    losses: tuple[Loss, ...] = Field(
        DEFAULT_LOSSES,
        min_length=1,
        max_length=6,
        title="Losses",
        description="For DPO: losses of TRL, added up; sigmoid is DPO's own. MPO is sigmoid, bco_pair and sft with weights .8, "
        ".2 and 1.",
        json_schema_extra=MORE,
    )
    loss_weights: tuple[Annotated[float, Field(ge=0, le=100)], ...] = Field(
        (),
        max_length=6,
        title="Loss weights",
        description="One factor a loss, in their order; empty is 1 each.",
        json_schema_extra=MORE,
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=0.5,
        title="Label smoothing",
        description="For the losses robust, exo_pair (which needs it above 0), aot and aot_unpaired: the share of labels that "
        "are thought to be wrong.",
        json_schema_extra=MORE,
    )
    sft_weight: float = Field(
        0.0,
        ge=0,
        le=100,
        title="Anchor",
        description="Factor of an added SFT loss on the chosen answers (mean over their tokens), which keeps the model from "
        "forgetting how to answer; 0 is none.",
        json_schema_extra=POLICY,
    )
    beta: float = Field(
        0.1,
        ge=1e-4,
        le=10,
        title="Beta",
        description="Strength of the pull back to the model as it was, 1 per nat; of DAMO and beta-DPO the base that they scale.",
        json_schema_extra=POLICY,
    )
    drop: float = Field(
        0.2,
        ge=0,
        le=0.9,
        title="Dropped share",
        description="Share of each batch that the filter leaves out, the farthest from the running mean most likely; for the "
        "model's state, DAMO and beta-DPO. At least one pair stays.",
        json_schema_extra=POLICY,
    )
    gamma: float = Field(
        0.9,
        ge=0,
        le=1,
        title="Momentum",
        description="Share of the running mean that each step keeps.",
        json_schema_extra=MORE,
    )
    min_beta: float = Field(
        1e-3,
        ge=0,
        le=1,
        title="Least beta",
        description="No pair's beta is smaller, 1 per nat.",
        json_schema_extra=MORE,
    )
    reading: Literal["code", "paper"] = Field(
        "code",
        title="Reading",
        description="Where DAMO's published code and paper differ (factor of the model, running mean, dropped pairs): which to "
        "follow.",
        json_schema_extra=MORE,
    )
    filter_width: Literal["unit", "running_std", "mad"] = Field(
        "unit",
        title="Filter width",
        description="Standard deviation of the filter: 1 nat (DAMO's code), the running one (beta-DPO, which always takes it), or "
        "a robust one of the batch (1.4826 times the median distance from the median).",
        json_schema_extra=MORE,
    )
    gain: float = Field(
        0.6,
        ge=0,
        le=10,
        title="Gain",
        description="Of beta-DPO: how far beta follows the batch's mean gap, 1 per nat.",
        json_schema_extra=MORE,
    )
    hardness: str = Field(
        "",
        max_length=500,
        title="Hardness",
        description="hardness.parquet of a hardness run on these pairs, as run_id/hardness.parquet or a path. Empty: scores that "
        "the rows bring, or for the small world's pairs its own CLIP.",
        json_schema_extra=HARDNESS,
    )

    @property
    def needs_hardness(self) -> bool:
        return self.objective in HARDNESS_AWARE

    @property
    def filters(self) -> bool:
        return self.objective in FILTERING and self.drop > 0

    def all_losses(self) -> tuple[list[str], list[float]]:
        """TRL's losses with their weights, the anchor included."""
        if self.objective == "sft":
            return ["sft"], [1.0]
        losses: list[str] = list(self.losses if self.objective == "dpo" else DEFAULT_LOSSES)
        weights = list(self.loss_weights) or [1.0] * len(losses)
        if self.sft_weight > 0:
            return [*losses, "sft"], [*weights, self.sft_weight]
        return losses, weights
