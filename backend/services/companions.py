"""Which runs it makes sense to compare a run with."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from backend.comparison_views import Companion
from backend.services.convert import run_view
from backend.services.differences import apart
from backend.services.errors import NotFound
from backend.services.launching import params_hash
from backend.settings import settings
from backend.views import RunView
from methods import METHODS
from storage import db, runs
from storage.models import Run

NEWEST = 200
"""Runs of the family that are looked through."""


def companions(run_id: str, limit: int = 30) -> list[Companion]:
    """Runs to compare a run with, those that say most first; each once, with the first reason that holds.

    Its control of the same seed, the run it was made from, the one of the same method before it, the same settings with
    another seed, runs measured on the same, then others of the family, the newest first.

    Raises:
        NotFound: there is no such run.
    """
    with db.reading(settings().database_url) as session:
        own = session.get(Run, run_id)
        if own is None:
            raise NotFound(f"there is no run {run_id!r}; it may have been deleted")
        found, _ = runs.listed(session, family=own.family, limit=NEWEST)
        controls = [runs.same(session, key) for key in _controls(own)]
        parent = session.get(Run, own.parent_id) if own.parent_id else None
        given = [("its control", row) for row in controls if row]
        given += [("it was made from this run", parent)] if parent else []
        views = [Companion(reason, run_view(row)) for reason, row in given]
        others = [run_view(row) for row in found]
        run = run_view(own)
    chosen: dict[str, Companion] = {}
    for each in [*views, *_others(run, others)]:
        if each.run.id != run_id:
            chosen.setdefault(each.run.id, each)
    return list(chosen.values())[:limit]


def _controls(run: Run) -> Iterator[str]:
    """The hashes of the honest controls that the method names for its settings."""
    method = METHODS.get(run.method)
    if method is None or method.controls is None:
        return
    try:
        config = method.config.model_validate(run.config)
        for change in method.controls(config):
            values = method.config.model_validate({**run.config, **change})
            yield params_hash(run.method, values.model_dump(mode="json"), run.seed)
    except (
        ValidationError
    ):  # a run of an earlier version, whose settings are not understood any more
        return


def _others(run: RunView, found: list[RunView]) -> Iterator[Companion]:
    own = [each for each in found if each.method == run.method and each.id != run.id]
    before = [each for each in own if each.created_at < run.created_at]
    if before:
        yield Companion("the run before it", before[0])
    for each in own:
        if each.config == run.config and each.seed != run.seed:
            yield Companion("the same settings, another seed", each)
    same = [each for each in own if not apart(each, run)]
    for each in sorted(same, key=lambda each: each.seed != run.seed):
        seed = "the same seed" if each.seed == run.seed else "another seed"
        yield Companion(f"measured on the same, {seed}", each)
    for each in found:
        other = each.method != run.method
        yield Companion("another method" if other else "measured on something else", each)
