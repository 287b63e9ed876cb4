"""Measure several variants of one adapter: on the rows of a request, on rows that were to stay, on rows it never saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

from methods.unlearning.models.loading import end_ids
from methods.unlearning.models.values import copied, put_in, restored
from methods.unlearning.request import Request
from methods.unlearning.rows.language import Encoder, Sample
from methods.unlearning.rows.row import Row
from methods.unlearning.verification.figures import (
    distances,
    said,
    variant_figures,
    verified_rows,
)
from methods.unlearning.verification.measured import BEFORE, RETRAIN, Verification
from methods.unlearning.verification.membership import Side, kind_of, matching, unlike
from methods.unlearning.verification.passes import answer, base_losses, score
from methods.unlearning.verification.probes import Key, Probes
from methods.unlearning.verification.variants import check_still, check_variant, scales_of

if TYPE_CHECKING:
    from methods.unlearning.models.loading import Adapted

Progress = Callable[[float, float, str], None]
SCORING = 0.5
"""Share of the work that is scoring; the rest is answering."""


def verify(
    adapted: Adapted,
    variants: Mapping[str, Mapping[str, Tensor]],
    rows: Sequence[Row],
    request: Request,
    held_out: Sequence[Row] = (),
    *,
    retained: Sequence[int],
    neighbours: Sequence[int] = (),
    encoder: Encoder | None = None,
    batch_size: int = 16,
    spare_tokens: int = 8,
    progress: Progress = lambda *_: None,
) -> Verification:
    """What became of the rows under the adapter as it is ("before") and under each variant.

    Each variant is put into the model, measured, and taken out again: afterwards the model is as before, bit for bit, also where
    something went wrong.

    Args:
        adapted: the model with the adapter before the edit, in eval mode.
        variants: values of all of `adapted.parameters` by name of variant, such as "edit" or "finetune". All are compared
            with the one named "retrain". "before" is always measured, and not given.
        rows: what the adapter was trained on.
        request: over `rows`; what takes a row's place is a `Row`.
        held_out: rows of the same law as `rows` that were not trained on.
        retained: positions of the rows that were to stay and are measured.
        neighbours: positions of rows to stay that resemble marked ones: they are also answered.
        encoder: of the rows as at training; None takes the one that the adapter's lineage names.
        batch_size: rows of one forward pass; no figure depends on it but for rounding.
        spare_tokens: how many tokens more than the old or the new answer a greedy answer may have.
        progress: called as (done, total, message); what it raises passes through.

    Raises:
        ValueError: a variant that does not fit the adapter; positions that are no rows, or are marked; nothing to measure; a model in
            training mode.
    """
    model, parameters = adapted.model, adapted.parameters
    check_still(model)
    if BEFORE in variants:
        raise ValueError('the adapter as it is has the name "before": do not give it as a variant')
    for name, variant in variants.items():
        check_variant(name, parameters, variant)
    probes = Probes.of(rows, request, held_out, retained, neighbours)
    encoder = encoder or adapted.encoder()
    samples = {key: encoder.encode(row) for key, row in probes.rows.items()}
    every = {BEFORE: copied(parameters), **variants}

    def use(name: str) -> None:
        put_in(parameters, every[name])

    with restored(parameters):
        scoring = _Share(progress, 0, SCORING, len(samples) * len(every), "scoring answers")
        readings = score(model, samples, list(every), use, batch_size, scoring.add)
        answering = _Share(progress, SCORING, 1, len(every), "answering prompts")
        ends = {encoder.tokenizer.eos_token_id, *end_ids(model)}
        limits = _limits(probes, samples, encoder.window, spare_tokens)
        for name, reading in readings.items():
            use(name)
            answer(model, samples, limits, reading, ends, batch_size)
            answering.add(1)
    matched, warnings = _matched(model, probes, samples, batch_size)
    looked_at = verified_rows(probes, readings, _decoder(encoder))
    scales = scales_of(model, parameters)
    spoken = {name: said(probes, reading) for name, reading in readings.items()}
    figures = {}
    for name, reading in readings.items():
        apart = None
        if RETRAIN in every:
            logs = (spoken[BEFORE], spoken[name], spoken[RETRAIN])
            apart = distances(every[BEFORE], every[name], every[RETRAIN], logs, scales)
        figures[name] = variant_figures(name, probes, reading, looked_at, matched, apart)
    return Verification(figures, looked_at, tuple(warnings), tuple(matched))


class _Share:
    """Tells one part of the work as a share of all."""

    def __init__(self, progress: Progress, start: float, end: float, total: int, what: str) -> None:
        self._progress, self._start, self._width = progress, start, end - start
        self._total, self._what, self._done = total, what, 0

    def add(self, count: int) -> None:
        self._done += count
        self._progress(self._start + self._width * self._done / self._total, 1.0, self._what)


def _limits(
    probes: Probes, samples: Mapping[Key, Sample], window: int | None, spare: int
) -> dict[Key, int]:
    """The most tokens that each prompt is answered with: some more than its old and new answers have."""
    limits = {}
    for key in probes.asked:
        same_row = [samples[each, key[1]] for each in ("old", "new") if (each, key[1]) in samples]
        known = same_row if key[0] != "kept" else [samples[key]]
        longest = max(sample.answer_tokens for sample in known) + spare
        room = longest if window is None else window - _prompt_tokens(samples[key])
        limits[key] = max(0, min(longest, room))
    return limits


def _prompt_tokens(sample: Sample) -> int:
    return len(sample.input_ids) - sample.answer_tokens


def _matched(
    model: Any, probes: Probes, samples: Mapping[Key, Sample], batch_size: int
) -> tuple[list[int], list[str]]:
    """Which rows never trained on the marked ones are compared with, and what speaks against comparing them."""
    old, unseen = probes.keys("old"), probes.keys("unseen")
    if not unseen:
        return [], []
    kinds = {key: kind_of(probes.rows[key]) for key in [*old, *unseen]}
    chosen = matching([kinds[key] for key in old], [kinds[key] for key in unseen])
    others = [unseen[place] for place in chosen]
    base = base_losses(model, {key: samples[key] for key in [*old, *others]}, batch_size)

    def side(keys: Sequence[Key]) -> Side:
        return Side(
            [kinds[key] for key in keys],
            [samples[key].answer_tokens for key in keys],
            [base[key] for key in keys if key in base],
        )

    return [key[1] for key in others], unlike(side(old), side(others))


def _decoder(encoder: Encoder) -> Callable[[Sequence[int]], str]:
    def decode(tokens: Sequence[int]) -> str:
        text: str = encoder.tokenizer.decode(list(tokens), skip_special_tokens=True)
        return text.strip()

    return decode
