"""Rows to views."""

from __future__ import annotations

from dataclasses import fields

from backend.views import ArtefactView, AttemptView, ComparisonView, EventView, RunView
from storage.kept import Comparison
from storage.models import Artefact, Attempt, Blob, Event, Run

RUN_FIELDS = [field.name for field in fields(RunView)]


def run_view(run: Run) -> RunView:
    return RunView(**{name: getattr(run, name) for name in RUN_FIELDS})


def comparison_view(row: Comparison) -> ComparisonView:
    return ComparisonView(row.id, row.title, list(row.run_ids), row.created_at)


def event_view(row: Event) -> EventView:
    return EventView(row.id or 0, row.attempt, row.level, row.message, row.data, row.at)


def attempt_view(row: Attempt) -> AttemptView:
    return AttemptView(row.n, row.worker_id, row.started_at, row.ended_at, row.outcome)


def artefact_view(artefact: Artefact, blob: Blob) -> ArtefactView:
    return ArtefactView(
        name=artefact.name,
        role=artefact.role,
        sha256=blob.sha256,
        size=blob.size,
        mime=blob.mime,
        meta=artefact.meta,
        url=f"/a/{blob.sha256}",
        created_at=artefact.created_at,
    )
