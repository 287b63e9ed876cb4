"""What is wrong with settings and with the first rows, said before a run is queued."""

from __future__ import annotations

from methods.alignment.pairs.config import SCENES, ConvertConfig, PairSettings
from methods.alignment.pairs.opening import SHOWN, find_pairs, open_pairs, refusal
from methods.alignment.pairs.run_pairs import fits, open_decisions
from methods.alignment.pairs.validate import Report, each_row
from methods.base import Estimate, MethodError, Open

FIRST_ROWS = 100
"""Rows that are looked at before a run is queued; all are when it runs."""
UNKNOWN_ROWS = 5000
SECONDS_A_ROW = 0.006
"""Reading, decoding and writing a pair with a photograph; drawing one of the small world."""


def check_pairs_setting(config: PairSettings, open_file: Open) -> None:
    """Refuse settings that name no pairs, or pairs of which one of the first rows is broken.

    Raises:
        MethodError: with what is wrong and what is allowed.
    """
    if config.pairs not in SCENES:
        open_pairs(config, open_file, FIRST_ROWS)


def check_convert(config: ConvertConfig, open_file: Open) -> None:
    """Refuse settings of a conversion that cannot be carried out.

    Raises:
        MethodError: with what is wrong and what is allowed.
    """
    open_decisions(config, open_file)
    if config.pairs in SCENES:
        return
    source = find_pairs(config, open_file)
    if config.on_problem == "skip":
        return
    report = Report(len(source))
    for found in each_row(source, FIRST_ROWS, False, fits(config.output_format)):
        report.add(found, SHOWN)
    if not report.sound:
        raise MethodError(refusal(source, report))


def estimate_convert(config: ConvertConfig) -> Estimate:
    """Time and memory from the settings alone, which say little of a file."""
    rows = config.max_pairs or UNKNOWN_ROWS
    return Estimate(seconds=2 + SECONDS_A_ROW * min(rows, UNKNOWN_ROWS), memory_mb=500)
