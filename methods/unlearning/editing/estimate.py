"""What an edit is expected to cost and to be worth, from its settings and, where they are known, the rows it is about.

The unit is one forward of one row. A gradient costs three, a product with the curvature four of each of its rows, trying a step
length one of each row looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from methods.base import Estimate
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.influence.solvers.published_settings import Published, enough_steps
from methods.unlearning.rows.config import TOWN
from methods.unlearning.training.recipe import Recipe

ADVISED_SHARE = 0.03
"""Of the rows; beyond it a retrain is advised."""
LARGEST_SHARE = 0.2
"""Of the rows; beyond it an edit is refused unless it is allowed."""
ERRORS: tuple[tuple[float, float, float], ...] = (
    (0.003, 0.04, 4e-5),
    (0.03, 0.15, 3e-3),
    (0.05, 0.26, 0.018),
    (0.10, 0.53, 0.12),
)
"""Share of rows, distance from a retrain relative to the retrain's own change, of one and of two or more linear steps: flipped labels of a
logistic regression, measured by us. The mildest case there is: adapters do worse."""

START_SECONDS = 9.0
"""Importing transformers and peft, loading the small world."""
BASE_MB = 1200.0
TOWN_ROW_SECONDS = 5e-5
"""Forward of one of its rows in a large batch, on one CPU core: a mean over the parts of a run."""
GPU_ROW_SECONDS = 0.02
"""Forward of a row of some hundred tokens through a 7B model in bfloat16."""
ASSUMED_ROWS, ASSUMED_MARKED = 1000, 10
"""Of data that is not opened here."""
HUB_MB = 15_000.0
ROW_MB = 700.0
"""Activations and tangents of one row of a 7B model."""
SLOPES_MB = 27_000.0
"""The loss's slope by every linear layer of a 7B model in float32, which the coupling of LoRA's factors takes under weight decay."""
LENGTHS = 15
"""Step lengths that the curve has."""
SEARCHED = 10
"""Step lengths that a search tries."""
ROWS_OF_A_STEP = 256
"""Of a control, at most."""
SMALL_GRADIENT = 1e-4
"""Norm of the objective's gradient up to which a training ended at a minimum."""
DECODED = 12
"""Forwards that a greedy answer costs, about."""
EPOCHS = 5.0
"""Of a retrain whose recipe is not known."""
CONVERGED_PASSES = 300.0
"""Through all rows, of the trainer that goes down to a small gradient, as the small world's adapters take."""


@dataclass(frozen=True)
class Work:
    """Forwards of one row, by what they are for; `retrain` is of one retrain."""

    solve: float
    curve: float
    verify: float
    controls: float
    retrain: float
    products: int

    @property
    def total(self) -> float:
        return self.solve + self.curve + self.verify + self.controls


def estimate_erase(config: EraseConfig) -> Estimate:
    """Seconds and memory, from the settings alone."""
    rows, marked = _town_counts(config) if config.model == TOWN else (ASSUMED_ROWS, ASSUMED_MARKED)
    return estimate_request(config, rows=rows, marked=marked)


def estimate_request(
    config: EraseConfig, *, rows: int, marked: int, epochs: float | None = None
) -> Estimate:
    """Seconds and memory of a request whose size is known.

    Args:
        rows, marked: rows the adapter was trained on, and those in the request.
        epochs: passes of the adapter's own training; None takes a usual number.

    Returns:
        An estimate; its detail has `products` (with the curvature), `share` (of rows that change), `expected_error` (distance from a
        retrain relative to the retrain's change, in the mildest case that was measured) and `retrain_seconds`.
    """
    work = work_of(config, rows, marked, epochs)
    town = config.model == TOWN
    each = TOWN_ROW_SECONDS if town else GPU_ROW_SECONDS
    seconds = START_SECONDS + each * (work.total + config.retrain * work.retrain)
    memory = BASE_MB + (0.5 if town else ROW_MB) * min(config.rows_at_once, rows)
    memory += 0 if town else HUB_MB
    if config.curvature == "ggn_lora" and not town and config.weight_decay:
        memory += SLOPES_MB
    detail = {
        "products": float(work.products),
        "share": marked / rows,
        "expected_error": expected_error(marked / rows, config.linear_steps),
        "retrain_seconds": each * work.retrain,
    }
    return Estimate(seconds, memory, detail)


def work_of(config: EraseConfig, rows: int, marked: int, epochs: float | None = None) -> Work:
    """What a run has to do, in forwards of one row."""
    products, curved = _products(config), _rows_of_product(config, rows)
    asked = marked * (2 + config.neighbours)
    probe = min(config.retained_rows, rows) + asked
    variants = 2 + len(config.controls) + config.retrain
    solve = products * 4.0 * curved
    solve += config.linear_steps * (3.0 * 2 * marked + SEARCHED * probe)
    steps = {"finetune": rows, "ascent": marked, "npo": rows + marked}
    seen = sum(min(steps[name], ROWS_OF_A_STEP) for name in config.controls)
    controls = config.control_steps * 3.0 * seen
    unknown = CONVERGED_PASSES if config.model == TOWN else EPOCHS
    passes = unknown if epochs is None else epochs
    return Work(
        solve=0.0 if config.direction else solve,
        curve=LENGTHS * float(probe),
        verify=variants * (probe * 2.0 + asked * DECODED),
        controls=controls,
        retrain=3.0 * rows * passes,
        products=0 if config.direction else products,
    )


def passes_of(recipe: Recipe | None) -> float | None:
    """How often a training by this recipe goes through its rows; None where it is not known."""
    if recipe is None:
        return None
    return recipe.epochs if recipe.trainer == "sft" else CONVERGED_PASSES


def _products(config: EraseConfig) -> int:
    solves = config.relinearise + max(1, len(config.damping_sweep))
    published = _published(config)
    return solves * (config.max_iterations if published is None else published.iterations)


def _rows_of_product(config: EraseConfig, rows: int) -> int:
    published = _published(config)
    wanted = config.curvature_rows or rows if published is None else published.batch
    return min(wanted, rows)


def _published(config: EraseConfig) -> Published | None:
    """Settings of the paper's solver, where that is taken."""
    if config.solver == "published_mended":
        return enough_steps(config.damping)
    return Published() if config.solver == "published" else None


def expected_error(share: float, steps: int) -> float:
    """Distance from a retrain, relative to the retrain's change: interpolated between what was measured, never beyond 1."""
    column = 1 if steps < 2 else 2
    points = [(math.log(row[0]), math.log(row[column])) for row in ERRORS]
    at = math.log(max(share, 1e-9))
    low, high = points[0], points[1]
    for left, right in pairwise(points):
        low, high = left, right
        if at <= right[0]:
            break
    slope = (high[1] - low[1]) / (high[0] - low[0])
    return min(math.exp(low[1] + slope * (at - low[0])), 1.0)


def at_minimum(recipe: Recipe | None) -> bool:
    """The adapter was trained to where the gradient of an objective with weight decay all but vanishes."""
    return (
        recipe is not None
        and recipe.coupled_weight_decay > 0
        and recipe.tolerance <= SMALL_GRADIENT
    )


def advice(
    config: EraseConfig,
    *,
    rows: int,
    marked: int,
    epochs: float | None = None,
    minimum: bool = False,
) -> list[str]:
    """What a person should know before launching, most important first; empty where there is nothing to say.

    Args:
        minimum: see `at_minimum`; the others as `estimate_request`.
    """
    said: list[str] = []
    share = marked / rows
    if share > ADVISED_SHARE:
        error = expected_error(share, config.linear_steps)
        said.append(
            f"The request changes {share:.1%} of the rows. Beyond {ADVISED_SHARE:.0%} train again instead: even in the mildest case that we "
            f"measured, {_steps(config)} from a retrain by {error:.0%} of its change."
        )
    if config.model == TOWN and config.adapter == "memorising":
        said.append(
            "This adapter learnt its rows by heart, where an edit is weak: launch a retrain beside it, and look at the fine-tune."
        )
    work = work_of(config, rows, marked, epochs)
    if work.solve > work.retrain and not config.direction:
        said.append(
            f"Solving costs about {work.solve / work.retrain:.1f} times what training again would. Take fewer rows for the curvature (256 "
            "to 2048), fewer iterations, or the retrain."
        )
    if minimum and config.curvature != "hessian" and not config.direction:
        said.append(
            "This adapter was trained down to a minimum with weight decay, where the preset “Exact Hessian” comes nearer to a retrain."
        )
    said += _of_policy(config, minimum)
    return said


def _of_policy(config: EraseConfig, minimum: bool) -> Sequence[str]:
    said = []
    if not config.line_search and config.solver != "published":
        said.append("The full step is taken without a guard: the other rows may be forgotten too.")
    if config.solver == "published":
        said.append(
            "The published constants move the adapter very little: take this as a comparison, not as an edit."
        )
    if config.curvature == "hessian" and config.solver == "cg":
        if not minimum:
            said.append(
                "The exact Hessian has negative directions wherever training did not reach a minimum; the solver then stops early."
            )
        elif config.curvature_data == "edited":
            said.append(
                "The Hessian of the edited rows has negative directions where the adapter stands: take the original rows for the first "
                "step's curvature."
            )
    if not config.controls and not config.retrain:
        said.append("Nothing runs beside the edit, so that there is nothing to judge it by.")
    return said


def _steps(config: EraseConfig) -> str:
    count = config.linear_steps
    return "one linear step differs" if count == 1 else f"{count} linear steps differ"


def _town_counts(config: EraseConfig) -> tuple[int, int]:
    """Rows of the small world and of its request; an adapter that somebody trained there is taken to have as many."""
    from methods.worlds.town import ADAPTERS, training_rows  # noqa: PLC0415  reads its rows

    rows = training_rows(config.adapter if config.adapter in ADAPTERS else "regularised")
    kinds = {"wrong": ("wrong",), "private": ("private",), "prompts": ("prompt",)}
    wanted = kinds.get(config.request, ("wrong", "private", "prompt"))
    return len(rows), max(sum(row["kind"] in wanted for row in rows), 1)
