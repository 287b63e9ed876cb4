"""What the toy edits record: figures of each variant, what became of each row, losses along the update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.toys.softmax import (
    COLOURS,
    Array,
    Row,
    Table,
    auc,
    cosine,
    logp,
    losses,
    mean,
    objective,
)

STEPS = (0.0, *(2.0**-k for k in range(8, -1, -1)))
MOST_RISE = 0.02
TITLES = {
    "before": "Before",
    "edit": "Edited",
    "finetune": "Fine-tune",
    "ascent": "Gradient ascent",
    "retrain": "Retrain",
    "retrain_2": "Second retrain",
}


class Measures:
    """Figures of one set of numbers, beside those before and those of a retrain."""

    def __init__(self, table: Table, before: Array, retrain: Array | None) -> None:
        self.table, self.before, self.retrain = table, before, retrain
        self.x = np.array([row.x for row in table.rows])

    def variant(
        self, name: str, theta: Array, seconds: float | None, steps: int | None
    ) -> dict[str, Any]:
        table = self.table
        corrected = [row for row in table.marked if row.task != "remove"]
        forget = losses(theta, table.marked)
        held = losses(theta, table.held_out)
        exact = mean([self.says(theta, row) == COLOURS[row.answer] for row in table.marked])
        p, q = logp(self.before, self.x), logp(theta, self.x)
        against = name not in ("before", "retrain") and self.retrain is not None
        target = self.before if self.retrain is None else self.retrain
        moved, due = theta - self.before, target - self.before
        lp = [logp(each, self.x) for each in (self.before, theta, self.before + due)]
        gap = float(np.linalg.norm(lp[0] - lp[2]))
        return {
            "name": name,
            "title": TITLES[name],
            "forget_loss": mean(forget),
            "corrected_loss": mean(losses(theta, corrected, new=True)),
            "retain_loss": mean(losses(theta, table.kept)),
            "held_out_loss": mean(held),
            "exact": exact,
            "extraction": exact,
            "rouge_l": exact,
            "kl": float((np.exp(p) * (p - q)).sum(-1).mean()),
            "mia_loss": auc(forget, held) if forget else None,
            "mia_min_k": None,
            "mia_zlib": None,
            "theta_cosine": cosine(moved, due) if against else None,
            "ba_cosine": cosine(moved, due) if against else None,
            "logp_cosine": cosine(lp[1] - lp[0], lp[2] - lp[0]) if against else None,
            "norm_ratio": float(np.linalg.norm(moved) / np.linalg.norm(due)) if against else None,
            "reached": 1 - float(np.linalg.norm(lp[1] - lp[2])) / gap if against and gap else None,
            "seconds": seconds,
            "steps": steps,
            "note": "" if against or name in ("before", "retrain") else "no retrain was paid for",
        }

    @staticmethod
    def says(theta: Array, row: Row) -> str:
        return COLOURS[int(logp(theta, row.x).argmax())]

    def row(
        self, row: Row, role: str, variants: Mapping[str, Array], path: list[Array], of: str = ""
    ) -> dict[str, Any]:
        new = row.task not in ("", "remove")
        return {
            "row_id": row.id,
            "position": row.position,
            "role": role,
            "task": row.task,
            "of": of,
            "similarity": 0.8 if of else None,
            "prompt": row.prompt,
            "answer": COLOURS[row.answer],
            "new_prompt": row.new_prompt,
            "new_answer": None if row.new_answer is None else COLOURS[row.new_answer],
            "variants": {
                name: {
                    "loss": losses(theta, [row])[0],
                    "new_loss": losses(theta, [row], new=True)[0] if new else None,
                    "text": self.says(theta, row),
                    "new_text": None
                    if row.new_x is None
                    else COLOURS[int(logp(theta, row.new_x).argmax())],
                    "exact": self.says(theta, row) == COLOURS[row.answer],
                    "extraction": float(self.says(theta, row) == COLOURS[row.answer]),
                }
                for name, theta in variants.items()
            },
            "curve": [losses(theta, [row])[0] for theta in path],
            "new_curve": [losses(theta, [row], new=True)[0] for theta in path] if new else None,
        }


def curve_of(table: Table, path: list[Array], decay: float) -> list[dict[str, Any]]:
    corrected = [row for row in table.marked if row.task != "remove"]
    first = float(np.mean(losses(path[0], table.kept)))
    found = []
    for alpha, theta in zip(STEPS, path, strict=True):
        retain = float(np.mean(losses(theta, table.kept)))
        found.append(
            {
                "alpha": alpha,
                "objective": objective(theta, table.edited, decay),
                "forget": mean(losses(theta, table.marked)),
                "corrected": mean(losses(theta, corrected, new=True)),
                "retain": retain,
                "held_out": mean(losses(theta, table.held_out)),
                "allowed": retain <= first + max(MOST_RISE * first, MOST_RISE),
            }
        )
    return found


def rows_of(
    table: Table, measures: Measures, variants: dict[str, Array], path: list[Array]
) -> list[dict[str, Any]]:
    found = []
    for row in table.marked:
        found.append(measures.row(row, "marked", variants, path))
        near = [other for other in table.kept if other.position // 4 == row.position // 4]
        found += [measures.row(other, "neighbour", variants, path, of=row.id) for other in near[:2]]
    return found + [measures.row(row, "retained", variants, path) for row in table.kept[:12]]
