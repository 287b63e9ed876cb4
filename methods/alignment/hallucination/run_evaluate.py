"""The run of `alignment.evaluate`: ask, or read answers; score; keep every answer beside its picture."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from methods.alignment.evidence.pictures import PicturePack
from methods.alignment.hallucination import report
from methods.alignment.hallucination.answer_files import Item, write_answers
from methods.alignment.hallucination.answering import answer
from methods.alignment.hallucination.benchmarks import Answers, Benchmark
from methods.alignment.hallucination.check import answers_of, check_evaluate, mendable
from methods.alignment.hallucination.config import EvaluateConfig
from methods.alignment.hallucination.load import load_benchmark
from methods.alignment.hallucination.naming import NAMES
from methods.alignment.hallucination.report import Variant
from methods.alignment.hallucination.scores import Scores
from methods.alignment.hallucination.summary import summary
from methods.alignment.training.models import Loaded, load_model
from methods.base import Context, MethodError, Result

CHECKPOINT_S = 20.0
"""Seconds of answering that a lost worker may cost."""

Texts = dict[Variant, dict[str, str]]


def run(config: EvaluateConfig, context: Context) -> Result:
    """Answer and score one benchmark.

    Raises:
        MethodError: settings or files that do not fit together; a model that cannot be asked.
        Cancelled: the run was asked to stop.
    """
    check_evaluate(config, context.open)
    with mendable():
        benchmark = load_benchmark(config, context.open, context.seed)
    if config.asks_model:
        benchmark = benchmark.first(config.max_items)
        with mendable():
            benchmark.check_pictures()
        asked = _ask(config, benchmark, context)
        texts, cut, seconds = asked.texts, sum(map(len, asked.cut.values())), asked.seconds
    else:
        benchmark, texts = _given(config, benchmark, context)
        cut, seconds = 0, 0.0
    with mendable():
        scores = _score(config, benchmark, texts, context)
        _keep(benchmark, texts, scores, context)
    metrics = {"answers": float(sum(map(len, texts.values())))}
    metrics = report.metrics(scores) | metrics
    if config.asks_model:
        metrics |= {"answers_cut": float(cut), "seconds_per_answer": seconds / metrics["answers"]}
    context.progress(1, 1, "done")
    return Result(metrics, _said(config, scores, texts, cut))


@dataclass
class _Asked:
    """What a model has answered so far, as a checkpoint keeps it.

    Attributes:
        cut: ids of the items whose answer was cut, by variant.
    """

    texts: Texts
    cut: dict[Variant, list[str]]
    seconds: float = 0.0
    saved_at: float = field(default_factory=time.monotonic)

    @property
    def count(self) -> int:
        return sum(map(len, self.texts.values()))

    def state(self) -> dict[str, Any]:
        return {"texts": self.texts, "cut": self.cut, "seconds": self.seconds}


def _ask(config: EvaluateConfig, benchmark: Benchmark, context: Context) -> _Asked:
    """Ask the model about every item, without its adapter first."""
    variants: tuple[Variant, ...] = ("before", "after") if config.adapter else ("answers",)
    state = context.resume() or {}
    asked = _Asked(
        {variant: dict(state.get("texts", {}).get(variant, {})) for variant in variants},
        {variant: list(state.get("cut", {}).get(variant, [])) for variant in variants},
        float(state.get("seconds", 0.0)),
    )
    total = len(variants) * len(benchmark.items) + 1
    context.progress(asked.count, total, "loading the model")
    loaded = load_model(
        config.model, context.device, config.precision, config.adapter or None, context.open
    )
    if loaded.kind != "image-text":
        raise MethodError(f"{config.model} reads no images: an image-text model is needed")
    for variant in variants:
        if variant == "before":
            with loaded.without_adapter():
                _ask_all(config, benchmark, loaded, variant, asked, context)
        else:
            _ask_all(config, benchmark, loaded, variant, asked, context)
    return asked


def _ask_all(
    config: EvaluateConfig,
    benchmark: Benchmark,
    loaded: Loaded,
    variant: Variant,
    asked: _Asked,
    context: Context,
) -> None:
    """Ask about the items that have no answer yet, a batch at a time."""
    total = len(asked.texts) * len(benchmark.items) + 1
    what = {"before": "asking without the adapter", "after": "asking with the adapter"}
    waiting = [item for item in benchmark.items if item.id not in asked.texts[variant]]
    for start in range(0, len(waiting), config.batch_size):
        batch = waiting[start : start + config.batch_size]
        images = [_open(benchmark, item) for item in batch]
        began = time.perf_counter()
        replies = answer(
            loaded.model,
            loaded.processor,
            images,
            [item.question for item in batch],
            max_new_tokens=config.max_new_tokens,
            batch_size=config.batch_size,
            beams=config.beams,
        )
        asked.seconds += time.perf_counter() - began
        asked.texts[variant] |= {
            item.id: reply.text for item, reply in zip(batch, replies, strict=True)
        }
        asked.cut[variant] += [
            item.id for item, reply in zip(batch, replies, strict=True) if reply.cut
        ]
        if time.monotonic() - asked.saved_at >= CHECKPOINT_S:
            context.checkpoint(asked.state())
            asked.saved_at = time.monotonic()
        context.progress(asked.count, total, what.get(variant, "asking"), images[-1])


def _open(benchmark: Benchmark, item: Item) -> Any:
    find = benchmark.find_picture(item)
    if find is None:
        raise MethodError(f"item {item.id}: there is no picture {item.image!r}")
    with mendable():
        return find()


def _given(
    config: EvaluateConfig, benchmark: Benchmark, context: Context
) -> tuple[Benchmark, Texts]:
    """Answers from files, and the benchmark's items that they answer."""
    references: dict[Variant, str] = {"answers": config.answers_after}
    if config.answers_before:
        references = {"before": config.answers_before, "after": config.answers_after}
    texts: Texts = {
        variant: answers_of(context.open(reference), config.benchmark, benchmark.items)
        for variant, reference in references.items()
    }
    sets = list(texts.values())
    first, last = sets[0], sets[-1]
    if first.keys() != last.keys():
        lone = sorted(first.keys() ^ last.keys())[0]
        where = "before" if lone in first else "after"
        raise MethodError(
            f"item {lone} is answered only {where}: a difference needs answers to the same items"
        )
    items = tuple(item for item in benchmark.items if item.id in last)
    if len(items) < len(benchmark.items):
        context.event(
            "warning",
            f"{len(items)} of {len(benchmark.items)} items of {benchmark.name} are answered",
        )
    return Benchmark(benchmark.name, items, benchmark.find_picture, benchmark.score), texts


def _score(
    config: EvaluateConfig, benchmark: Benchmark, texts: Texts, context: Context
) -> dict[Variant, Scores]:
    if config.benchmark == "mmhal" and config.asks_model:
        return {}  # the judge has not read them yet
    judged = {"before": config.judged_before}
    found: dict[Variant, Scores] = {}
    for variant, answers in texts.items():
        reference = judged.get(variant, config.judged_after)
        path = context.open(reference) if reference else None
        ordered = {item.id: answers[item.id] for item in benchmark.items}
        found[variant] = benchmark.score(Answers(ordered, path))
    return found


def _keep(
    benchmark: Benchmark, texts: Texts, scores: Mapping[Variant, Scores], context: Context
) -> None:
    """Save answers in the benchmark's own format, the table of figures, and a row an answer with its picture."""
    for variant, answers in texts.items():
        suffix, content = write_answers(benchmark.name, benchmark.items, answers)
        name = "answers" if variant == "answers" else f"answers_{variant}"
        meta = {"variant": variant, "benchmark": benchmark.name}
        context.save_file(f"{name}{suffix}", content, role="file", **meta)
    if scores:
        figures = report.figure_rows(scores)
        context.save_table("figures.csv", figures, role="figures")
        context.record("figure", figures)
    places = _keep_pictures(benchmark, context)
    context.record("answer", report.answer_rows(benchmark.items, texts, scores, places))


def _keep_pictures(benchmark: Benchmark, context: Context) -> dict[str, str]:
    """Where the picture of each item lies, by item id."""
    pack = PicturePack(context)
    by_name: dict[str, str] = {}
    found: dict[str, str] = {}
    for item in benchmark.items:
        if item.image not in by_name and benchmark.find_picture(item) is not None:
            image = _open(benchmark, item)
            key = hashlib.sha256(image.tobytes()).hexdigest()
            by_name[item.image] = pack.add(key, image)
        if item.image in by_name:
            found[item.id] = by_name[item.image]
    pack.close()
    return found


def _said(config: EvaluateConfig, scores: Mapping[Variant, Scores], texts: Texts, cut: int) -> str:
    if scores:
        return summary(scores, cut)
    count = sum(map(len, texts.values()))
    return (
        f"{count} answers on {NAMES[config.benchmark]}, not scored: that is for a judge outside. Have the saved answer files "
        "rated, then evaluate again with these answers and the ratings."
    )
