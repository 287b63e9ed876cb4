"""The run of `alignment.pairs`: look at every row, apply the reviews, write the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from methods.alignment.pairs.config import ConvertConfig
from methods.alignment.pairs.decisions import Reviewed, read_decisions
from methods.alignment.pairs.formats import FORMATS
from methods.alignment.pairs.opening import find_pairs, refusal
from methods.alignment.pairs.pair import Pair
from methods.alignment.pairs.problems import WARNINGS, PairError, Problem
from methods.alignment.pairs.source import PairSource
from methods.alignment.pairs.validate import Check, Report, each_row
from methods.alignment.pairs.write import Written, row_of, write_pairs
from methods.base import Context, MethodError, Open, Result

KEPT_PROBLEMS = 1000
EVERY = 50
"""Rows from one report of progress to the next."""


def run(config: ConvertConfig, context: Context) -> Result:
    """Check the pairs and write them.

    Raises:
        MethodError: there are none, a row is broken and none is to be skipped, or nothing is left to write.
        Cancelled: the run was asked to stop.
    """
    source = find_pairs(config, context)
    decisions = open_decisions(config, context.open)
    context.event(
        "info", f"{source.name}: {len(source)} rows, {source.format.title}: {source.reason}"
    )
    for note in source.notes:
        context.event("info", note)
    report = _look(source, config, context)
    if report.problems:
        context.save_table("problems.csv", map(_row_of_problem, report.problems))
    if not report.sound and config.on_problem == "refuse":
        raise MethodError(refusal(source, report))
    broken = set(report.broken)
    sound = source.select([row for row in source.positions if row not in broken])
    pairs = Reviewed(sound, decisions, only=config.which == "reviewed")
    path = context.workdir / f"pairs.{config.container}"
    written = _write(pairs, path, config, context, len(source))
    if not written.pairs:
        raise MethodError(f"nothing is left to write: {outcome(source, report, pairs)}")
    saved = context.save_file(path.name, path, format=config.output_format)
    context.progress(1, 1, "done")
    metrics = {
        "rows": float(len(source)),
        "pairs": float(written.pairs),
        "broken": float(len(report.broken)),
        "warnings": float(sum(report.counts[rule] for rule in WARNINGS)),
        "kept": float(pairs.counts["keep"]),
        "flipped": float(pairs.counts["flip"]),
        "dropped": float(pairs.counts["drop"]),
        "images": float(len(written.images)),
        "file_mb": saved.size / 1e6,
    }
    title = FORMATS[config.output_format].title
    summary = f"{outcome(source, report, pairs)} {written.pairs} pairs with {len(written.images)} images written as {title}."
    return Result(metrics, summary)


def open_decisions(config: ConvertConfig, open_file: Open) -> dict[str, str]:
    """The verdicts that the settings name, by pair id.

    Raises:
        MethodError: there is no such file, or it holds something else.
    """
    if not config.decisions:
        if config.which == "reviewed":
            raise MethodError("which: “reviewed” needs reviews (decisions)")
        return {}
    try:
        return read_decisions(open_file(config.decisions))
    except (ValueError, OSError) as error:
        raise MethodError(str(error)) from error


def fits(format: str) -> Check:
    """A check of pairs against the format that is to be written."""

    def check(pair: Pair) -> Iterator[PairError]:
        try:
            row_of(pair, FORMATS[format], [{}] * len(pair.images))
        except PairError as error:
            yield error

    return check


def _look(source: PairSource, config: ConvertConfig, context: Context) -> Report:
    """Look at every row, and keep what is wrong as rows of the kind "problem"."""
    report, total = Report(len(source)), 2 * len(source)
    for found in each_row(source, None, config.decode_images, fits(config.output_format)):
        before = len(report.problems)
        report.add(found, KEPT_PROBLEMS)
        context.record("problem", map(_row_of_problem, report.problems[before:]))
        if report.rows % EVERY == 0:
            context.progress(report.rows, total, f"{report.rows} of {len(source)} rows looked at")
    return report


def _row_of_problem(problem: Problem) -> dict[str, str | int]:
    return {**asdict(problem), "severity": problem.severity}


def _write(
    pairs: Reviewed, path: Path, config: ConvertConfig, context: Context, rows: int
) -> Written:
    watched = _Watched(pairs, context, rows)
    try:
        return write_pairs(watched, path, config.output_format)
    except ValueError as error:
        raise MethodError(f"pairs: {error}") from error


@dataclass
class _Watched:
    """Pairs that tell the context how far they are; gone through more than once, they tell of the furthest."""

    pairs: Reviewed
    context: Context
    rows: int
    furthest: int = 0

    def __iter__(self) -> Iterator[Pair]:
        for index, pair in enumerate(self.pairs):
            if index > self.furthest and index % EVERY == 0:
                self.furthest = index
                self.context.progress(self.rows + index, 2 * self.rows, f"{index} pairs written")
            yield pair


def outcome(source: PairSource, report: Report, pairs: Reviewed) -> str:
    """What was found and decided, in a sentence or two."""
    text = f"{source.name} ({source.format.title}): {report.sentence()}"
    counts = pairs.counts
    if pairs.decisions:
        text += (
            f" Reviews: {counts['keep']} kept, {counts['flip']} flipped, {counts['drop']} dropped,"
            f" {counts['']} undecided{' and left out' if pairs.only else ''}."
        )
        if pairs.unknown:
            text += f" {len(pairs.unknown)} reviews are of other pairs."
    return text
