"""A toy that reports what `unlearning.erase` reports, computed on a softmax regression of a few hundred numbers: `toy.edit`."""

from __future__ import annotations

import json
import time
from typing import Any, Literal

import numpy as np
from pydantic import Field

from methods.base import Config, Context, Result
from tests.toys.edit_records import STEPS, Measures, curve_of, rows_of
from tests.toys.softmax import COLOURS, FEATURES, Array, Table, descend, gradient, solve


class EditConfig(Config):
    people: int = Field(16, ge=4, le=20, description="People; each has four rows, one a thing.")
    weight_decay: float = Field(
        0.01, gt=0, le=1, description="Small values memorise the wrong rows."
    )
    damping: float = Field(0.01, ge=0, le=100, description="Added to the curvature.")
    retrain: int = Field(1, ge=0, le=2, description="Retrains to set beside the edit.")
    step_length: float | None = Field(None, ge=0, le=1, description="None searches for it.")
    direction: str = Field("", max_length=200, description="A run's update.safetensors, or empty.")
    request: str = Field("mixed", max_length=200, description="A name, shown only.")
    what: Literal["mixed", "nothing"] = Field("mixed", description="What the request asks.")
    overshoot: float = Field(
        1.0, gt=0, le=100, description="Makes the update too long, for the guard to stop it."
    )
    seconds: float = Field(0.0, ge=0, le=60, description="Seconds to wait before the work.")


def edit(config: EditConfig, context: Context) -> Result:
    """Edits, measures, and sets a short fine-tune, gradient ascent and retrains beside it."""
    time.sleep(config.seconds)
    table = Table(config.people, context.seed, marked=config.what == "mixed")
    nothing = np.zeros((FEATURES, len(COLOURS)))
    before = descend(nothing, table.original, config.weight_decay, 3000)
    context.progress(1, 4, "trained")
    edited = table.edited
    products = 0

    def tell(step: int, residual: float) -> None:
        nonlocal products
        products = step
        context.log(step, residual=residual)

    update, began = nothing, time.perf_counter()
    if table.marked:
        found = solve(before, edited, config.weight_decay, config.damping, tell)
        update = config.overshoot * found
    solved = time.perf_counter() - began
    path = [before + alpha * update for alpha in STEPS]
    curve = curve_of(table, path, config.weight_decay)
    allowed = [point for point in curve if point["allowed"]]
    best = min(allowed, key=lambda point: float(point["objective"]))["alpha"]
    chosen = float(best if config.step_length is None else config.step_length)
    for point in curve:
        point["chosen"] = point["alpha"] == chosen
    context.progress(2, 4, "solved")
    variants = {"before": before, "edit": before + chosen * update}
    if table.marked:
        variants |= controls(table, before, config)
    measures = Measures(table, before, variants.get("retrain"))
    steps = {"finetune": 30, "ascent": 10}
    rows = [
        measures.variant(name, theta, solved if name == "edit" else None, steps.get(name))
        for name, theta in variants.items()
    ]
    context.record("edit_variant", rows)
    context.record("edit_curve", curve)
    context.record("edit_row", rows_of(table, measures, variants, path))
    verdict = said(table, {row["name"]: row for row in rows}, config)
    context.record("verdict", verdict)
    asked = {"version": 1, "id": "", "title": config.request}
    for name, content in (("request.json", asked), ("certificate.json", {"request": asked})):
        context.save_file(name, json.dumps(content).encode(), role="file")
    context.save_file("adapter.zip", before.tobytes(), role="file")
    context.save_file("update.safetensors", update.tobytes(), role="file")
    context.progress(4, 4, "done")
    now = rows[1]
    figures = {
        "forget_loss": now["forget_loss"],
        "retain_loss": now["retain_loss"],
        "step_length": chosen,
    }
    known = {name: float(value) for name, value in figures.items() if value is not None}
    cost = {"products": float(products), "solve_seconds": solved}
    return Result(known | cost, str(verdict[0]["text"]))


def controls(table: Table, before: Array, config: EditConfig) -> dict[str, Array]:
    asked = (
        np.array([row.x for row in table.marked]),
        np.array([row.answer for row in table.marked]),
    )
    ascended = before
    for _ in range(10):
        ascended = ascended + 1.0 * gradient(ascended, asked, 0.0)
    found = {
        "finetune": descend(before, table.edited, config.weight_decay, 30, 0.5),
        "ascent": ascended,
    }
    for place in range(config.retrain):
        start = 0.01 * table.draw.normal(size=before.shape)
        found["retrain" if not place else "retrain_2"] = descend(
            start, table.edited, config.weight_decay, 3000
        )
    return found


def said(
    table: Table, variants: dict[str, dict[str, Any]], config: EditConfig
) -> list[dict[str, str]]:
    if not table.marked:
        return [
            {"level": "info", "text": "The request asks for nothing: the adapter is as it was."}
        ]
    rise = variants["edit"]["retain_loss"] / variants["before"]["retain_loss"] - 1
    kept = {"level": "info", "text": f"Retain loss {100 * rise:+.1f} %."}
    if not config.retrain:
        return [
            {"level": "info", "text": "Without a retrain nobody knows how far the edit got."},
            kept,
        ]
    edit, tuned = variants["edit"]["reached"], variants["finetune"]["reached"]
    text = f"The edit reached {edit:.0%} of the retrain's change, a 30-step fine-tune {tuned:.0%}."
    return [{"level": "good" if edit > tuned else "warning", "text": text}, kept]
