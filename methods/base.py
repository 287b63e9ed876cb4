"""What every method is made of, and what it may ask of the place it runs in.

A method is a `Config` (what a person chooses), a `run(config, context) -> Result` and a `Method` entry that names them.
It talks to the world through its `Context` only, so the same `run` works in a Celery worker, a test and a notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import torch

Level = Literal["info", "warning", "error"]
Queue = Literal["gpu", "cpu"]
Open = Callable[[str], Path]
"""From a reference to a local path; raises `MethodError` where there is no such thing."""


class MethodError(Exception):
    """Something the person who launched the run can mend; shown to them word for word."""


class Cancelled(Exception):
    """The run was asked to stop. Raised by `Context.progress`; a method lets it pass."""


class Config(BaseModel):
    """Settings of one method: flat, immutable, every field bounded and described with its unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class ArtefactRef:
    """A file that a run has saved.

    Attributes:
        sha256: hex digest of the content; also where it is stored.
        name: the name the method gave it, with its extension, unique within the run.
        size: bytes.
    """

    sha256: str
    name: str
    size: int


class Context(Protocol):
    """All that a method may ask of the place it runs in."""

    @property
    def device(self) -> torch.device: ...

    @property
    def seed(self) -> int: ...

    @property
    def workdir(self) -> Path:
        """A folder of this run's own, emptied when the run ends."""

    @property
    def shared(self) -> Path:
        """A folder that all runs on this machine share, for what can be computed again, such as features: any of it may be gone."""

    def progress(
        self, done: float, total: float, message: str = "", preview: Any | None = None
    ) -> None:
        """Say how far the run is.

        Args:
            done: work done so far, in any unit; never falls.
            total: all the work, in the same unit.
            message: what is being done now.
            preview: an image of the state of things (PIL image or (H, W, 3) uint8 array), kept only until the next.

        Raises:
            Cancelled: the run was asked to stop, or is no longer this worker's.
        """

    def log(self, step: int, **values: float) -> None:
        """Add a point to each named curve."""

    def event(self, level: Level, message: str, **data: Any) -> None:
        """What a log line would say, kept with the run."""

    def save_image(self, name: str, value: Any, **meta: Any) -> ArtefactRef:
        """Save a PIL image or (H, W, 3) uint8 array as PNG, with the run's parameters embedded."""

    def save_figure(self, name: str, value: Any, **meta: Any) -> ArtefactRef:
        """Save a plotly figure (or its JSON-able dict) as JSON."""

    def save_table(self, name: str, value: Iterable[Mapping[str, Any]], **meta: Any) -> ArtefactRef:
        """Save rows as CSV; the first row names the columns."""

    def save_tensors(
        self, name: str, value: Mapping[str, torch.Tensor], **meta: Any
    ) -> ArtefactRef:
        """Save named tensors as safetensors; `meta` goes into the file's header as well."""

    def save_file(self, name: str, value: bytes | Path, **meta: Any) -> ArtefactRef:
        """Save bytes, or a file, as they are."""

    def record(self, kind: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Typed rows that people page, sort and filter: images, pairs, nodes, requests."""

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        """Keep `state` (a flat dict of tensors and JSON values) so that a lost run goes on from here."""

    def resume(self) -> dict[str, Any] | None:
        """The last state kept for this run by an earlier attempt, or None; tensors are on the CPU."""

    def open(self, ref: str) -> Path:
        """A local path for an upload, a data set or another run's artefact.

        Args:
            ref: a sha256, a path on this machine, or "run_id/artefact_name".

        Raises:
            MethodError: there is no such thing.
        """


@dataclass(frozen=True)
class Result:
    """What a run ends with.

    Attributes:
        metrics: finite numbers by name, with the unit in the name where it is not obvious.
        summary: one or two plain sentences: what was found, gain or loss.
    """

    metrics: dict[str, float]
    summary: str


@dataclass(frozen=True)
class Finished:
    """A run that succeeded, for a method to say something about several.

    Attributes:
        config: its settings as they were stored, maybe by an earlier version.
    """

    title: str
    config: Mapping[str, Any]
    seed: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Finding:
    """A sentence that several runs support.

    Attributes:
        kind: "advice" names settings to take, "none" says that nothing helped, "note" what limits what was said.
        values: the settings that are advised; empty otherwise.
    """

    kind: Literal["advice", "none", "note"]
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Estimate:
    """What a run is expected to need, from its settings alone.

    Attributes:
        seconds: from its start to its end.
        memory_mb: largest at any time, everything included.
        detail: what else a person weighs before launching, such as the part of the memory that is the method's own;
            named like the metric that the run will report, where there is one.
    """

    seconds: float
    memory_mb: float
    detail: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Paper:
    title: str
    authors: str
    venue: str
    url: str


@dataclass(frozen=True)
class Preset:
    """A named set of values; what it leaves out keeps the method's default.

    Attributes:
        fills: it fills the form, where others of its method are policies that run side by side.
    """

    title: str
    values: Mapping[str, Any]
    note: str = ""
    fills: bool = False


@dataclass(frozen=True)
class Axis:
    """A metric that a chart of all runs may have along one side."""

    metric: str
    higher_is_better: bool


@dataclass(frozen=True)
class Tradeoff:
    """What a method trades for what: the two sides of a chart of all its runs.

    Attributes:
        x, y: the metrics of each side; the first is shown first.
        comparable: from a run's settings to those that must be equal for two runs to stand in one chart, by name; a
            setting whose default depends on another has its effective value there.
        kind: from a run's settings to the few words under which the chart groups it.
        irrelevant: settings that change none of these metrics: runs that differ in nothing else are one point.
    """

    x: tuple[Axis, ...]
    y: tuple[Axis, ...]
    comparable: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    kind: Callable[[Mapping[str, Any]], str]
    irrelevant: tuple[str, ...] = ()


@dataclass(frozen=True)
class Items:
    """Rows of a run that hold a metric item by item, so that two runs that met the same items can be paired.

    Attributes:
        noun: what an item is, in the plural.
        kind: of the rows, as `Context.record` got it.
        key: the fields by which an item is known.
        values: for each metric the field whose mean it is; "a.b" is the field b of the field a.
        where: a field and the value that it must have; empty takes all rows.
        seeded: the items depend on the seed: only runs of the same seed met the same ones.
    """

    noun: str
    kind: str
    key: tuple[str, ...]
    values: Mapping[str, str]
    where: tuple[str, str] | None = None
    seeded: bool = False


@dataclass(frozen=True)
class Listed:
    """Rows that people read, each with a number, so that runs that have the same ones can be laid side by side.

    Attributes:
        noun, kind, key: as in `Items`.
        values: fields with a number, and what they are called; the first that all runs have is compared.
        shown: fields that tell a person what the row is, and what they are called.
    """

    noun: str
    kind: str
    key: tuple[str, ...]
    values: Mapping[str, str]
    shown: Mapping[str, str]


@dataclass(frozen=True)
class Measured:
    """What the metrics of a method are of: which of them say the same thing about two runs.

    Attributes:
        on: settings that say on what is measured; a method with a `Tradeoff` says it there.
        units: settings on which the meaning of a metric depends, by its name.
        items: what is kept item by item.
        listed: rows to lay side by side.
    """

    on: tuple[str, ...] = ()
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    items: tuple[Items, ...] = ()
    listed: Listed | None = None


@dataclass(frozen=True)
class ReportedRow:
    """One row of figures that somebody else has published.

    Attributes:
        values: as printed there, one a column; "" where it is not known.
        source: where it was read.
        notes: what must be known of a value, by its column: derived by us, read in a summary.
        settings: a run is of this row where it has these settings; empty matches none.
    """

    name: str
    values: tuple[str, ...]
    source: str
    notes: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reported:
    """Figures that papers report under one setting; never mixed with what is measured here."""

    setting: str
    columns: tuple[str, ...]
    rows: tuple[ReportedRow, ...]


@dataclass(frozen=True)
class Demo:
    """Small runs that show a method on a new studio.

    Attributes:
        title: of the comparison, where there are several runs.
        text: what they are and what to look at, in a sentence or two; no outcome, which is for the runs to show.
        runs: the control first; together they must end within a minute on two CPU cores.
    """

    title: str
    text: str
    runs: tuple[Preset, ...]


@dataclass(frozen=True)
class Method:
    """An entry of `METHODS`; importing it must cost no torch, so `run` imports what it needs when called."""

    name: str
    title: str
    family: str
    config: type[Config]
    run: Callable[[Any, Context], Result]
    estimate: Callable[[Any], Estimate]
    queue: Queue = "gpu"
    papers: tuple[Paper, ...] = ()
    presets: Mapping[str, Preset] = field(default_factory=dict)
    check: Callable[[Any, Open], None] | None = None
    """Raises `MethodError` for settings that are wrong together or do not fit what they name; called before a run is
    queued, with a function that opens references as `Context.open` does."""
    simplify: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    """Values without those that the others make meaningless, such as the weight of no correction: what is equal then is
    the same run. Takes unchecked values."""
    controls: Callable[[Any], Sequence[Mapping[str, Any]]] | None = None
    """For settings that hold, the changes that make the honest controls to run beside them."""
    conclude: Callable[[Sequence[Finished]], Sequence[Finding]] | None = None
    """What the runs of a sweep say together, most important first; of all runs that succeeded, in any order."""
    tradeoff: Tradeoff | None = None
    """Where runs of this method can be charted, what they gain against what they lose."""
    measured: Measured = Measured()
    """What its metrics are of, for runs side by side."""
    reported: tuple[Reported, ...] = ()
    remark: Callable[[Sequence[Finished]], str] | None = None
    """What runs side by side say, in one or two plain sentences; also that nothing can be said."""
    demo: Demo | None = None
    """What the welcome tour of a new studio runs."""
