"""Requests that an adapter forget rows or learn them anew: begun, marked, listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from backend.request_views import Marked, RequestItem, RequestView
from backend.services.auditing import audit
from backend.services.catalogue import get_method
from backend.services.convert import run_view
from backend.services.errors import Conflict, NotFound, ServiceError
from backend.services.history import row as run_row
from backend.services.instructions import source_of
from backend.services.marks import (
    MAX_MARKS,
    Change,
    Marks,
    brief,
    counts_of,
    in_order,
    items_of,
    mark_view,
    told,
)
from backend.services.request_states import (
    STATES,
    Seen,
    Stale,
    changing,
    seen,
    sentence,
    state_of,
)
from backend.settings import settings
from storage import db, erasures, instructions
from storage.kept import Erasure
from storage.lists import End
from storage.models import SUCCEEDED, Run
from storage.typed import storable

MAX_TITLE = 200
MAX_NOTE = 2000
PORTION = 1000
"""Requests that are looked at in one go to find those that stand somewhere."""
TRIES = 20
"""Times that a mark is put again when somebody else marked another row meanwhile."""


def create_request(
    table: str, title: str = "", note: str = "", marks: Marks | None = None
) -> RequestView:
    """Begin a request about the rows that a run recorded.

    Args:
        table: the run.
        marks: what is asked of its rows; more may follow.

    Raises:
        NotFound: there is no such run, or no such row.
        Conflict: the run has not succeeded.
        ServiceError: it recorded no rows, or a mark does not hold.
        MethodError: no method carries out requests about such rows.
    """
    _check(title, note)
    changes = (marks or Marks()).changes()
    with db.writing(settings().database_url) as session:
        run = run_row(session, table)
        if not instructions.number(session, table):
            raise ServiceError(f"run {table} has recorded no instruction rows to mark")
        if run.status != SUCCEEDED:
            raise Conflict(
                f"run {table} is {run.status}: a request marks rows of one that succeeded"
            )
        made = Erasure(
            title=title.strip() or f"Request about {run.title or table}"[:MAX_TITLE],
            method=get_method(f"{run.family}.erase").name,
            table_run=table,
            source=source_of(session, run),
            items=items_of(session, table, changes),
            note=note,
        )
        session.add(made)
        session.flush()
        counts = counts_of(made.items)
        text = f"about the table of run {table}: {sentence(counts)}"
        data = {"table": table, "counts": counts}
        erasures.note(session, made.id, "requested", text, data, made.created_at)
    return get_request(made.id)


def update_request(
    request_id: str, *, title: str | None = None, note: str | None = None
) -> RequestView:
    """Give a request another title or note; both are part of what is approved.

    Raises:
        Conflict: it is no longer only requested.
        ServiceError: the title is empty, or one of them too long.
    """
    _check(title or "", note or "")
    if title is not None and not title.strip():
        raise ServiceError("title: it must not be empty")
    given = {"title": title and title.strip(), "note": note}
    with changing(request_id, "renamed", "requested") as found:
        values = {
            name: text
            for name, text in given.items()
            if text not in (None, getattr(found.row, name))
        }
        if values:
            text = "; ".join(f"{name}: {words}" for name, words in values.items())
            found.change("renamed", text, values, **values)
    return get_request(request_id)


def delete_request(request_id: str) -> None:
    """Delete a draft: a request that nobody ever decided about. Any other stays on record, with its trail.

    Raises:
        Conflict: it is, or once was, approved or rejected, or was changed meanwhile.
    """
    with changing(request_id, "deleted", "requested") as found:
        if not found.is_draft:
            raise Conflict(
                f"request {request_id} was decided about once, and stays on record: reject it instead"
            )
        audit(found.session, "request.delete", request_id)
        found.discard()


def put_mark(request_id: str, row_id: str, change: Change) -> Marked:
    """Say what is asked of a row, in place of what was asked of it before.

    Raises:
        NotFound: the table has no such row.
        Conflict: the request is no longer only requested.
        ServiceError: the change does not hold, or too many rows are marked.
    """
    put_marks(request_id, {row_id: change})
    return _marked(request_id, row_id)


def put_marks(request_id: str, changes: Mapping[str, Change]) -> dict[str, int]:
    """Say what is asked of several rows, of all or of none; gives what is asked in all.

    Raises:
        NotFound, Conflict, ServiceError: as `put_mark`.
    """
    if not changes:
        raise ServiceError("remove, prompts, answers: name a row")

    def put(found: Seen) -> None:
        new = items_of(found.session, found.row.table_run, changes)
        items = found.row.items | new
        if len(items) > MAX_MARKS:
            raise ServiceError(f"up to {MAX_MARKS:,} rows may be marked, got {len(items):,}")
        if items == found.row.items:
            return  # asked already: no line of the trail for nothing
        marks = [mark_view(row_id, item) for row_id, item in new.items()]
        text = told(marks[0]) if len(marks) == 1 else sentence(counts_of(new))
        found.change("marked", text, {"marks": list(map(brief, marks))}, items=items)

    _marking(request_id, put)
    return _marked(request_id, "").counts


def remove_mark(request_id: str, row_id: str) -> Marked:
    """Ask nothing of a row any more."""

    def remove(found: Seen) -> None:
        if row_id not in found.row.items:
            raise NotFound(f"request {request_id} asks nothing of row {row_id!r:.80}")
        gone = mark_view(row_id, found.row.items[row_id])
        items = {key: item for key, item in found.row.items.items() if key != row_id}
        text = f"row {row_id} (position {gone.position}) is left as it is"
        found.change("unmarked", text, {"marks": [brief(gone)]}, items=items)

    _marking(request_id, remove)
    return _marked(request_id, row_id)


def get_request(request_id: str) -> RequestView:
    with db.reading(settings().database_url) as session:
        found = seen(session, request_id)
        trail, draft = found.trail(), found.is_draft
    row = found.row
    return RequestView(
        row.id,
        row.title,
        found.state,
        row.method,
        row.table_run,
        str(row.source.get("adapter", "")),
        str(row.source.get("data", "")),
        row.source,
        row.note,
        counts_of(row.items),
        [mark_view(*each) for each in in_order(row.items)],
        row.file,
        [run_view(run) for run in found.runs],
        row.kept_run,
        trail,
        draft,
        row.created_at,
        row.updated_at,
        url=f"/unlearning?request={row.id}",
    )


def list_requests(
    *, state: str = "", table: str = "", limit: int = 200, after: End | None = None
) -> list[RequestItem]:
    """Requests, newest change first.

    Args:
        state: only those that stand there; empty for all.
        table: only those about the rows of this run.
        after: (updated_at, id) of the last one seen.
    """
    if state and state not in STATES:
        raise ServiceError(f"state: {', '.join(STATES)} are allowed, got {state!r:.80}")
    found: list[RequestItem] = []
    with db.reading(settings().database_url) as session:
        while len(found) < limit:
            # Where a request stands follows from its runs: it cannot be asked for in SQL.
            rows = erasures.listed(session, table, PORTION if state else limit, after)
            runs = erasures.runs_of(session, rows)
            items = [_item(row, runs.get(row.id, [])) for row in rows]
            found += [item for item in items if state in ("", item.state)]
            if not state or len(rows) < PORTION:
                break
            after = (rows[-1].updated_at, rows[-1].id)
    return found[:limit]


def _item(row: Erasure, runs: Sequence[Run]) -> RequestItem:
    return RequestItem(
        row.id,
        row.title,
        state_of(row, runs),
        row.table_run,
        str(row.source.get("adapter", "")),
        str(row.source.get("data", "")),
        row.note,
        counts_of(row.items),
        len(runs),
        row.kept_run,
        row.created_at,
        row.updated_at,
    )


def _marking(request_id: str, put: Callable[[Seen], None]) -> None:
    """Change the marks; again, if somebody else marked another row at the same time."""
    for attempt in range(TRIES):
        try:
            with changing(request_id, "marked", "requested") as found:
                put(found)
        except Stale:
            if attempt + 1 == TRIES:
                raise
        else:
            return


def _marked(request_id: str, row_id: str) -> Marked:
    with db.reading(settings().database_url) as session:
        items = seen(session, request_id).row.items
    item = items.get(row_id)
    return Marked(mark_view(row_id, item) if item else None, counts_of(items))


def _check(title: str, note: str) -> None:
    for name, text, limit in (("title", title, MAX_TITLE), ("note", note, MAX_NOTE)):
        if len(text) > limit:
            raise ServiceError(f"{name}: up to {limit} characters are allowed, got {len(text)}")
        if text != storable(text):
            raise ServiceError(f"{name}: it has a NUL character or half of a surrogate pair")
