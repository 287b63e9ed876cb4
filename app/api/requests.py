"""Requests to erase: mark rows, decide, run, keep, undo, certify; and the tables and versions they are about."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.bodies import Body
from app.api.content import content
from app.api.once import Once
from app.api.paging import Page, Paging
from app.files import PAGE
from backend import services
from backend.services import (
    AdapterVersion,
    Change,
    InstructionPage,
    InstructionQuery,
    InstructionTable,
    Marked,
    Marks,
    RequestEstimate,
    RequestItem,
    RequestView,
    RunView,
)

router = APIRouter(tags=["unlearning"], route_class=Once)

RowId = Annotated[str, Field(max_length=80)]
Text = Annotated[str, Field(max_length=20_000)]


class NewMarks(Body):
    """Rows to remove, new prompts and new answers, by the ids of the rows."""

    remove: list[RowId] = Field(default=[], max_length=5000)
    prompts: dict[RowId, Text] = Field(default={}, max_length=5000)
    answers: dict[RowId, Text] = Field(default={}, max_length=5000)

    def marks(self) -> Marks:
        return Marks(self.remove, self.prompts, self.answers)


class NewRequest(NewMarks):
    """A request about the rows of a run, with its first marks."""

    table: str = Field(max_length=40)
    title: str = Field("", max_length=200)
    note: str = Field("", max_length=2000)


class ChangedRequest(Body):
    title: str | None = Field(None, max_length=200)
    note: str | None = Field(None, max_length=2000)


class NewMark(Body):
    """What is asked of a row: that it be removed, or another prompt, answer or both."""

    remove: bool = False
    prompt: str | None = None
    answer: str | None = None


class Note(Body):
    note: str = Field("", max_length=2000)


class Values(Body):
    values: dict[str, Any] = Field(default_factory=dict)


class NewEdit(Values):
    title: str = Field("", max_length=200)


class NewEdits(Body):
    launches: list[NewEdit] = Field(min_length=1, max_length=64)
    seed: int = Field(0, ge=0, le=services.MAX_SEED)


class Kept(Body):
    run: str = Field(max_length=40)


@router.get("/unlearning/tables")
def tables(paging: Paging) -> Page[InstructionTable]:
    """Runs that recorded instruction rows, newest first."""
    return paging.newest("tables", services.instruction_tables)


@router.get("/unlearning/versions")
def versions(paging: Paging) -> Page[AdapterVersion]:
    """Adapters that runs made, newest first, each with what it came from."""
    return paging.page(
        "versions",
        services.adapter_versions,
        lambda version: (version.created_at, version.run),
        float,
        str,
    )


@router.get("/runs/{run_id}/instructions")
def list_instructions(
    run_id: str,
    q: Annotated[str, Query(max_length=200)] = "",
    filter: Annotated[list[str], Query()] = [],  # noqa: B006  its name in the address
    marked: Annotated[str, Query(max_length=40)] = "",
    which: Annotated[str, Query(max_length=10)] = "",
    sort: str = "",
    descending: bool = False,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> InstructionPage:
    """One page of instruction rows, each with its `mark` in the request `marked`; `which` is only or not (marked)."""
    asked = InstructionQuery(run_id, q, filter, marked, which)
    return services.list_instructions(
        asked, sort=sort, descending=descending, offset=offset, limit=limit
    )


@router.get("/requests")
def list_requests(
    state: Annotated[str, Query(max_length=40)] = "",
    table: Annotated[str, Query(max_length=40)] = "",
    *,
    paging: Paging,
) -> Page[RequestItem]:
    """Requests, newest change first: one that changes while pages are turned moves to the first."""
    return paging.page(
        f"requests:{state}:{table}",
        lambda limit, end: services.list_requests(state=state, table=table, limit=limit, after=end),
        lambda request: (request.updated_at, request.id),
        float,
        str,
    )


@router.post("/requests", status_code=201)
def create(body: NewRequest) -> RequestView:
    """Begin a request about the rows of a run."""
    made = services.create_request(body.table, body.title, body.note, body.marks())
    return made


@router.get("/requests/{request_id}")
def get(request_id: str) -> RequestView:
    """One request with all that is known of it: marks, runs, trail."""
    return services.get_request(request_id)


@router.patch("/requests/{request_id}")
def update(request_id: str, body: ChangedRequest) -> RequestView:
    """Give it another title or note; both are part of what is approved."""
    return services.update_request(request_id, title=body.title, note=body.note)


@router.delete("/requests/{request_id}", status_code=204)
def delete(request_id: str) -> None:
    """Delete a draft; what was ever approved or rejected stays on record."""
    services.delete_request(request_id)


@router.put("/requests/{request_id}/marks")
def put_marks(request_id: str, body: NewMarks) -> dict[str, int]:
    """Say what is asked of several rows, of all or of none; gives what is asked in all."""
    return services.put_marks(request_id, body.marks().changes())


@router.put("/requests/{request_id}/marks/{row_id}")
def put_mark(request_id: str, row_id: str, body: NewMark) -> Marked:
    """Say what is asked of a row, in place of what was asked of it before."""
    change = Change(body.remove, body.prompt, body.answer)
    return services.put_mark(request_id, row_id, change)


@router.delete("/requests/{request_id}/marks/{row_id}")
def remove_mark(request_id: str, row_id: str) -> Marked:
    """Ask nothing of a row any more."""
    return services.remove_mark(request_id, row_id)


@router.post("/requests/{request_id}/estimate")
def estimate(request_id: str, body: Values) -> RequestEstimate:
    """What an edit would need, and what to weigh before it."""
    return services.estimate_request(request_id, body.values)


@router.post("/requests/{request_id}/approve")
def approve(request_id: str, body: Note | None = None) -> RequestView:
    """Have it carried out as it stands; its marks stay as they are from now on."""
    return services.approve_request(request_id, body.note if body else "")


@router.post("/requests/{request_id}/reject")
def reject(request_id: str, body: Note | None = None) -> RequestView:
    """Decide that it is not carried out; it stays on record."""
    return services.reject_request(request_id, body.note if body else "")


@router.post("/requests/{request_id}/reopen")
def reopen(request_id: str, body: Note | None = None) -> RequestView:
    """Take the decision back, so that the marks can be changed."""
    return services.reopen_request(request_id, body.note if body else "")


@router.post("/requests/{request_id}/run", status_code=201)
def run(request_id: str, body: NewEdits) -> list[RunView]:
    """Queue edits that carry it out, all or none; the request says what is edited, the values how."""
    launches = [(each.title, each.values) for each in body.launches]
    return services.run_request(request_id, launches, body.seed)


@router.post("/requests/{request_id}/keep")
def keep(request_id: str, body: Kept) -> RequestView:
    """Keep the adapter that one of its runs made."""
    return services.keep_edit(request_id, body.run)


@router.post("/requests/{request_id}/undo")
def undo(request_id: str) -> RequestView:
    """Return to what was kept before."""
    return services.undo_keep(request_id)


@router.get("/requests/{request_id}/certificate")
def certificate(request_id: str, run: str = "") -> dict[str, Any]:
    """What a run of it measured, with its trail; without `run` that of the run that is kept, else the newest."""
    return services.certificate(request_id, run)


@router.get(
    "/requests/{request_id}/certificate.html",
    response_class=Response,
    responses=content("text/html"),
)
def certificate_page(request_id: str, run: str = "") -> Response:
    """The certificate as a page to print."""
    page = services.certificate_page(request_id, run)
    return Response(page, media_type="text/html", headers={"content-security-policy": PAGE})
