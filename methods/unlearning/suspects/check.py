"""What is wrong with the settings of a ranking, said before it is queued and without torch."""

from __future__ import annotations

from importlib.util import find_spec

from methods.base import MethodError, Open
from methods.unlearning.models.files import (
    check_base,
    check_template,
    locate,
    open_adapter_files,
)
from methods.unlearning.models.fitting import check_fits
from methods.unlearning.rows.opening import open_rows
from methods.unlearning.suspects.config import RankConfig

MISSING = (
    "EK-FAC needs the package kronfluence: pip install 'vitrine[kronfluence]', or take the "
    "gradient form"
)


def check_rank(config: RankConfig, open_file: Open) -> None:
    """Raise `MethodError` for a package that is missing, or a model, an adapter or rows that are not there."""
    check_ekfac(config.influence)
    source = locate(config.model)
    if source.folder is not None:
        check_base(source.folder)
    files = open_adapter_files(config.adapter, open_file)
    check_template(config.template, files)
    if not len(open_rows(config, open_file, files).rows):
        raise MethodError("there are no rows to rank")
    if source.folder is not None:
        check_fits(files, source.folder)


def check_ekfac(influence: str) -> None:
    """Raise `MethodError` where kronfluence is asked for and missing."""
    if influence == "ekfac" and find_spec("kronfluence") is None:
        raise MethodError(f"influence: {MISSING}")
