"""Rows to views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from backend.views import ArtefactView, AttemptView, ComparisonView, EventView, RunView
from storage.kept import Comparison
from storage.models import SUCCEEDED, TERMINAL, Artefact, Attempt, Blob, Event, Run

DERIVED = ("finished", "fraction", "url")
RUN_FIELDS = [field.name for field in fields(RunView) if field.name not in DERIVED]


def run_view(run: Run) -> RunView:
    return RunView(
        **{name: getattr(run, name) for name in RUN_FIELDS},
        finished=run.status in TERMINAL,
        fraction=_fraction(run),
        url=f"/r/{run.id}",
    )


def _fraction(run: Run) -> float:
    if run.status == SUCCEEDED:
        return 1.0
    return min(1.0, run.done / run.total) if run.total > 0 else 0.0


def comparison_view(row: Comparison, statuses: Mapping[str, int] | None = None) -> ComparisonView:
    return ComparisonView(
        id=row.id,
        title=row.title,
        run_ids=list(row.run_ids),
        created_at=row.created_at,
        updated_at=row.updated_at or row.created_at,
        notes=row.notes,
        baseline=row.baseline,
        pinned=row.pinned,
        owner=row.owner,
        statuses=dict(statuses or {}),
        url=f"/c/{row.id}",
    )


def event_view(row: Event) -> EventView:
    return EventView(row.id or 0, row.attempt, row.level, row.message, row.data, row.at)


def attempt_view(row: Attempt) -> AttemptView:
    return AttemptView(row.n, row.worker_id, row.started_at, row.ended_at, row.outcome)


def artefact_view(artefact: Artefact, blob: Blob) -> ArtefactView:
    return ArtefactView(
        id=artefact.id or 0,
        name=artefact.name,
        role=artefact.role,
        sha256=blob.sha256,
        size=blob.size,
        mime=blob.mime,
        meta=artefact.meta,
        url=f"/a/{blob.sha256}",
        created_at=artefact.created_at,
        lost=blob.lost_at is not None,
    )
