"""What can be run: the methods, what they are, whether settings hold, what a run would need."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from backend.references import open_reference, with_names
from backend.trusted import check_sources
from backend.views import RunView, SettingRow, SettingState
from methods import METHODS
from methods.base import Config, Estimate, Finished, Method, MethodError
from storage.models import SUCCEEDED

MOST_ERRORS = 8
"""Wrong settings that one message names."""


def methods() -> dict[str, Method]:
    """All methods by name."""
    return dict(METHODS)


def get_method(name: str) -> Method:
    """The method of that name.

    Raises:
        MethodError: there is none.
    """
    try:
        return METHODS[name]
    except KeyError:
        raise MethodError(f"there is no method {name!r}; there are {', '.join(METHODS)}") from None


def family_intro(family: str) -> str:
    """The introduction of a family's page: the docstring of its package."""
    return (importlib.import_module(f"methods.{family}").__doc__ or "").strip()


def validate(method: str, values: Mapping[str, Any]) -> Config:
    """The settings of a run, checked as far as can be without computing.

    Raises:
        MethodError: names each setting that is wrong, what was got and what is allowed.
    """
    entry = get_method(method)
    try:
        config = entry.config.model_validate(dict(values))
    except ValidationError as error:
        raise MethodError(_explained(entry.config, error.errors())) from None
    check_sources(config)
    if entry.check is not None:
        try:
            entry.check(config, open_reference)
        except MethodError as error:
            raise MethodError(with_names(str(error))) from error
    return config


def validate_some(method: Method, values: Mapping[str, Any]) -> None:
    """Refuse values that their settings do not take, whatever the others will be.

    Raises:
        MethodError: as `validate`.
    """
    try:
        method.config.model_validate(dict(values))
    except ValidationError as error:
        wrong = [one for one in error.errors() if one["type"] != "missing"]
        if wrong:
            raise MethodError(_explained(method.config, wrong)) from None


def _explained(config: type[Config], errors: Sequence[Any]) -> str:
    said = [_explain(config, one) for one in errors[:MOST_ERRORS]]
    more = len(errors) - len(said)
    return "; ".join([*said, f"and {more:,} more"] if more else said)


def _explain(config: type[Config], error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "settings"
    if error["type"] == "extra_forbidden":
        known = ", ".join(config.model_fields)
        return f"{place}: there is no such setting; there are {known}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {message[0].lower()}{message[1:]}, got {error['input']!r}"


def estimate(method: str, values: Mapping[str, Any]) -> Estimate:
    """What a run with these settings would need.

    Raises:
        MethodError: the settings do not hold.
    """
    return get_method(method).estimate(validate(method, values))


def differing_settings(runs: Sequence[RunView]) -> tuple[list[SettingRow], list[SettingRow]]:
    """The settings in which runs differ, and those they share, in the order of their forms.

    The seed counts as a setting, and so does the method if there are several. What the others make meaningless, such as
    the interval of no schedule, is None.
    """
    names = list(dict.fromkeys(name for run in runs for name in _fields(run)))
    chosen: list[SettingState] = ["chosen"] * len(runs)
    rows = [SettingRow("seed", "Seed", [run.seed for run in runs], chosen)]
    if len({run.method for run in runs}) > 1:
        rows.insert(0, SettingRow("method", "Method", [run.method for run in runs], chosen))
    used = [used_settings(run.method, run.config) for run in runs]
    rows += [
        SettingRow(
            name,
            _title(runs, name),
            [config.get(name) for config in used],
            [_state(run, name, config) for run, config in zip(runs, used, strict=True)],
        )
        for name in names
    ]
    differing = [row for row in rows if _differs(row)]
    return differing, [row for row in rows if row not in differing]


def _differs(row: SettingRow) -> bool:
    some_lack_it = 0 < row.states.count("absent") < len(row.states)
    return some_lack_it or any(value != row.values[0] for value in row.values)


def _state(run: RunView, name: str, used: Mapping[str, Any]) -> SettingState:
    entry = METHODS.get(run.method)
    field = entry.config.model_fields.get(name) if entry else None
    if field is None:
        return "chosen" if name in run.config else "absent"
    if name not in used:
        return "unused"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, tuple):
        default = list(default)
    return "default" if used[name] == default else "chosen"


def used_settings(method: str, config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings without those that the others make meaningless."""
    entry = METHODS.get(method)
    return entry.simplify(config) if entry and entry.simplify else config


def remark(runs: Sequence[RunView]) -> str:
    """What the runs say side by side, in their method's words; "" where it has none, or they are of several methods."""
    entry = METHODS.get(runs[0].method) if len({run.method for run in runs}) == 1 else None
    done = [
        Finished(run.title, run.config, run.seed, run.metrics)
        for run in runs
        if run.status == SUCCEEDED
    ]
    return entry.remark(done) if entry and entry.remark and done else ""


def setting_title(method: Method, name: str) -> str:
    """How the form of a method calls a setting."""
    field = method.config.model_fields.get(name)
    return (field.title if field else None) or name.replace("_", " ").capitalize()


def _fields(run: RunView) -> list[str]:
    entry = METHODS.get(
        run.method
    )  # a run of a method that has gone still shows what it was run with
    return list(entry.config.model_fields) if entry else list(run.config)


def _title(runs: Sequence[RunView], name: str) -> str:
    entries = [METHODS[run.method] for run in runs if run.method in METHODS]
    known = [entry for entry in entries if name in entry.config.model_fields]
    return setting_title(known[0], name) if known else name.replace("_", " ").capitalize()
