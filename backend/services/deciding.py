"""What is decided about a request: that it be carried out, by which runs, and which of them is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.request_views import RequestView
from backend.services.auditing import audit
from backend.services.catalogue import get_method
from backend.services.convert import run_view
from backend.services.errors import Conflict, NotFound, ServiceError
from backend.services.files import keep_in
from backend.services.instructions import ADAPTER
from backend.services.launching import Launch, checked, publish
from backend.services.marks import counts_of, request_file
from backend.services.request_states import changing, seen, sentence
from backend.services.requests import MAX_NOTE, get_request
from backend.services.room import check_room
from backend.settings import settings
from backend.stored import store
from backend.views import RunView
from storage import db, erasures, records, runs
from storage.kept import Erasure, ErasureEvent
from storage.models import SUCCEEDED, Run

KIND = "request"
"""As what the request file is kept, and the setting that names it."""
OPEN = ("approved", "running", "verified", "kept")
"""Where a request may be carried out."""


def approve_request(request_id: str, note: str = "") -> RequestView:
    """Have a request carried out as it stands: it is kept as a file, and its marks stay as they are.

    Raises:
        Conflict: it is not only requested, or was changed meanwhile.
        ServiceError: it marks nothing.
    """
    with changing(request_id, "approved", "requested") as found:
        if not found.row.items:
            raise ServiceError(f"request {request_id} marks no row: there is nothing to approve")
        content = request_file(found.row)
        sha256, size = store().put(content)
        if not erasures.has_file(found.session, KIND, sha256):
            keep_in(found.session, f"request-{request_id}.json", sha256, size, KIND)
        counts = counts_of(found.row.items)
        data = {"file": sha256, "counts": counts, "note": note}
        text = _noted(f"approved: {sentence(counts)}", note)
        found.change("approved", text, data, decision="approved", file=sha256)
        audit(found.session, "request.approve", request_id, file=sha256, **counts)
    return get_request(request_id)


def reject_request(request_id: str, note: str = "") -> RequestView:
    """Refuse a request; what its runs made stays with them.

    Raises:
        Conflict: one of its runs has not ended, or is kept.
    """
    with changing(request_id, "rejected", "requested", "approved", "verified") as found:
        found.change("rejected", _noted("rejected", note), {"note": note}, decision="rejected")
        audit(found.session, "request.reject", request_id)
    return get_request(request_id)


def reopen_request(request_id: str, note: str = "") -> RequestView:
    """Take a decision back, so that the marks can be changed; approved again as it was, it has its runs again.

    Raises:
        Conflict: nothing was decided, one of its runs has not ended, or is kept.
    """
    with changing(request_id, "reopened", "approved", "verified", "rejected") as found:
        text = _noted("reopened", note)
        found.change("reopened", text, {"note": note}, decision="", file=None)
        audit(found.session, "request.reopen", request_id)
    return get_request(request_id)


def run_request(
    request_id: str, launches: Sequence[tuple[str, Mapping[str, Any]]], seed: int = 0
) -> list[RunView]:
    """Queue edits that carry out an approved request, all or none.

    Args:
        launches: title and settings of each; the request, the adapter and its data are given.

    Raises:
        Conflict: it is not approved.
        ServiceError: a setting is the request's own.
        MethodError: the settings of one do not hold, with its title; nothing was queued.
        Full: there is no room for what they would make.
    """
    with db.reading(settings().database_url) as session:
        found = seen(session, request_id)
    file = found.row.file
    rows: list[Run] = []
    if file and found.state in OPEN:  # reading what a launch names takes too long for a transaction
        rows = checked([launch_of(found.row, *each, seed, file) for each in launches])
    check_room()
    with changing(request_id, "run", *OPEN) as now_seen:
        if now_seen.row.file != file:
            raise Conflict(f"request {request_id} was decided anew just now: look at it again")
        ids = [row.id for row in rows]
        text = "; ".join(f"run {row.id} ({row.title})" for row in rows)
        now_seen.change("started", f"started: {text}", {"runs": ids})
        now_seen.session.add_all(rows)
    publish(rows)
    return [run_view(row) for row in rows]


def keep_edit(request_id: str, run_id: str) -> RequestView:
    """Keep the adapter that a run of a request made; what was kept before comes back with `undo_keep`.

    Raises:
        NotFound: the run is none of this request as it was approved.
        Conflict: the run has not succeeded, edits another adapter, or is kept already.
    """
    with changing(request_id, "kept", *OPEN) as found:
        run = next((run for run in found.runs if run.id == run_id), None)
        if run is None or not runs.lock(found.session, [run_id]):
            raise NotFound(f"run {run_id!r:.80} is none of request {request_id} as it was approved")
        if run.status != SUCCEEDED:
            raise Conflict(f"run {run_id} is {run.status}: only one that succeeded can be kept")
        # Whoever launches by hand may name this request beside another adapter.
        for name in ("model", "adapter"):
            asked = found.row.source.get(name)
            if asked and run.config.get(name, asked) != asked:
                raise Conflict(
                    f"run {run_id} edits {name} {run.config[name]!r:.80}, the request is about {asked!r:.80}"
                )
        if not records.named(found.session, run_id, ADAPTER):
            raise Conflict(f"run {run_id} has made no {ADAPTER}")
        before = found.row.kept_run
        if before == run_id:
            raise Conflict(f"request {request_id} is kept: run {run_id} is the one")
        data = {"run": run_id, "before": before}
        found.change("kept", f"kept: run {run_id} ({run.title})", data, kept_run=run_id)
        audit(found.session, "request.keep", request_id, **data)
    return get_request(request_id)


def undo_keep(request_id: str) -> RequestView:
    """Return to what was kept before; the version that was kept stays with its run.

    Raises:
        Conflict: nothing is kept.
    """
    with changing(request_id, "undone", "kept") as found:
        row = found.row
        earlier = _kept(erasures.trail(found.session, request_id))[:-1]
        there = runs.lock(found.session, earlier)
        back = next((run_id for run_id in reversed(earlier) if run_id in there), None)
        text = f"undone: run {row.kept_run}; " + (
            f"run {back} is kept again" if back else "none is kept"
        )
        data = {"run": row.kept_run, "back": back}
        found.change("undone", text, data, kept_run=back)
        audit(found.session, "request.undo", request_id, **data)
    return get_request(request_id)


def _kept(trail: Sequence[ErasureEvent]) -> list[str]:
    """The runs that were kept one over another, the one that is kept last."""
    kept: list[str] = []
    for event in trail:
        if event.action == "kept":
            kept.append(event.data["run"])
        elif event.action == "undone":
            while kept and kept[-1] != event.data["back"]:
                kept.pop()
    return kept


def launch_of(row: Erasure, title: str, values: Mapping[str, Any], seed: int, file: str) -> Launch:
    """A run that carries out a request; the request says what is edited, the values how.

    Raises:
        ServiceError: a value is not as the request has it.
    """
    fields = get_method(row.method).config.model_fields
    own = {name: value for name, value in row.source.items() if name in fields and value}
    own[KIND] = file
    for name, value in own.items():
        same = (value, fields[name].default, row.file if name == KIND else value)
        if values.get(name) and values[name] not in same:
            raise ServiceError(
                f"{name}: the request says it; leave it out, got {values[name]!r:.80}"
            )
    return Launch(row.method, {**values, **own}, seed, title or row.title)


def _noted(text: str, note: str) -> str:
    if len(note) > MAX_NOTE:
        raise ServiceError(f"note: up to {MAX_NOTE} characters are allowed, got {len(note)}")
    return f"{text}; {note.strip()}" if note.strip() else text
