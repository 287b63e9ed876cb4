"""What several runs answered to the same items, as figures with paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backend.services.errors import ServiceError
from backend.services.results import records
from methods.alignment.hallucination.beside import BENCHMARK, beside

PAGE = 1000
LAST = ["variant:in:after,answers"]
"""What a run's model says in the end."""


def compare_figures(run_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Figures of runs that described the same scenes of the small world, with paired differences from the first.

    Returns:
        as `beside`; empty where one of them described none, or not the same ones.
    """
    if len(set(run_ids)) < 2:
        raise ServiceError(f"run: two different runs or more are needed, got {len(set(run_ids))}")
    if not all(_described(run_id) for run_id in run_ids):
        return []
    try:
        return beside([_answers(run_id) for run_id in run_ids])
    except ValueError:  # other scenes: nothing pairs
        return []


def _described(run_id: str) -> bool:
    rows = records(run_id, "figure", limit=1).rows
    return bool(rows) and rows[0]["benchmark"] == BENCHMARK


def _answers(run_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    total = 1
    while len(rows) < total:
        page = records(run_id, "answer", offset=len(rows), limit=PAGE, filters=LAST)
        rows += page.rows
        total = page.total if page.rows else 0
    return rows
