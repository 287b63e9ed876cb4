"""The pairs of one training: which are held out, what is known of each, and the data sets that TRL reads."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from methods.alignment.evidence.files import read_hardness
from methods.alignment.evidence.measuring import measure, take_given
from methods.alignment.evidence.split import split_text
from methods.alignment.pairs.config import SCENES
from methods.alignment.pairs.pair import Pair, swapped
from methods.alignment.pairs.source import PairSource
from methods.alignment.training.chats import Chats
from methods.alignment.training.check import brings_scores, no_hardness
from methods.alignment.training.config import TrainConfig
from methods.alignment.training.doctor import Diagnosis
from methods.alignment.training.doctor.answers import answer_cut
from methods.base import Context, MethodError
from methods.feature_cache import FeatureCache

if TYPE_CHECKING:
    from datasets import Dataset

ROWS_IN_MEMORY = 512
HELD_OUT_SEED = 0


@dataclass(frozen=True)
class Survey:
    """What one pass over the pairs has found: an entry a pair, but for the last two, which are ids of some.

    Attributes:
        cut: pairs whose answers are longer than allowed.
        miscounted: pairs that bring another number of scores than their answers have sub-sentences.
    """

    rows: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    length_gaps: list[int] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    miscounted: list[str] = field(default_factory=list)


def split(pairs: PairSource, held_out: int) -> tuple[PairSource, PairSource]:
    """Training and held-out pairs; the latter are drawn once and for all, so that every seed and objective has the same.

    Raises:
        MethodError: nothing is left to train on.
    """
    count = len(pairs)
    if held_out >= count:
        raise MethodError(
            f"{held_out} of {count} pairs are to be held out, which leaves none to train on"
        )
    places = set(random.Random(HELD_OUT_SEED).sample(range(count), held_out))
    rows = pairs.positions
    return (
        pairs.select([rows[place] for place in range(count) if place not in places]),
        pairs.select([rows[place] for place in sorted(places)]),
    )


def survey(pairs: Sequence[Pair], chats: Chats, max_length: int | None) -> Survey:
    """Look once at every pair: its id, lengths, and whether it fits.

    Raises:
        MethodError: a prompt with its pictures fills the allowed tokens, or a pair is longer than what the model can
            read; with its row.
    """
    found = Survey()
    for pair in pairs:
        prompt, answer = chats.lengths(pair)
        if max_length is not None and prompt >= max_length:
            pictures = " with its pictures" if pair.images else ""
            raise MethodError(
                f"row {pair.position}: the prompt{pictures} has {prompt} tokens, and {max_length} are allowed: the answer "
                f"{'and part of the picture ' if pair.images else ''}would be cut away. Raise the most tokens, or leave them empty"
            )
        kept = prompt + answer if max_length is None else min(prompt + answer, max_length)
        if chats.window is not None and kept > chats.window:
            raise MethodError(
                f"row {pair.position}: prompt and answer have {prompt + answer} tokens, and the model reads {chats.window}. "
                "Leave the row out, or set the most tokens"
            )
        found.rows.append(pair.position)
        found.ids.append(pair.id)
        found.length_gaps.append(len(pair.chosen.split()) - len(pair.rejected.split()))
        if prompt + answer > kept:
            found.cut.append(pair.id)
        if brings_scores(pair) and not _counts_agree(pair):
            found.miscounted.append(pair.id)
    return found


def _counts_agree(pair: Pair) -> bool:
    return all(
        len(pair.meta[f"{name}_logits"]) == len(split_text(answer))
        for name, answer in (("chosen", pair.chosen), ("rejected", pair.rejected))
    )


def cut_diagnosis(found: Survey, max_length: int | None) -> Diagnosis | None:
    """What to say of answers that are cut."""
    if not found.cut or max_length is None:
        return None
    return answer_cut(found.cut, max_length, len(found.ids))


def hardness_of(
    pairs: PairSource, config: TrainConfig, context: Context
) -> tuple[dict[int, float], float | None]:
    """delta by row, and the delta whose factor is 1 where a file says so.

    From the file of a hardness run, from scores that the rows bring, or for the small world's pairs from its CLIP.

    Raises:
        MethodError: none of these; a pair that the file lacks, named.
    """
    if config.hardness:
        return _from_file(pairs, context.open(config.hardness), config.hardness)
    if brings_scores(pairs[0]):
        numbers = take_given(pairs)
    elif config.pairs in SCENES:
        from methods.clip_models import load_clip  # noqa: PLC0415  open_clip

        scorer = load_clip("scenes", device=context.device)
        cache = FeatureCache(context.workdir, scorer.id)
        numbers = measure(pairs, scorer, cache)
        cache.close()
    else:
        raise MethodError(no_hardness(config))
    return dict(zip(pairs.positions, numbers.delta, strict=True)), None


def _from_file(pairs: PairSource, path: Path, name: str) -> tuple[dict[int, float], float]:
    try:
        file = read_hardness(path)
    except ValueError as error:
        raise MethodError(f"hardness: {error}") from error
    found = {}
    for pair in pairs:
        delta = _measured(pair, file.delta)
        if delta is None:
            raise MethodError(
                f"hardness: {name} has no pair {pair.id} (row {pair.position}): it was measured on other pairs; measure the "
                "hardness of these"
            )
        found[pair.position] = delta
    return found, file.mean_delta


def _measured(pair: Pair, delta: Mapping[str, float]) -> float | None:
    """The pair's delta; of a pair that was measured before a review flipped it, with the other sign; else None."""
    if pair.id in delta:
        return delta[pair.id]
    before = delta.get(swapped(pair).id)
    return None if before is None else -before


def data_set(pairs: PairSource, chats: Chats, hardness: dict[int, float], workdir: Path) -> Dataset:
    """What TRL trains on: pictures are opened when a batch is made, texts are written to disk."""
    from datasets import Dataset  # noqa: PLC0415  takes seconds to import

    def row(pair: Pair) -> dict[str, Any]:
        delta = {"hardness": hardness[pair.position]} if hardness else {}
        return chats.row(pair) | delta

    if chats.kind == "text":

        def rows() -> Iterator[dict[str, Any]]:
            yield from map(row, pairs)

        return Dataset.from_generator(
            rows, cache_dir=str(workdir / "rows"), writer_batch_size=ROWS_IN_MEMORY
        )

    def opened(batch: dict[str, list[int]]) -> dict[str, list[Any]]:
        made = [row(pairs[place]) for place in batch["place"]]
        return {name: [each[name] for each in made] for name in made[0]}

    return Dataset.from_dict({"place": list(range(len(pairs)))}).with_transform(opened)
