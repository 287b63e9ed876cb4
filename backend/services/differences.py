"""By how much runs differ from one of them, where they met the same items or were run with the same seeds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from backend.comparison_views import Difference, Differences, Group, RunDifference, Verdict
from backend.services.catalogue import setting_title, used_settings
from backend.services.comparing import views_of
from backend.services.directions import better, is_exact
from backend.services.errors import ServiceError
from backend.settings import settings
from backend.views import RunView
from methods import METHODS
from methods.base import Items
from methods.intervals import Mean, mean_of, paired_difference
from storage import db, items
from storage.models import SUCCEEDED

MAX_ITEMS = 20_000
"""Of a run, as many rows are paired with another's."""

FEWEST_ALIKE = 6
"""Pairs that all differ by the same have an interval without width, which would be sure of anything. That n of n go the same
way by chance is 2^(1 - n) likely (the sign test), less than 5 % from six on."""
ROUNDING = 1e-9

Values = Mapping[Any, float]
Pairs = dict[str, tuple[str, Values]]
"""What is paired, and the values by seed or item, of each metric."""


def compare_differences(run_ids: Sequence[str], baseline: str = "") -> Differences:
    """By how much runs differ from one of them, where they met the same items or were run with the same seeds.

    Only runs that succeeded are compared, and only with runs that were measured on the same.

    Args:
        baseline: the run to measure against; empty is the first.

    Raises:
        NotFound: one of the runs is not there.
        ServiceError: no runs, too many, or the baseline is none of them.
    """
    views = views_of(run_ids)
    chosen = baseline or views[0].id
    if chosen not in {view.id for view in views}:
        raise ServiceError(f"baseline: one of the runs is allowed, got {chosen!r:.80}")
    control = next(view for view in views if view.id == chosen)
    names = dict.fromkeys(name for view in views for name in view.metrics)
    return Differences(
        baseline=chosen,
        runs=_run_differences(views, control),
        groups=_groups(views, control),
        directions={name: better(name) for name in names},
    )


def _run_differences(views: Sequence[RunView], control: RunView) -> list[RunDifference]:
    pairs = {view.id: _item_values(view) | _counts(view) for view in views}
    best = _best([view for view in views if view.status == SUCCEEDED], lambda view: pairs[view.id])
    found = []
    for view in views:
        compared = view is not control and {view.status, control.status} == {SUCCEEDED}
        titles = apart(view, control)
        unlike = [] if titles else _unlike(view, control)
        same = compared and not titles
        found.append(
            RunDifference(
                run=view.id,
                apart=titles,
                other_seed=same and _other_seed(view, control),
                unlike=unlike,
                differences=_differences(pairs[view.id], pairs[control.id], unlike) if same else {},
                best=best.get(view.id, []),
            )
        )
    return found


def _groups(views: Sequence[RunView], control: RunView) -> list[Group]:
    """Runs of the same settings that succeeded, one a seed, those of the baseline first."""
    members: dict[str, dict[int, RunView]] = {}
    for view in views:
        if view.status == SUCCEEDED:
            members.setdefault(_policy(view), {}).setdefault(view.seed, view)
    if control.status != SUCCEEDED or not any(len(group) > 1 for group in members.values()):
        return []
    own = _policy(control)
    ordered = [members[own], *(group for key, group in members.items() if key != own)]
    pairs = {id(group): _by_seed(group) for group in ordered}
    firsts = [next(iter(group.values())) for group in ordered]
    of = {first.id: pairs[id(group)] for first, group in zip(firsts, ordered, strict=True)}
    best = _best(firsts, lambda view: of[view.id])
    found = []
    for first, group in zip(firsts, ordered, strict=True):
        titles = apart(first, control)
        unlike = [] if titles else _unlike(first, control)
        same = group is not ordered[0] and not titles
        means = {name: mean_of(list(values.values())) for name, (_, values) in of[first.id].items()}
        found.append(
            Group(
                title=first.title or first.method,
                runs=[view.id for view in group.values()],
                seeds=list(group),
                means=means,
                apart=titles,
                unlike=unlike,
                differences=_differences(of[first.id], of[firsts[0].id], unlike) if same else {},
                best=best.get(first.id, []),
            )
        )
    return found


def _policy(view: RunView) -> str:
    method = METHODS.get(view.method)
    dropped = method.tradeoff.irrelevant if method and method.tradeoff else ()
    used = used_settings(view.method, view.config)
    kept = {name: value for name, value in used.items() if name not in dropped}
    return json.dumps([view.method, kept], sort_keys=True)


def _by_seed(group: Mapping[int, RunView]) -> Pairs:
    names = dict.fromkeys(name for view in group.values() for name in view.metrics)
    return {
        name: (
            "seeds",
            {
                seed: view.metrics[name]
                for seed, view in group.items()
                if view.metrics.get(name) is not None
            },
        )
        for name in names
        if not name.endswith(("_low", "_high"))
    }


def _counts(view: RunView) -> Pairs:
    return {
        name: ("exact", {"": value})
        for name, value in view.metrics.items()
        if is_exact(name) and value is not None
    }


def _item_values(view: RunView) -> Pairs:
    """Of each metric that is the mean of items: its value by item."""
    method = METHODS.get(view.method)
    if method is None or view.status != SUCCEEDED:
        return {}
    found: Pairs = {}
    for each in method.measured.items:
        found |= _values_of(view, each)
    return found


def _values_of(view: RunView, each: Items) -> Pairs:
    metrics = [name for name in each.values if name in view.metrics]
    where = [each.where[0]] if each.where else []
    fields = [*where, *each.key, *(each.values[name] for name in metrics)]
    if not metrics:
        return {}
    with db.reading(settings().database_url) as session:
        rows = items.fields(session, view.id, each.kind, fields, MAX_ITEMS)
    if each.where:
        rows = [row[1:] for row in rows if row[0] == each.where[1]]
    seed = (view.seed,) if each.seeded else ()
    size = len(each.key)
    return {
        name: (
            each.noun,
            {
                (*seed, *row[:size]): float(row[size + place])
                for row in rows
                if row[size + place] is not None
            },
        )
        for place, name in enumerate(metrics)
    }


def _subject(view: RunView) -> dict[str, Any]:
    """On what a run measured, by setting."""
    method = METHODS.get(view.method)
    if method is None:
        return {}
    if method.tradeoff is not None:
        return dict(method.tradeoff.comparable(view.config))
    return {name: view.config.get(name) for name in method.measured.on}


def apart(view: RunView, control: RunView) -> list[str]:
    """Titles of what makes the metrics of two runs speak of different things; none where they can be compared."""
    if view.method != control.method:
        return ["Method"]
    method = METHODS.get(view.method)
    mine, other = _subject(view), _subject(control)
    return [
        setting_title(method, name) if method else name
        for name in dict.fromkeys([*mine, *other])
        if mine.get(name) != other.get(name)
    ]


def _unlike(view: RunView, control: RunView) -> list[str]:
    method = METHODS.get(view.method)
    units = method.measured.units if method else {}
    return [
        metric
        for metric, names in units.items()
        if any(view.config.get(name) != control.config.get(name) for name in names)
    ]


def _other_seed(view: RunView, control: RunView) -> bool:
    method = METHODS.get(view.method)
    seeded = method is not None and any(each.seeded for each in method.measured.items)
    return seeded and view.seed != control.seed


def _differences(mine: Pairs, other: Pairs, unlike: Sequence[str]) -> dict[str, Difference]:
    found = {}
    for name, (over, values) in mine.items():
        if name in unlike or name not in other:
            continue
        pair = paired_difference(values, other[name][1])
        if pair is not None:
            found[name] = _difference(name, over, pair)
    return found


def _difference(name: str, over: str, pair: Mean) -> Difference:
    low, high = pair.low, pair.high
    if over == "exact":
        low = high = pair.mean
    elif pair.n < FEWEST_ALIKE and _all_alike(pair):
        low = high = None
    return Difference(pair.mean, low, high, pair.n, over, _verdict(better(name), low, high))


def _all_alike(pair: Mean) -> bool:
    """Whether all pairs differ by the same, but for rounding, and differ at all."""
    return pair.high is not None and pair.high - pair.mean < ROUNDING * abs(pair.mean)


def _verdict(way: int, low: float | None, high: float | None) -> Verdict:
    if low is None or high is None or low <= 0 <= high:
        return "unclear"
    if not way:
        return "differs"
    return "better" if (low > 0) == (way > 0) else "worse"


def _best(views: Sequence[RunView], pairs: Callable[[RunView], Pairs]) -> dict[str, list[str]]:
    """Metrics in which a run is told from every other that was measured on the same, by the run's id.

    None is best where there is only one, or where the interval of one difference includes zero.
    """
    found: dict[str, list[str]] = {}
    if len(views) < 2 or any(apart(a, b) for a, b in pairwise(views)):
        return found
    unlike = {name for view in views[1:] for name in _unlike(view, views[0])}
    names = dict.fromkeys(name for view in views for name in pairs(view))
    for name in names:
        way = better(name)
        having = [view for view in views if name in pairs(view) and pairs(view)[name][1]]
        if not way or name in unlike or len(having) < max(2, len(views)):
            continue
        first = max(
            having, key=lambda view: way * mean_of(list(pairs(view)[name][1].values())).mean
        )
        others = [view for view in having if view is not first]
        told = [
            _differences({name: pairs(first)[name]}, {name: pairs(other)[name]}, ())
            for other in others
        ]
        if all(name in each and each[name].verdict == "better" for each in told):
            found.setdefault(first.id, []).append(name)
    return found
