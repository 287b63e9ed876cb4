"""From axes to cells: every combination once, those that the method refuses left out with their reason."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from textwrap import shorten
from typing import Any

from backend.services.catalogue import get_method, validate, validate_some
from backend.services.launching import check_seed
from backend.sweep_views import LeftOut, PlannedCell, SweepPlan
from methods.base import Config, Method, MethodError

MAX_RUNS = 500
MAX_COMBINATIONS = 5000
MAX_TITLE = 120


@dataclass(frozen=True)
class SweepRequest:
    """What a person asks for.

    Attributes:
        config: settings that all runs share.
        axes: the values to combine, by setting.
        controls: also run the controls that the method names, such as plain reuse and fewer steps.
    """

    method: str
    config: Mapping[str, Any] = field(default_factory=dict)
    axes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    seeds: Sequence[int] = (0,)
    controls: bool = True
    title: str = ""


def plan_sweep(request: SweepRequest) -> SweepPlan:
    """What a launch would queue, without queueing it.

    Raises:
        MethodError: there is no such method, nothing to combine, no combination that holds, or too many runs.
    """
    method = get_method(request.method)
    combinations = _check(request)
    # A setting that no combination uses is not checked with them, but is shown as what all runs share.
    validate_some(method, request.config)
    found: dict[str, Config] = {}
    reasons: Counter[str] = Counter()
    for values in product(*request.axes.values()):
        wanted = {**request.config, **dict(zip(request.axes, values, strict=True))}
        try:
            _add(found, method, wanted)
        except MethodError as error:
            reasons[str(error)] += 1
    if not found:
        raise MethodError(f"no combination holds: {next(iter(reasons))}")
    varied = list(request.axes)
    if request.controls and method.controls is not None:
        varied += _add_controls(found, method)
    left_out = [LeftOut(reason, count) for reason, count in reasons.most_common()]
    return _planned(request, method, combinations, varied, list(found.values()), left_out)


def _check(request: SweepRequest) -> int:
    """Number of combinations; refuses what no method would take."""
    if not request.axes:
        raise MethodError("axes: name at least one setting with the values to try")
    for name, values in request.axes.items():
        if not values:
            raise MethodError(f"{name}: name at least one value to try")
    try:
        json.dumps([dict(request.config), dict(request.axes)], allow_nan=False, default=list)
    except ValueError:  # it could not be kept as JSON
        raise MethodError("settings: finite numbers are allowed, got NaN or infinity") from None
    if not request.seeds:
        raise MethodError("seeds: name at least one")
    for seed in request.seeds:
        check_seed(seed)
    if len(set(request.seeds)) < len(request.seeds):
        raise MethodError("seeds: one is named twice")
    combinations = math.prod(len(values) for values in request.axes.values())
    if combinations > MAX_COMBINATIONS:
        raise MethodError(
            f"{combinations:,} combinations are more than {MAX_COMBINATIONS:,}: take fewer values"
        )
    return combinations


def _add(found: dict[str, Config], method: Method, values: Mapping[str, Any]) -> None:
    """Add the checked settings unless they are there: what a combination does not use does not tell it from others."""
    if method.simplify is not None:
        values = method.simplify(values)
    config = validate(method.name, values)
    found.setdefault(json.dumps(config.model_dump(mode="json"), sort_keys=True), config)


def _add_controls(found: dict[str, Config], method: Method) -> list[str]:
    """Add the controls of what was found; returns the settings in which they differ from it."""
    assert method.controls is not None
    changed: dict[str, None] = {}
    for config in list(found.values()):
        values = config.model_dump(mode="json")
        for change in method.controls(config):
            changed |= dict.fromkeys(name for name in change if change[name] != values[name])
            _add(found, method, {**values, **change})
    return list(changed)


def _planned(
    request: SweepRequest,
    method: Method,
    combinations: int,
    varied: Sequence[str],
    configs: Sequence[Config],
    left_out: list[LeftOut],
) -> SweepPlan:
    cells = []
    for config in configs:
        cell = _cell(config, request, method, varied)
        title = " · ".join(_say(method, name, value) for name, value in cell.items())
        cells.append(PlannedCell(cell, title, config.model_dump(mode="json")))
    runs = len(cells) * len(request.seeds)
    if runs > MAX_RUNS:
        raise MethodError(
            f"{len(cells)} cells x {len(request.seeds)} seeds are {runs} runs; up to {MAX_RUNS} are allowed: "
            "take fewer values or fewer seeds"
        )
    estimates = [method.estimate(config) for config in configs]
    return SweepPlan(
        title=request.title.strip() or _title(request, method),
        combinations=combinations,
        cells=cells,
        left_out=left_out,
        runs=runs,
        seconds=len(request.seeds) * sum(estimate.seconds for estimate in estimates),
        memory_mb=max(estimate.memory_mb for estimate in estimates),
    )


def _cell(
    config: Config, request: SweepRequest, method: Method, varied: Sequence[str]
) -> dict[str, Any]:
    """The values of the axes that this combination uses, and of other settings where a control changed them."""
    values = config.model_dump(mode="json")
    used = values if method.simplify is None else method.simplify(values)
    fields = type(config).model_fields
    cell = {}
    for name in dict.fromkeys(varied):
        shared = request.config.get(name, fields[name].default)
        shared = list(shared) if isinstance(shared, tuple) else shared  # as in JSON
        if name in used and (name in request.axes or values[name] != shared):
            cell[name] = values[name]
    return cell


def _field_title(method: Method, name: str) -> str:
    return (method.config.model_fields[name].title or name.replace("_", " ")).lower()


def _say(method: Method, name: str, value: Any) -> str:
    """ "goc", "no correction", "interval 4": a choice speaks for itself, a number does not."""
    if value == "none":
        return f"no {_field_title(method, name)}"
    if isinstance(value, str):
        return _named(method, name, value)
    if isinstance(value, list):
        return f"{_field_title(method, name)} {' + '.join(map(str, value)) or 'none'}"
    said = "as published" if value is None else f"{value:g}" if isinstance(value, float) else value
    return f"{_field_title(method, name)} {said}"


def _named(method: Method, name: str, value: str) -> str:
    """A choice by the title of the preset that sets nothing else, where there is one."""
    alone = (preset.title for preset in method.presets.values() if preset.values == {name: value})
    return next(alone, value.replace("_", " "))


def _title(request: SweepRequest, method: Method) -> str:
    """The axes and their values; those of one value only where there are no others."""
    axes = {name: values for name, values in request.axes.items() if len(values) > 1}
    said = [
        f"{_field_title(method, name)} {', '.join(_value(method, name, each) for each in values)}"
        for name, values in (axes or request.axes).items()
    ]
    return shorten(" × ".join(said), MAX_TITLE, placeholder=" …")


def _value(method: Method, name: str, value: Any) -> str:
    return _named(method, name, value) if isinstance(value, str) else str(value)
