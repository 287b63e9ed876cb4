"""Settings of an edit: what is asked, how it is computed, and what stands beside it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.unlearning.rows.config import MAIN, MORE, POLICY, TOWN, AdapterSettings

Control = Literal["finetune", "ascent", "npo"]
Damping = Annotated[float, Field(ge=0, le=1e6)]
TOWN_REQUESTS = ("wrong", "private", "prompts", "mixed")
"""Requests of the small world."""

REQUEST: JsonDict = {
    "group": "main",
    "widget": "upload",
    "suffix": ".json",
    "examples": list(TOWN_REQUESTS),
}
DIRECTION: JsonDict = {"group": "more", "widget": "artefact", "suffix": ".safetensors"}


class EraseConfig(AdapterSettings):
    """One request, answered by one edit of an adapter."""

    request: str = Field(
        "wrong",
        min_length=1,
        max_length=1000,
        title="Request",
        description="What is asked: a request file (JSON with remove, prompts and answers by row id), as an upload, a path or "
        "run_id/request.json; or one of the small world: wrong (correct every wrong answer), private (remove the secrets of shops), "
        "prompts (mend prompts that name another shop), mixed (a third of each).",
        json_schema_extra=REQUEST,
    )
    controls: tuple[Control, ...] = Field(
        ("finetune", "ascent", "npo"),
        title="Controls",
        description="What stands beside the edit, from the same adapter: a short fine-tune on the corrected rows, gradient ascent on "
        "the rows to forget, and negative preference optimisation.",
        json_schema_extra=MAIN,
    )
    retrain: int = Field(
        0,
        ge=0,
        le=2,
        title="Retrains",
        description="Train the adapter again from its start on the corrected rows and measure against it: 0, 1, or 2 with another "
        "seed, which shows how far two retrains differ. Needs the adapter's recipe.",
        json_schema_extra=MAIN,
    )
    rhs: Literal["influence", "newton"] = Field(
        "influence",
        title="Right-hand side",
        description="influence takes away what the request asks and nothing else; newton also finishes a training that was stopped "
        "before it converged.",
        json_schema_extra=POLICY,
    )
    curvature: Literal["ggn", "ggn_lora", "hessian"] = Field(
        "ggn",
        title="Curvature",
        description="ggn is the Gauss-Newton form, which has no negative directions; ggn_lora is the same with the coupling of LoRA's "
        "factors, which matters where the objective holds a weight decay and is nothing where it holds none; hessian is the exact "
        "one, which has negative directions.",
        json_schema_extra=POLICY,
    )
    curvature_data: Literal["edited", "original"] = Field(
        "edited",
        title="Rows of the first step's curvature",
        description="edited are the rows as the request would have them; original those the adapter was trained on, as the influence "
        "function has it: at a minimum their exact Hessian has no negative directions. Later steps take the edited rows.",
        json_schema_extra=POLICY,
    )
    solver: Literal["cg", "lissa", "published", "published_mended"] = Field(
        "cg",
        title="Solver",
        description="Conjugate gradients, LiSSA, or the paper's: published is the arithmetic of its code with the constants it ships; "
        "published_mended has the factor 1/2 of the Hessian and the number of its steps put right.",
        json_schema_extra=POLICY,
    )
    relinearise: int = Field(
        0,
        ge=0,
        le=16,
        title="Relinearise",
        description="How many times to repeat from the point reached, with gradients and curvature anew; 0 is one linear step.",
        json_schema_extra=POLICY,
    )
    damping: float = Field(
        1e-2,
        ge=0,
        le=1e6,
        title="Damping",
        description="Added to the curvature's diagonal; bounds the step's length by |b| / damping. In units of the curvature of a "
        "mean loss in nats.",
        json_schema_extra=POLICY,
    )
    damping_sweep: tuple[Damping, ...] = Field(
        (),
        max_length=8,
        title="Dampings to try",
        description="Solve the first step with each of these instead, and keep the one whose step serves the objective best within the "
        "guard; each costs a solve.",
        json_schema_extra=POLICY,
    )
    line_search: bool = Field(
        True,
        title="Search the step length",
        description="Shorten the step until the objective falls and the other rows keep their loss; off takes the full step without "
        "any guard.",
        json_schema_extra=POLICY,
    )
    max_iterations: int = Field(
        50,
        ge=1,
        le=10_000,
        title="Most iterations",
        description="Of the solver, each a product with the curvature; LiSSA takes more for the same accuracy. The paper's solver keeps "
        "its own number.",
        json_schema_extra=POLICY,
    )
    tolerance: float = Field(
        1e-3,
        gt=0,
        lt=1,
        title="Tolerance",
        description="Residual, relative to the right-hand side, at which the solver stops.",
        json_schema_extra=POLICY,
    )
    weight_decay: float | None = Field(
        None,
        ge=0,
        le=100,
        title="Weight decay",
        description="Of the objective, w/2 |th|^2; empty is what the adapter's recipe says, 0 where it has none or a decoupled one.",
        json_schema_extra=MORE,
    )
    curvature_rows: int = Field(
        0,
        ge=0,
        le=1_000_000,
        title="Rows of the curvature",
        description="A random subset, the same for the whole solve, over which the curvature is averaged; 0 is all rows. On large "
        "data 256 to 2048 are what makes an edit cheaper than training again.",
        json_schema_extra=MORE,
    )
    retain_tolerance: float = Field(
        0.02,
        ge=0,
        le=10,
        title="Guard",
        description="How much the mean loss of the other rows may rise, as a share of itself or in nats, whichever is more.",
        json_schema_extra=MORE,
    )
    direction: str = Field(
        "",
        max_length=500,
        title="Known direction",
        description="update.safetensors of an earlier run of the same request, as run_id/update.safetensors: nothing is solved and "
        "that direction is taken. Empty solves.",
        json_schema_extra=DIRECTION,
    )
    step_length: float | None = Field(
        None,
        ge=0,
        le=4,
        title="Step length",
        description="How far along a known direction to go, as a share of the solver's full step; empty searches.",
        json_schema_extra=MORE,
    )
    control_steps: int = Field(
        30,
        ge=1,
        le=10_000,
        title="Steps of the controls",
        description="Adam steps of each control.",
        json_schema_extra=MORE,
    )
    control_rate: float | None = Field(
        None,
        gt=0,
        le=1,
        title="Rate of the controls",
        description="Adam's learning rate in the controls; empty is each control's own default.",
        json_schema_extra=MORE,
    )
    retained_rows: int = Field(
        200,
        ge=1,
        le=100_000,
        title="Other rows looked at",
        description="How many rows outside the request are measured, drawn once from the data; all where there are fewer.",
        json_schema_extra=MORE,
    )
    neighbours: int = Field(
        3,
        ge=0,
        le=20,
        title="Neighbours",
        description="For each row of the request, how many rows with the most similar prompts are looked at (cosine of TF-IDF).",
        json_schema_extra=MORE,
    )
    batch_size: int | None = Field(
        None,
        ge=1,
        le=4096,
        title="Batch size",
        description="Rows of one forward; no figure depends on it but for rounding, memory does. Empty is 256 for the small world "
        "and 8 otherwise.",
        json_schema_extra=MORE,
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32",
        title="Precision",
        description="Number format of the base's weights; the adapter, and all that is solved, is float32.",
        json_schema_extra=MORE,
    )
    allow_large: bool = Field(
        False,
        title="Allow a large request",
        description="Also edit where more than a fifth of the rows are in the request, far beyond what was measured to work.",
        json_schema_extra=MORE,
    )

    @property
    def rows_at_once(self) -> int:
        """Rows of one forward."""
        if self.batch_size is not None:
            return self.batch_size
        return 256 if self.model == TOWN else 8

    @property
    def linear_steps(self) -> int:
        """Steps of the edit, each linear."""
        return self.relinearise + 1
