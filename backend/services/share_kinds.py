"""The kinds of things that a link can show: what each is, which parts it has, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.services.certificates import certificate
from backend.services.comparisons import get_comparison
from backend.services.errors import NotFound, ServiceError
from backend.services.history import get_run
from backend.services.node_figures import explain_node
from backend.services.nodes import NodeCut
from backend.services.pairs import PairQuery, list_pairs
from backend.services.requests import get_request
from backend.services.sweeps import get_sweep
from backend.share_views import SharedTarget
from storage.kept import Comparison, Erasure
from storage.models import Run, Sweep

Selection = Mapping[str, Any]
RUN_PARTS = (
    *("settings", "names", "texts", "metrics", "curves", "pictures", "inputs", "rows"),
    *("reviews", "environment", "log"),
)
PAIRS = ("settings", "names", "texts", "metrics", "curves", "inputs", "rows", "reviews", "export")


@dataclass(frozen=True)
class Kind:
    """A kind of target.

    Attributes:
        row: the table that its id is looked up in.
        parts: what can be chosen of it.
        find: what a target and a selection come to; raises `NotFound` or `ServiceError` where there is no such thing.
        fields: what a selection may say, with the type of each.
    """

    title: str
    row: type[Run] | type[Comparison] | type[Sweep] | type[Erasure]
    parts: tuple[str, ...]
    find: Callable[[str, Selection], SharedTarget]
    fields: Mapping[str, type | tuple[type, ...]]


def _run(run_id: str, _: Selection) -> SharedTarget:
    return SharedTarget(get_run(run_id).title, [run_id])


def _comparison(comparison_id: str, selection: Selection) -> SharedTarget:
    found = get_comparison(comparison_id)
    shared = selection.get("runs", found.run_ids)
    runs = [run_id for run_id in found.run_ids if run_id in shared]
    if not runs:
        raise NotFound("every run of this comparison has been deleted or taken out of it")
    return SharedTarget(found.title, runs)


def _sweep(sweep_id: str, _: Selection) -> SharedTarget:
    found = get_sweep(sweep_id)
    return SharedTarget(found.title, [run.id for cell in found.cells for run in cell.runs])


def pair_query(run_id: str, selection: Selection) -> PairQuery:
    """The pairs that a selection means."""
    return PairQuery(
        run_id,
        training=selection.get("training", ""),
        review=selection.get("review", ""),
        tag=selection.get("tag", ""),
        text=selection.get("text", ""),
        filters=tuple(selection.get("filters", ())),
    )


def _pairs(run_id: str, selection: Selection) -> SharedTarget:
    run = get_run(run_id)
    query = pair_query(run_id, selection)
    found = list_pairs(query, sort=selection.get("sort", ""), limit=1)
    if not found.reviews["pairs"]:
        raise NotFound(f"run {run_id} has recorded no pairs")
    return SharedTarget(run.title, [run_id])


def _node(run_id: str, selection: Selection) -> SharedTarget:
    if "position" not in selection:
        raise ServiceError("selection: say which node, as its position")
    found = explain_node(NodeCut(run_id), selection["position"])
    return SharedTarget(found["node"]["name"], [run_id])


def _certificate(request_id: str, selection: Selection) -> SharedTarget:
    title = get_request(request_id).title
    run = certificate(request_id, selection.get("run", ""))["run"]
    return SharedTarget(title, [run])


KINDS = {
    "run": Kind("Run", Run, RUN_PARTS, _run, {}),
    "comparison": Kind("Comparison", Comparison, RUN_PARTS, _comparison, {"runs": (list, tuple)}),
    "sweep": Kind(
        "Sweep", Sweep, ("settings", "names", "texts", "metrics", "curves", "log"), _sweep, {}
    ),
    "pairs": Kind(
        "Pair set",
        Run,
        PAIRS,
        _pairs,
        {
            **dict.fromkeys(("training", "review", "tag", "text", "sort"), str),
            "descending": bool,
            "filters": (list, tuple),
        },
    ),
    "node": Kind(
        "Node", Run, ("names", "metrics", "curves", "rows", "reviews"), _node, {"position": int}
    ),
    "certificate": Kind(
        "Certificate",
        Erasure,
        ("settings", "names", "texts", "metrics", "rows", "reviews", "environment", "export"),
        _certificate,
        {"run": str},
    ),
}


def kind_of(name: str) -> Kind:
    """A kind by its name.

    Raises:
        ServiceError: there is none.
    """
    if name not in KINDS:
        raise ServiceError(f"kind: {', '.join(KINDS)} are allowed, got {name!r:.80}")
    return KINDS[name]


def checked_selection(kind: Kind, selection: Selection) -> dict[str, Any]:
    """A selection without what says nothing.

    Raises:
        ServiceError: a field that this kind does not have, or a value of another type.
    """
    for name, value in selection.items():
        if name not in kind.fields:
            allowed = ", ".join(kind.fields) or "nothing"
            raise ServiceError(f"selection: {allowed} is allowed here, got {name!r:.80}")
        if not _fits(value, kind.fields[name]):
            raise ServiceError(f"selection.{name}: got {value!r:.80}, which is of another type")
    return {name: value for name, value in selection.items() if value or value == 0}


def _fits(value: Any, kind: type | tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if isinstance(value, list | tuple):
        return isinstance(value, kind) and all(isinstance(each, str) for each in value)
    return isinstance(value, kind)


def find(kind: str, target_id: str, selection: Selection) -> SharedTarget:
    """What a link to this shows.

    Raises:
        ServiceError: no kind of that name, or a selection that it does not have.
        NotFound: there is no such thing (any more).
    """
    return kind_of(kind).find(target_id, selection)
