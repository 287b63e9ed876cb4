"""What a run records for people to page through: its variants, its rows, its curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from methods.unlearning.controls.setting import begin
from methods.unlearning.editing.beside import Variant
from methods.unlearning.editing.curve import Curve
from methods.unlearning.editing.subject import Subject
from methods.unlearning.verification.measured import RowFigures, Verification

Record = dict[str, Any]


def variant_records(found: Verification, variants: Mapping[str, Variant]) -> list[Record]:
    """One a variant, the adapter before first; a figure that does not apply is None, and the note says why."""
    records = []
    for name, figures in found.variants.items():
        variant, known = variants[name], figures.record()
        notes = [variant.note, str(known["note"] or "")]
        records.append(
            {
                **known,
                "title": variant.title,
                "privleak": found.privleak(name),
                "seconds": variant.seconds,
                "steps": variant.steps,
                "note": " ".join(_sentence(note) for note in notes if note),
            }
        )
    return records


def _sentence(note: str) -> str:
    return f"{begin(note).removesuffix('.')}."


def row_records(subject: Subject, found: Verification, curve: Curve) -> Iterator[Record]:
    """One a row that was looked at: those of the request, their neighbours, the sample of the others."""
    tasks = subject.asked.tasks
    near = {each.position: each for each in subject.probe.neighbours}
    for verified in found.rows:
        at = verified.position
        row, neighbour = subject.rows[at], near.get(at)
        after = subject.request.replace.get(at)
        marked = verified.role == "marked"
        new_curve = curve.corrected.get(at)
        yield {
            "row_id": row.id,
            "position": at,
            "role": verified.role,
            "task": tasks.get(row.id, ""),
            "of": "" if neighbour is None else subject.rows[neighbour.of].id,
            "similarity": None if neighbour is None else neighbour.similarity,
            "prompt": row.prompt,
            "answer": row.answer,
            "new_prompt": after.prompt if after and after.prompt != row.prompt else None,
            "new_answer": after.answer if after and after.answer != row.answer else None,
            "variants": {name: _figures(each) for name, each in verified.variants.items()},
            "curve": list((curve.marked if marked else curve.others)[at]),
            "new_curve": None if new_curve is None else list(new_curve),
        }


def _figures(each: RowFigures) -> Record:
    return {
        "loss": each.loss,
        "new_loss": each.new_loss,
        "text": each.text,
        "new_text": each.new_text,
        "exact": each.exact,
        "new_exact": each.new_exact,
        "extraction": each.extraction,
    }


def curve_records(curve: Curve) -> list[Record]:
    """One a step length."""
    return [
        {
            "alpha": point.alpha,
            "objective": point.objective,
            "forget": point.forget,
            "corrected": point.corrected,
            "retain": point.retain,
            "held_out": point.held_out,
            "allowed": point.allowed,
            "chosen": point.chosen,
        }
        for point in curve.points
    ]


def metrics_of(
    found: Verification, records: Sequence[Record], facts: Mapping[str, Any], length: float
) -> dict[str, float]:
    """The run's metrics: the edit's figures, some of them before, and each control's beside them."""
    by_name = {str(record["name"]): record for record in records}
    metrics: dict[str, float | None] = {
        figure: value for figure, value in by_name["edit"].items() if figure not in ABOUT
    }
    for figure in BEFORE_TOO:
        metrics[f"{figure}_before"] = by_name["before"][figure]
    for name, record in by_name.items():
        if name not in ("before", "edit"):
            metrics |= {f"{name}_{figure}": record[figure] for figure in BESIDE}
            metrics[f"{name}_retain_change"] = found.retain_change(name)
    metrics |= {
        "retain_change": found.retain_change("edit"),
        "edit_seconds": by_name["edit"]["seconds"],
        "step_length": length,
        "products": float(facts["products"]),
        "solve_seconds": float(facts["solve_seconds"]),
    }
    return {name: value for name, value in metrics.items() if value is not None}


ABOUT = ("name", "title", "seconds", "steps", "note")
"""Of a variant's record, what is no figure of the adapter."""
BEFORE_TOO = ("forget_loss", "corrected_loss", "retain_loss", "held_out_loss", "exact", "mia_loss")
"""Figures of the edit that stand among the metrics with their value before, as `forget_loss_before`."""
BESIDE = (
    "reached",
    "logp_cosine",
    "forget_loss",
    "corrected_loss",
    "retain_loss",
    "kl",
    "mia_loss",
    "seconds",
)
"""Figures of what stands beside the edit that are among the metrics, as `finetune_reached`."""
