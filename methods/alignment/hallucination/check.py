"""What is wrong with an evaluation's settings, said before it is queued and without torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from methods.alignment.hallucination.answer_files import Item, read_answers
from methods.alignment.hallucination.benchmarks import bring
from methods.alignment.hallucination.config import WORLD, EvaluateConfig
from methods.alignment.hallucination.load import load_benchmark
from methods.alignment.hallucination.readers.coco import check_truth_files, read_synonyms
from methods.alignment.hallucination.readers.questions import read_halbench
from methods.alignment.training.sources import locate
from methods.base import MethodError, Open
from methods.model_sources import check_folder, kind_of

LARGE = ("chair", "object_halbench")
"""Benchmarks on COCO's annotations, of hundreds of megabytes: read when the run starts, only looked for before."""


@contextmanager
def mendable() -> Iterator[None]:
    """What readers and scores complain of is something the user can mend."""
    try:
        yield
    except ValueError as error:
        raise MethodError(str(error)) from error


def check_evaluate(config: EvaluateConfig, open_file: Open) -> None:
    """Refuse settings that are wrong together, and files that do not hold what the benchmark needs.

    Raises:
        MethodError: with what is wrong and what is allowed.
    """
    _check_together(config)
    with mendable():
        if config.asks_model:
            _check_model(config, open_file)
        items = _check_files(config, open_file)
        for reference in (config.answers_before, config.answers_after):
            path = open_file(reference) if reference else None
            if path is not None and items is not None:
                read_answers(path.read_bytes(), path.name, config.benchmark, items)
        for reference in (config.judged_before, config.judged_after):
            if reference:
                open_file(reference)


def _check_together(config: EvaluateConfig) -> None:
    if config.answers_before and not config.answers_after:
        raise MethodError(
            "answers before are given without the answers after: give both, or only the latter"
        )
    if not config.asks_model and config.adapter:
        raise MethodError("answers are given, so no model is asked: clear the adapter")
    judged = config.judged_before or config.judged_after
    if judged and config.benchmark not in ("mmhal", "object_halbench"):
        raise MethodError(f"nobody judges {config.benchmark}: clear what was judged")
    if judged and config.asks_model:
        raise MethodError(
            "something is judged but no answers are given: what a judge said belongs to the very answers it read"
        )
    if judged and not config.judge:
        raise MethodError("name the judge: it stands beside every figure")
    if config.compares and judged and not (config.judged_before and config.judged_after):
        raise MethodError(
            "only one of the two sets of answers is judged: figures with and without a judge do not compare"
        )
    if config.benchmark == "mmhal" and not config.asks_model and not judged:
        raise MethodError(
            "MMHal-Bench is scored by a judge: give its ratings of these answers; there is no figure without them"
        )
    if config.vectors and config.benchmark != "amber_generative":
        raise MethodError(
            f"word vectors serve AMBER's descriptions; {config.benchmark} has no use for them"
        )


def _check_model(config: EvaluateConfig, open_file: Open) -> None:
    source = locate(config.model)
    if source.folder is not None and kind_of(check_folder(source.folder)) != "image-text":
        raise MethodError(f"{config.model} reads no images: an image-text model is needed")
    if config.adapter:
        open_file(config.adapter)


def _check_files(config: EvaluateConfig, open_file: Open) -> tuple[Item, ...] | None:
    """The benchmark's items, where reading them is quick."""
    if config.benchmark in WORLD and config.asks_model:
        return None
    if config.benchmark in LARGE:
        brought = bring(config, open_file, seed=0)
        check_truth_files(brought.files)
        read_synonyms(brought.files)
        if config.benchmark == "object_halbench":
            read_halbench(brought.files)
        elif config.asks_model and brought.pictures is None:
            raise MethodError("CHAIR asks about images: give a folder or zip of them as “images”")
        return None
    benchmark = load_benchmark(config, open_file, seed=0)
    if config.asks_model:
        benchmark.first(config.max_items).check_pictures()
    return benchmark.items


def answers_of(path: Path, benchmark: str, items: tuple[Item, ...]) -> dict[str, str]:
    """Answers of a file by item id, in the order of the items.

    Raises:
        MethodError: the file does not fit.
    """
    with mendable():
        found = read_answers(path.read_bytes(), path.name, benchmark, items)
    return {item.id: found[item.id] for item in items if item.id in found}
