"""Settings of training an adapter on instruction rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from methods.unlearning.rows.config import DATA, MAIN, MORE, TOWN, RowSettings
from methods.unlearning.training.recipe import Lora, Recipe

SFT_ONLY = ("learning_rate", "epochs", "accumulation")
CONVERGED_ONLY = ("tolerance", "max_steps")
SHARED = ("trainer", "weight_decay", "batch_size", *CONVERGED_ONLY, "epochs", "accumulation")
"""Settings that a recipe has by the same name."""


def simplify_train(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without those that the chosen trainer does not look at."""
    unused = SFT_ONLY if values.get("trainer") == "converged" else CONVERGED_ONLY
    return {name: value for name, value in values.items() if name not in unused}


class TrainConfig(RowSettings):
    """One training of a LoRA adapter on a table of instruction rows."""

    data: str = Field(
        TOWN,
        min_length=1,
        max_length=1000,
        title="Rows",
        description=f"Instruction rows to train on: “{TOWN}” (the small world's), an upload (.jsonl, .json or .parquet), a file "
        "on this machine, or run_id/rows.jsonl.",
        json_schema_extra=DATA,
    )
    held_out: str = Field(
        "",
        max_length=1000,
        title="Held-out rows",
        description="Rows of the same kind that are not trained on, as the data; empty is a share of the data itself, or the "
        "small world's own.",
        json_schema_extra={**DATA, "group": "more"},
    )
    held_out_share: float = Field(
        0.1,
        ge=0,
        le=0.5,
        title="Held-out share",
        description="Where no held-out rows are given: the share of the rows, drawn by the seed, that is not trained on; what "
        "was memorised can only be told beside such rows. 0 holds none out.",
        json_schema_extra=MORE,
    )
    max_rows: int | None = Field(
        None,
        ge=2,
        le=10_000_000,
        title="Most rows",
        description="Take the first so many rows; empty is all.",
        json_schema_extra=MORE,
    )
    trainer: Literal["sft", "converged"] = Field(
        "sft",
        title="Trainer",
        description="“sft” is TRL's: AdamW in mini-batches, for any data. “converged” takes all rows at every step and ends where "
        "the gradient is nearly zero, which influence edits assume; for some hundred rows and a small model.",
        json_schema_extra=MAIN,
    )
    learning_rate: float | None = Field(
        None,
        gt=0,
        le=1,
        title="Learning rate",
        description="Of sft: peak of a cosine schedule with a tenth of warm-up; empty is 5e-3 for the small world and 2e-4 "
        "otherwise.",
        json_schema_extra=MAIN,
    )
    epochs: float = Field(
        3.0,
        gt=0,
        le=1000,
        title="Epochs",
        description="Of sft: passes through the rows.",
        json_schema_extra=MAIN,
    )
    weight_decay: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Weight decay",
        description="Of sft AdamW's, apart from the loss; of converged wd/2 |theta|² in the loss, without which it hardly ends "
        "(1e-2 keeps an adapter from memorising).",
        json_schema_extra=MAIN,
    )
    batch_size: int = Field(
        16,
        ge=1,
        le=4096,
        title="Batch size",
        description="Rows of one forward; with converged it only bounds the memory.",
        json_schema_extra=MORE,
    )
    accumulation: int = Field(
        1,
        ge=1,
        le=1024,
        title="Gradient accumulation",
        description="Of sft: forwards of one optimiser step.",
        json_schema_extra=MORE,
    )
    tolerance: float = Field(
        1e-4,
        gt=0,
        le=1,
        title="Gradient tolerance",
        description="Of converged: norm of the whole gradient, in nats per unit of the parameters, at which it ends; float32 "
        "rounding stops it at about 1e-6.",
        json_schema_extra=MORE,
    )
    max_steps: int = Field(
        1000,
        ge=1,
        le=1_000_000,
        title="Most steps",
        description="Of converged: steps after which it ends in any case, and says that it has not converged.",
        json_schema_extra=MORE,
    )
    lora_r: int = Field(
        8,
        ge=1,
        le=1024,
        title="LoRA rank",
        description="Rank of the adapter's matrices.",
        json_schema_extra=MORE,
    )
    lora_alpha: int = Field(
        16,
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
        description="Of sft: share of the adapter's inputs set to 0 while training. Above 0 the loss that was minimised is not "
        "the one that an edit differentiates.",
        json_schema_extra=MORE,
    )
    target_modules: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        (),
        max_length=50,
        title="Adapted layers",
        description="Last parts of the names of the linear layers that get an adapter, such as q_proj; empty is all of the "
        "decoder.",
        json_schema_extra=MORE,
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32",
        title="Precision",
        description="Number format of the base; the adapter is float32 always.",
        json_schema_extra=MORE,
    )

    @property
    def rate(self) -> float:
        """The learning rate, also where none is given."""
        return self.learning_rate or (5e-3 if self.model == TOWN else 2e-4)

    def recipe(self, seed: int) -> Recipe:
        """What a retrain has to repeat."""
        shared = {name: getattr(self, name) for name in SHARED}
        lora = Lora(
            r=self.lora_r,
            alpha=self.lora_alpha,
            dropout=self.lora_dropout,
            targets=self.target_modules,
        )
        return Recipe(**shared, learning_rate=self.rate, seed=seed, lora=lora)
