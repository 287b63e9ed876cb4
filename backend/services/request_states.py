"""Where a request to erase stands, and how that is changed.

requested -> approved -> running -> verified -> kept
requested, approved, verified -> rejected;  rejected, approved, verified -> requested again;  kept -> what was before

Only the decision and what is kept are written down; the rest of the state follows from the runs that read the approved
request. Every change names the revision that was seen, so that of two people at once one wins and the other is told,
and it writes its line of the trail in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlmodel import Session

from backend.request_views import TrailLine
from backend.services.errors import Conflict, NotFound
from backend.settings import settings
from storage import db, erasures, runs
from storage.kept import Erasure
from storage.models import ACTIVE, SUCCEEDED, Run, now

STATES = ("requested", "approved", "running", "verified", "kept", "rejected")


class Stale(Conflict):
    """Somebody else changed the request between the look at it and the change."""


@dataclass(frozen=True)
class Seen:
    """A request and its runs as one transaction sees them."""

    session: Session
    row: Erasure
    runs: list[Run]

    @property
    def state(self) -> str:
        return state_of(self.row, self.runs)

    @property
    def is_draft(self) -> bool:
        """Whether nobody ever decided about it."""
        done = {event.action for event in erasures.trail(self.session, self.row.id)}
        return not done & {"approved", "rejected"}

    def trail(self) -> list[TrailLine]:
        """What happened to the request, with the ends of all runs that were ever started for it, oldest first."""
        events = erasures.trail(self.session, self.row.id)
        started = {run_id for event in events for run_id in event.data.get("runs", ())}
        earlier = runs.by_ids(self.session, sorted(started - {run.id for run in self.runs}))
        ends = [
            TrailLine(run.finished_at, "ended", _ending(run), {"run": run.id})
            for run in (*self.runs, *earlier)
            if run.finished_at is not None
        ]
        lines = [TrailLine(event.at, event.action, event.text, event.data) for event in events]
        return sorted(lines + ends, key=lambda line: line.at)

    def change(self, action: str, text: str, data: Mapping[str, Any], **values: Any) -> None:
        """Change the request if it is still as it was seen.

        Raises:
            Stale: it is not.
        """
        if not erasures.change(self.session, self.row, action, text, dict(data), **values):
            self._raise_stale()

    def discard(self) -> None:
        """Delete the request and its trail if it is still as it was seen.

        Raises:
            Stale: it is not.
        """
        if not erasures.discard(self.session, self.row):
            self._raise_stale()

    def _raise_stale(self) -> NoReturn:
        self.session.expire_all()
        again = seen(self.session, self.row.id)
        raise Stale(
            f"request {again.row.id} was changed by somebody else just now and is {again.state}: "
            "look at it again"
        )


def state_of(row: Erasure, runs: Sequence[Run]) -> str:
    """Where a request stands.

    Args:
        runs: those that carry it out as it was approved.
    """
    if row.decision == "rejected":
        return "rejected"
    if row.kept_run:
        return "kept"
    if any(run.status in ACTIVE for run in runs):
        return "running"
    if any(run.status == SUCCEEDED for run in runs):
        return "verified"
    return row.decision or "requested"


def seen(session: Session, request_id: str) -> Seen:
    """A request and its runs.

    Raises:
        NotFound: there is no such request.
    """
    row = session.get(Erasure, request_id)
    if row is None:
        raise NotFound(f"there is no request {request_id!r:.80}")
    return Seen(session, row, erasures.runs_of(session, [row]).get(row.id, []))


@contextmanager
def changing(request_id: str, done: str, *states: str) -> Iterator[Seen]:
    """A transaction in which a request may be changed.

    Args:
        done: what is done to it, as in "it can be approved".
        states: where it must stand.

    Raises:
        Conflict: it stands elsewhere.
    """
    with db.writing(settings().database_url) as session:
        found = seen(session, request_id)
        if found.state not in states:
            *most, last = states
            allowed = f"{', '.join(most)} or {last}" if most else last
            raise Conflict(
                f"request {request_id} is {found.state}: it can be {done} only while it is {allowed}"
            )
        yield found


def sentence(counts: Mapping[str, int]) -> str:
    """What is asked in all: "1 row to remove, 2 prompts and 3 answers to change"; of what is not asked it says nothing."""
    words = {"remove": "row", "prompts": "prompt", "answers": "answer"}
    said = {
        name: f"{counts[name]:,} {word}" + ("" if counts[name] == 1 else "s")
        for name, word in words.items()
        if counts[name]
    }
    changed = " and ".join(said[name] for name in ("prompts", "answers") if name in said)
    parts = [f"{said['remove']} to remove"] if "remove" in said else []
    return ", ".join(parts + ([f"{changed} to change"] if changed else [])) or "no row marked"


def delete_runs(session: Session, gone: Iterable[Run]) -> None:
    """Delete runs; the trails of the requests that they carried out keep how each had ended."""
    gone = list(gone)
    for request_id, run in erasures.ever_answered(session, gone):
        erasures.note(
            session, request_id, "deleted", f"deleted: {_ending(run)}", {"run": run.id}, now()
        )
    for run in gone:
        session.delete(run)


def _ending(run: Run) -> str:
    said = run.summary or run.error
    return f"run {run.id} ({run.title}) {run.status}" + (f": {said}" if said else "")
