"""What was done for a request, on paper: what its run measured, and the trail of the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.services.errors import Conflict, NotFound, ServiceError
from backend.services.request_states import seen
from backend.settings import settings
from backend.stored import store
from methods.unlearning.editing.certificate import TASKS, certificate_html, parsed, variant_table
from storage import db, records
from storage.models import SUCCEEDED

FILE = "certificate.json"


def certificate(request_id: str, run_id: str = "") -> dict[str, Any]:
    """What a run of a request says of its edit ("certificate"), where the request stands, and its "trail".

    No text of a row is in it, so that it may be handed on. "sha256" is that of the file that the certificate lies in.

    Args:
        run_id: empty takes the run that is kept, else the newest that succeeded.

    Raises:
        NotFound: the run is none of this request as it was approved, or made no certificate.
        Conflict: no run of it has succeeded yet.
        ServiceError: what the run saved is no certificate.
    """
    with db.reading(settings().database_url) as session:
        found = seen(session, request_id)
        done = [run.id for run in found.runs if run.status == SUCCEEDED]
        if run_id and run_id not in [run.id for run in found.runs]:
            raise NotFound(f"run {run_id!r:.80} is none of request {request_id} as it was approved")
        chosen = run_id or found.row.kept_run or (done[-1] if done else "")
        if not chosen:
            raise Conflict(f"request {request_id} is {found.state}: no run of it has succeeded yet")
        artefact = records.named(session, chosen, FILE)
        trail = found.trail()
    if artefact is None:
        raise NotFound(f"run {chosen} has made no {FILE}")
    content = store().get(artefact.sha256)
    try:
        facts = parsed(content)
    except ValueError as error:
        raise ServiceError(f"{FILE} of run {chosen}: {error}") from None
    return {
        "request": {
            "id": found.row.id,
            "title": found.row.title,
            "state": found.state,
            "file": found.row.file,
            "kept_run": found.row.kept_run,
        },
        "run": chosen,
        "sha256": artefact.sha256,
        "certificate": facts,
        "trail": [{"at": line.at, "action": line.action, "text": line.text} for line in trail],
    }


def certificate_page(request_id: str, run_id: str = "") -> str:
    """The same as a page to print, in HTML that needs nothing else."""
    found = certificate(request_id, run_id)
    return certificate_html(found["certificate"], found["trail"])


@dataclass(frozen=True)
class CertificateTable:
    """The measurements of a certificate as text.

    Attributes:
        rows: of each version of the adapter its title, a cell for each heading, and a note or "".
        tasks: what is asked of a row, in words, by how the certificate names it.
    """

    headings: list[str]
    rows: list[tuple[str, list[str], str]]
    tasks: dict[str, str]


def certificate_table(facts: Mapping[str, Any]) -> CertificateTable:
    """What a certificate measured, of the facts that `certificate` gives."""
    headings, rows = variant_table(facts)
    return CertificateTable(headings, rows, dict(TASKS))
