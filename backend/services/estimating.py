"""What an edit for a request is expected to need, said before it is approved."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.references import open_reference
from backend.request_views import RequestEstimate
from backend.services.catalogue import get_method, validate
from backend.services.deciding import launch_of
from backend.services.errors import ServiceError
from backend.services.marks import request_file
from backend.services.request_states import seen
from backend.settings import settings
from methods.base import Method
from methods.unlearning.editing.check import opened
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.estimate import advice, at_minimum, passes_of
from methods.unlearning.editing.estimate import estimate_request as estimate_of_rows
from storage import db


def estimate_request(request_id: str, values: Mapping[str, Any]) -> RequestEstimate:
    """What an edit for a request is expected to need, approved or not.

    Raises:
        ServiceError: it marks nothing, or a setting is the request's own.
        MethodError: the settings do not hold.
    """
    with db.reading(settings().database_url) as session:
        row = seen(session, request_id).row
    if not row.items:
        raise ServiceError(f"request {request_id} marks no row: there is nothing to estimate")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"request-{request_id}.json"
        file.write_bytes(request_file(row))
        return _needs(get_method(row.method), launch_of(row, "", values, 0, str(file)).values)


def _needs(method: Method, values: Mapping[str, Any]) -> RequestEstimate:
    """What a run needs; of our own method, for the rows, the request and the recipe that its settings name."""
    config = validate(method.name, values)
    if not isinstance(config, EraseConfig):
        needs = method.estimate(config)
        return RequestEstimate(needs.seconds, needs.memory_mb, dict(needs.detail), [])
    found = opened(config, open_reference)
    rows, marked, passes = len(found.table.rows), len(found.asked.tasks), passes_of(found.recipe)
    needs = estimate_of_rows(config, rows=rows, marked=marked, epochs=passes)
    said = advice(config, rows=rows, marked=marked, epochs=passes, minimum=at_minimum(found.recipe))
    return RequestEstimate(needs.seconds, needs.memory_mb, dict(needs.detail), said)
