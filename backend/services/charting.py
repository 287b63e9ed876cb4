"""All comparable runs of a method in one chart: what they gain against what they lose."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from backend.chart_views import AxisView, LandscapePoint, LandscapeRun, LandscapeView, Spread
from backend.services.catalogue import get_method, setting_title, used_settings
from backend.services.errors import NotFound, ServiceError
from backend.settings import settings
from backend.views import SettingRow
from methods.base import Axis, Method, Tradeoff
from methods.intervals import mean_of
from storage import db, runs
from storage.models import SUCCEEDED, Run

NEWEST = 2000


def landscape(run_ids: Sequence[str], *, x: str = "", y: str = "") -> LandscapeView:
    """Every finished run that may stand in one chart with the first of these, as far as the newest 2,000 go.

    Args:
        run_ids: runs to point out; the first that has succeeded says which method and settings the chart is of.
        x, y: metrics; empty is the method's first.

    Raises:
        NotFound: there is no such run.
        ServiceError: no run is given, none has succeeded, the method has no such chart, or no such metric.
    """
    with db.reading(settings().database_url) as session:
        asked = runs.by_ids(session, run_ids)
        missing = sorted(set(run_ids) - {run.id for run in asked})
        if missing:
            raise NotFound(f"there is no run {', '.join(missing)}; it may have been deleted")
        given = [run for run in asked if run.status == SUCCEEDED]
        if not given:
            raise ServiceError("run: at least one that has succeeded is needed")
        method = get_method(given[0].method)
        tradeoff = method.tradeoff
        if tradeoff is None:
            raise ServiceError(f"{method.name} has no chart of what is gained and lost")
        axes = _axis("x", x, tradeoff.x), _axis("y", y, tradeoff.y)
        newest = runs.measured(session, method.name, NEWEST + 1)
    limited = len(newest) > NEWEST
    return _Chart(method, tradeoff, *axes).drawn(given, newest[:NEWEST], limited)


def pareto(points: Sequence[tuple[float, float]], x: Axis, y: Axis) -> list[int]:
    """Places of the points that no other beats, best x first.

    A point is beaten by one that is at least as good on both sides and better on one; of equal points, all stay.

    Args:
        points: finite (x, y).
    """
    costs = [(-a if x.higher_is_better else a, -b if y.higher_is_better else b) for a, b in points]
    front: list[int] = []
    lowest = inf
    for place in sorted(range(len(costs)), key=lambda place: costs[place]):
        if costs[place][1] < lowest or (front and costs[place] == costs[front[-1]]):
            front.append(place)
            lowest = costs[place][1]
    return front


def spread(values: Sequence[float]) -> Spread:
    """Mean of one value a seed, and its 95 % interval where there are two or more."""
    found = mean_of(values)
    return Spread(found.mean, found.low, found.high)


def _axis(side: str, name: str, axes: Sequence[Axis]) -> Axis:
    known = {axis.metric: axis for axis in axes}
    if name and name not in known:
        raise ServiceError(f"{side}: {', '.join(known)} are allowed, got {name!r:.80}")
    return known[name] if name else axes[0]


class _Chart:
    def __init__(self, method: Method, tradeoff: Tradeoff, x: Axis, y: Axis) -> None:
        self.method, self.tradeoff, self.x, self.y = method, tradeoff, x, y

    def drawn(self, given: Sequence[Run], newest: Sequence[Any], limited: bool) -> LandscapeView:
        shared = self.tradeoff.comparable(given[0].config)
        own = [run for run in given if run.method == self.method.name and self._alike(run, shared)]
        chosen = {run.id for run in own}
        others = [run for run in newest if run.id not in chosen and self._alike(run, shared)]
        found = [*own, *others]
        whole = [run for run in found if {self.x.metric, self.y.metric} <= run.metrics.keys()]
        return LandscapeView(
            method=self.method.name,
            x=_axis_view(self.x, self.tradeoff.x, found),
            y=_axis_view(self.y, self.tradeoff.y, found),
            shared=[SettingRow(name, self._title(name), [value]) for name, value in shared.items()],
            titles={name: self._title(name) for name in self.method.config.model_fields},
            points=self._points(whole, chosen),
            apart=[run.id for run in given if run.id not in chosen],
            without=len(found) - len(whole),
            looked_at=len(newest),
            limited=limited,
            devices=sorted({str(run.env.get("device_name") or run.env["device"]) for run in whole}),
        )

    def _alike(self, run: Any, shared: Mapping[str, Any]) -> bool:
        return self.tradeoff.comparable(run.config) == shared

    def _title(self, name: str) -> str:
        return setting_title(self.method, name)

    def _points(self, found: Sequence[Any], chosen: set[str]) -> list[LandscapePoint]:
        """Groups of the same settings, one run a seed: the first, which is a chosen one or the newest."""
        groups: defaultdict[str, dict[int, Any]] = defaultdict(dict)
        for run in found:
            groups[json.dumps(self._policy(run), sort_keys=True)].setdefault(run.seed, run)
        members = [list(group.values()) for group in groups.values()]
        spreads = [
            tuple(spread([run.metrics[axis.metric] for run in group]) for axis in (self.x, self.y))
            for group in members
        ]
        best = set(pareto([(x.mean, y.mean) for x, y in spreads], self.x, self.y))
        differing = _differing([self._policy(group[0]) for group in members])
        points = [
            LandscapePoint(
                kind=self.tradeoff.kind(group[0].config),
                settings={name: self._policy(group[0]).get(name) for name in differing},
                runs=[self._single(run, chosen) for run in group],
                x=spreads[place][0],
                y=spreads[place][1],
                chosen=any(run.id in chosen for run in group),
                best=place in best,
            )
            for place, group in enumerate(members)
        ]
        sign = 1 if self.x.higher_is_better else -1
        return sorted(points, key=lambda point: (sign * point.x.mean, point.y.mean))

    def _policy(self, run: Any) -> dict[str, Any]:
        dropped = self.tradeoff.irrelevant
        used = used_settings(self.method.name, run.config)
        return {name: value for name, value in used.items() if name not in dropped}

    def _single(self, run: Any, chosen: set[str]) -> LandscapeRun:
        x, y = run.metrics[self.x.metric], run.metrics[self.y.metric]
        return LandscapeRun(run.id, run.title, run.seed, x, y, run.id in chosen)


def _axis_view(axis: Axis, axes: Sequence[Axis], found: Sequence[Any]) -> AxisView:
    """With the metrics that at least one run has."""
    choices = [
        each.metric
        for each in axes
        if each == axis or any(each.metric in run.metrics for run in found)
    ]
    return AxisView(axis.metric, axis.higher_is_better, choices)


def _differing(configs: Sequence[Mapping[str, Any]]) -> list[str]:
    names = dict.fromkeys(name for config in configs for name in config)
    return [name for name in names if any(c.get(name) != configs[0].get(name) for c in configs)]
