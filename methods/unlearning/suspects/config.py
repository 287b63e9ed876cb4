"""Settings of a ranking of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from methods.unlearning.rows.config import MORE, POLICY, AdapterSettings

Influence = Literal["none", "gradient", "ekfac"]


class RankConfig(AdapterSettings):
    """Loss and self-influence of every row that an adapter was trained on."""

    influence: Influence = Field(
        "gradient",
        title="Self-influence",
        description="none (loss only); gradient (each row's gradient against the diagonal of the empirical Fisher information); "
        "ekfac (against its EK-FAC, by the package kronfluence; slower, linear layers only).",
        json_schema_extra=POLICY,
    )
    damping: float = Field(
        0.1,
        ge=0,
        le=1000,
        title="Damping",
        description="Added to the diagonal, as a share of its mean; of the gradient form only.",
        json_schema_extra=MORE,
    )
    fisher_rows: int = Field(
        1024,
        ge=0,
        le=10_000_000,
        title="Rows for the diagonal",
        description="Rows that the diagonal is taken of, drawn by the seed; 0 takes all, at twice the cost.",
        json_schema_extra=MORE,
    )
    batch_size: int = Field(
        32,
        ge=1,
        le=4096,
        title="Batch size",
        description="Rows of one forward and backward; the result depends on it by rounding only.",
        json_schema_extra=MORE,
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32",
        title="Precision",
        description="Number format of the base's weights; the adapter's gradients are float32.",
        json_schema_extra=MORE,
    )


def simplify(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without those that only the gradient form uses, where another is chosen."""
    if values.get("influence", "gradient") == "gradient":
        return dict(values)
    return {name: value for name, value in values.items() if name not in ("damping", "fisher_rows")}
