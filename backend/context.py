"""The `Context` of a run in a worker: reports are collected and written a few times a second, in one transaction."""

from __future__ import annotations

import io
import json
import math
import mimetypes
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from plotly.utils import PlotlyJSONEncoder
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from backend import lifecycle
from backend.lifecycle import Claim
from backend.references import open_reference
from backend.settings import settings
from backend.stored import store
from methods.base import ArtefactRef, Cancelled, Level
from methods.local import Savers, as_image, check_name, decode_state, encode_state
from storage import db, records, typed
from storage.artefacts import StorageError, StoreAway, explain
from storage.models import Artefact, Checkpoint, Event, Metric, Run, now
from storage.typed import NewRow

if TYPE_CHECKING:
    import torch

Answer = TypeVar("Answer")
PREVIEW = "preview.webp"
PREVIEW_EVERY_S = 1.0
RETRY_S = 0.5
MOST_WAITING = 20_000
"""Rows that wait to be written before whoever records more writes them himself: a million rows never lie in memory."""
TEXT, SCALARS = {str}, {str, int, float, bool, type(None)}
ROLES = {".png": "image", ".json": "figure", ".csv": "table", ".safetensors": "tensors"}


class DatabaseAway(StorageError):
    """The database did not take a write; it may a moment later."""


class LostRun(BaseException):
    """The run belongs to another worker by now. Not an `Exception`, so that no method swallows it."""


class Interrupted(BaseException):
    """The worker is being stopped; the run goes back into the queue. Not an `Exception`, for the same reason."""


class RunContext(Savers):
    """What a method sees of the studio while it runs. `tick` is called by the worker's pulse, the rest by the method."""

    def __init__(self, held: Claim, run: Run, device: str) -> None:
        self.held, self.run = held, run
        self.workdir = settings().root / "work" / f"{run.id}-{held.attempt}"
        self.shared = settings().shared_dir
        self.store = store()
        self._device = device
        self._lock = (
            threading.Lock()
        )  # guards the buffer: filled by the method, emptied by the pulse
        self._writing = threading.Lock()  # one flush at a time
        self._rows: list[NewRow] = []
        self._progress: dict[str, Any] = {}
        self._done_before: float | None = None
        self._held_at = now()
        self._preview_at = 0.0
        self.cancel_deadline = 0.0
        self.interrupted = False
        self._lost = False
        self._failure: StorageError | None = None

    def open_workdir(self) -> None:
        """Make the run's own folder, and that of all runs.

        Raises:
            StorageError: one cannot be made.
        """
        for folder in (self.workdir, self.shared):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(explain(error, folder.parent)) from error

    # -- what the method asks -------------------------------------------------------------------------

    @property
    def device(self) -> torch.device:
        import torch  # noqa: PLC0415  the module is imported by processes that never compute

        return torch.device(self._device)

    @property
    def seed(self) -> int:
        return self.run.seed

    @property
    def provenance(self) -> dict[str, Any]:
        return {
            "run": self.run.id,
            "method": self.run.method,
            "config": self.run.config,
            "seed": self.run.seed,
            "code_version": self.run.code_version,
            "env": self.run.env,
        }

    def progress(
        self, done: float, total: float, message: str = "", preview: Any | None = None
    ) -> None:
        self._check()
        with self._lock:
            # The first report says what an earlier attempt had done: the speed of this one leaves it out.
            self._done_before = done if self._done_before is None else self._done_before
            self._progress = {
                "done": float(done),
                "total": float(total),
                "done_before": float(self._done_before),
                "message": message,
            }
        # The one of the end is always kept: a short run would be left with the noise that it began with.
        due = done >= total or now() - self._preview_at >= PREVIEW_EVERY_S
        if preview is not None and due:
            self._preview_at = now()
            buffer = io.BytesIO()
            as_image(preview).save(buffer, format="WEBP", quality=80)
            self.save_file(PREVIEW, buffer.getvalue(), role="preview")

    def log(self, step: int, **values: float) -> None:
        for name, value in values.items():
            if math.isfinite(value):
                self._add(Metric, name=name, step=int(step), value=float(value))
            else:
                self.event("warning", f"{name} is {value} at step {step}", step=int(step))

    def event(self, level: Level, message: str, **data: Any) -> None:
        self._add(Event, level=level, message=message, data=_plain(data))

    def record(self, kind: str, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            self._keep(typed.new_row(self.run.id, self.held.attempt, kind, _plain(row)))
            if len(self._rows) >= MOST_WAITING:
                self.flush()

    def save_file(self, name: str, value: bytes | Path, **meta: Any) -> ArtefactRef:
        check_name(name)
        sha256, size = self._when_it_answers(lambda: self.store.put(value))
        suffix = Path(name).suffix.lower()
        role = str(meta.pop("role", ROLES.get(suffix, "file")))
        mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
        plain = _plain(meta)

        def put(session: Session) -> None:
            artefact = Artefact(
                run_id=self.run.id,
                attempt=self.held.attempt,
                sha256=sha256,
                role=role,
                name=name,
                meta=plain,
            )
            records.put_artefact(session, artefact, size, mime)

        self._write(put)
        return ArtefactRef(sha256, name, size)

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        encoded = encode_state(state)
        sha256, size = self._when_it_answers(lambda: self.store.put(encoded))
        # Everything reported so far goes in the same transaction: it counts as written before the state.
        self._write(
            lambda session: records.put_checkpoint(
                session, self.run.id, self.held.attempt, sha256, size
            )
        )

    def resume(self) -> dict[str, Any] | None:
        with db.reading(settings().database_url) as session:
            kept = session.get(Checkpoint, self.run.id)
        if kept is None:
            return None
        return decode_state(self._when_it_answers(lambda: self.store.get(kept.sha256)))

    def open(self, ref: str) -> Path:
        return self._when_it_answers(lambda: open_reference(ref))

    # -- what the worker does -------------------------------------------------------------------------

    def tick(self) -> None:
        """Write what was reported, extend the lease when it is time, and see whether a cancel was asked for."""
        waiting = self._rows or self._progress
        if waiting or now() - self._held_at >= settings().heartbeat_s:
            with self._transaction():
                pass
        else:
            with db.reading(settings().database_url) as session:
                run = session.get(Run, self.run.id)
                self.cancel_deadline = (run and run.cancel_deadline) or 0.0

    def flush(self) -> None:
        """Write what was reported.

        Raises:
            LostRun: the run is no longer this worker's.
            StorageError: the database cannot be written.
        """
        self._write(lambda _session: None)

    @property
    def out_of_patience(self) -> bool:
        """Nothing could be written for a whole lease: by then the run counts as lost."""
        return now() - self._held_at > settings().lease_s

    def fail(self, error: StorageError) -> None:
        """Have the method's next call raise `error`."""
        self._failure = error

    def close(self) -> None:
        """Forget what was not written."""
        with self._lock:
            self._rows, self._progress = [], {}

    def _add(self, table: type[Metric | Event], **values: Any) -> None:
        whose = {"run_id": self.run.id, "attempt": self.held.attempt, "at": now()}
        self._keep(NewRow(table, whose | values))

    def _keep(self, row: NewRow) -> None:
        with self._lock:
            self._rows.append(row)

    def _check(self) -> None:
        if self._lost:
            raise LostRun
        if self._failure is not None:
            raise self._failure
        if self.cancel_deadline:
            raise Cancelled
        if self.interrupted:
            raise Interrupted

    def _when_it_answers(self, ask: Callable[[], Answer]) -> Answer:
        """What the store gives, asked again and again while its bucket is away, but no longer than the settings say."""
        until = now() + settings().bucket_wait_s
        said = False
        while True:
            try:
                return ask()
            except StoreAway as error:
                if now() >= until:
                    waited = f"{settings().bucket_wait_s:g} s"
                    raise StorageError(f"{error} (waited {waited} for it)") from error
                if not said:
                    self.event("warning", f"waiting for the bucket: {error}")
                    said = True
            self._check()
            time.sleep(RETRY_S)

    def _write(self, put: Callable[[Session], None]) -> None:
        """Do `put` in a transaction, again and again while the database is away and the lease lasts."""
        while True:
            try:
                with self._transaction() as session:
                    put(session)
                return
            except DatabaseAway:
                if self.out_of_patience:
                    raise
                time.sleep(RETRY_S)

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """A transaction that first makes sure the run is still ours, and takes the reports so far along."""
        with self._writing:
            with self._lock:
                rows, self._rows = self._rows, []
                progress, self._progress = self._progress, {}
            try:
                with db.writing(settings().database_url) as session:
                    deadline = lifecycle.hold(session, self.held, settings().lease_s, **progress)
                    if deadline is None:
                        self._lost = True
                        raise LostRun
                    records.write(session, rows)
                    yield session
            except DBAPIError as error:
                with self._lock:  # not written: they go with the next transaction
                    self._rows = rows + self._rows
                    self._progress = self._progress or progress
                lasting = any(word in str(error.orig) for word in ("full", "readonly"))
                kind = StorageError if lasting else DatabaseAway
                raise kind(f"the database cannot be written: {error.orig}") from error
            self.cancel_deadline, self._held_at = deadline, now()


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` as JSON has it: arrays become lists, NaN and infinity null.

    Raises:
        TypeError: a value that JSON cannot hold. Said to the method that gave it, not to whoever writes it later.
    """
    if {*map(type, data)} == TEXT and {*map(type, data.values())} <= SCALARS:
        numbers = [value for value in data.values() if type(value) is float]
        if math.isfinite(sum(numbers)):
            return dict(data)  # as the detour would give it, in a tenth of the time
    plain: dict[str, Any] = json.loads(json.dumps(dict(data), cls=PlotlyJSONEncoder))
    return plain
