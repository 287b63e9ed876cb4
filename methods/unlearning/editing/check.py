"""What is wrong with the settings of an edit, said before it is queued and without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from methods.base import MethodError, Open
from methods.unlearning.editing.config import TOWN_REQUESTS, EraseConfig
from methods.unlearning.editing.direction_file import check_direction
from methods.unlearning.editing.estimate import ADVISED_SHARE, LARGEST_SHARE
from methods.unlearning.editing.request_file import (
    Asked,
    asked_of_kinds,
    check_request,
    read_request,
)
from methods.unlearning.models.files import (
    AdapterFiles,
    check_base,
    check_template,
    locate,
    open_adapter_files,
)
from methods.unlearning.models.fitting import check_fits
from methods.unlearning.rows.opening import Table, open_rows
from methods.unlearning.rows.row import Row
from methods.unlearning.training.recipe import Recipe, read_recipe


@dataclass(frozen=True)
class Opened:
    """What the settings of an edit name, before any model is loaded."""

    files: AdapterFiles
    table: Table
    asked: Asked
    recipe: Recipe | None


def check_erase(config: EraseConfig, open_file: Open) -> None:
    """Raise `MethodError` for settings that are wrong together, or that name what is not there or does not fit."""
    base = locate(config.model)
    if base.folder is not None:
        check_base(base.folder)
    found = opened(config, open_file)
    if base.folder is not None:
        check_fits(found.files, base.folder)


def opened(config: EraseConfig, open_file: Open) -> Opened:
    """The adapter's files, its rows and the request, all looked through.

    Raises:
        MethodError: settings that are wrong together; an adapter that cannot be edited; rows that are broken or are not those of the
            adapter; a request that does not fit them or is too large; a retrain without a recipe; a direction of another edit.
    """
    _check_together(config)
    files = open_adapter_files(config.adapter, open_file)
    check_template(config.template, files)
    table = open_rows(config, open_file, files)
    asked = open_request(config.request, table.rows, open_file)
    check_share(len(asked.tasks), len(table.rows), config.allow_large)
    if config.direction:
        check_direction(open_file(config.direction), files.sha256, asked.sha256)
    return Opened(files, table, asked, _recipe(files, config))


def open_request(name: str, rows: Sequence[Row], open_file: Open) -> Asked:
    """The request that a setting names: of the small world, or a file.

    Raises:
        MethodError: there is no such request, or it is broken or does not fit the rows.
    """
    if name in TOWN_REQUESTS:
        asked = asked_of_kinds(rows, name)
    else:
        asked = read_request(open_file(name))
    check_request(asked, rows)
    return asked


def check_share(marked: int, rows: int, allow_large: bool) -> str:
    """A warning where a request has more rows than an edit bears well; "" where it has not.

    Raises:
        MethodError: it has more than an edit bears at all, and that is not allowed.
    """
    share = marked / rows
    if share > LARGEST_SHARE and not allow_large:
        raise MethodError(
            f"request: {marked} of {rows} rows are in it, {share:.0%}; an influence edit of more than {LARGEST_SHARE:.0%} is far "
            "beyond what was measured to work. Train again, or set “Allow a large request”"
        )
    if share > ADVISED_SHARE:
        return (
            f"{marked} of {rows} rows are in the request, {share:.1%}: beyond {ADVISED_SHARE:.0%} an edit differs much from a retrain; "
            "train again if you can"
        )
    return ""


def _check_together(config: EraseConfig) -> None:
    if len(set(config.controls)) < len(config.controls):
        raise MethodError(f"controls: each once, got {', '.join(config.controls)}")
    if config.step_length is not None and not config.direction:
        raise MethodError(
            "step length: is for a known direction; without one it is searched, so leave it empty or name a direction"
        )
    if config.solver == "lissa" and config.curvature == "hessian":
        raise MethodError(
            "solver: LiSSA needs a curvature without negative directions: take ggn, or another solver"
        )
    if config.damping_sweep and not config.line_search:
        raise MethodError(
            "damping sweep: it chooses by the step length's objective, so that the search must be on"
        )
    if config.damping_sweep and config.solver.startswith("published"):
        raise MethodError(
            f"damping sweep: the solver {config.solver} has its own damping; leave the sweep empty"
        )


def _recipe(files: AdapterFiles, config: EraseConfig) -> Recipe | None:
    training = None if files.lineage is None else files.lineage.training
    return None if training is None and not config.retrain else read_recipe(training)
