"""From the settings that methods on pairs share to the pairs themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from methods.alignment.pairs.config import SCENE_PAIRS, SCENES, PairSettings
from methods.alignment.pairs.containers import Data
from methods.alignment.pairs.formats import FORMATS
from methods.alignment.pairs.pictures import Finder
from methods.alignment.pairs.source import PairSource, read_pairs
from methods.alignment.pairs.validate import Report
from methods.base import Context, MethodError, Open

SHOWN = 5
SCENE_BLOCK = 100
"""Pairs that are drawn with one seed, of every level as many."""
NOISE = 0.2
"""Share of pairs of "scenes-noisy" whose answers are changed over."""


def open_pairs(config: PairSettings, opener: Context | Open, rows: int | None = None) -> PairSource:
    """The pairs that settings name, with no broken row among them.

    Args:
        opener: a context, or a function that opens references as `Context.open` does.
        rows: look at the first so many rows only, as before a run is queued; None looks at all.

    Raises:
        MethodError: there are no such pairs, or a row is broken: with its row, field and rule.
    """
    source = find_pairs(config, opener)
    report = source.problems(SHOWN, rows)
    if not report.sound:
        raise MethodError(refusal(source, report))
    return source


def find_pairs(config: PairSettings, opener: Context | Open) -> PairSource:
    """The pairs that settings name, whatever is wrong with their rows.

    Raises:
        MethodError: there are no such pairs, or they are of no known format.
    """
    open_file = opener if callable(opener) else opener.open
    if config.pairs in SCENES:
        return scene_pairs(config.max_pairs or SCENE_PAIRS, noisy=config.pairs == "scenes-noisy")
    try:
        images = open_file(config.images) if config.images else None
        path, name = open_file(config.pairs), _called(config.pairs)
        return read_pairs(path, config.format, images, name)[: config.max_pairs]
    except (ValueError, OSError) as error:
        raise MethodError(f"pairs: {error}") from error


def _called(pairs: str) -> str:
    """What to call pairs in a sentence: a stored file has its content's name."""
    name = PurePosixPath(pairs).name
    return f"the upload {name[:8]}" if re.fullmatch(r"[0-9a-f]{64}", name) else name


def scene_pairs(count: int, noisy: bool = False) -> PairSource:
    """Pairs of the small world; the same every time, and the first of a longer list are those of a shorter one."""
    data = Data("scenes-noisy" if noisy else "scenes", SceneRows(count, noisy), None)
    return PairSource(data, FORMATS["trl"], "made here", Finder())


@dataclass(frozen=True)
class SceneRows:
    """Rows of the small world, drawn a block at a time when they are asked for."""

    count: int
    noisy: bool

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        return _scene_block(index // SCENE_BLOCK, self.noisy)[index % SCENE_BLOCK]


@lru_cache(maxsize=64)
def _scene_block(seed: int, noisy: bool) -> list[dict[str, Any]]:
    from methods.worlds.llava.data import preference_rows  # noqa: PLC0415  draws pictures

    return preference_rows(SCENE_BLOCK, seed=seed, noisy=NOISE if noisy else 0.0)


def refusal(source: PairSource, report: Report) -> str:
    """Why these pairs are refused, with the first broken rows."""
    errors = [problem for problem in report.problems if problem.severity == "error"]
    listed = "; ".join(map(str, errors[:SHOWN]))
    return f"{source.name}: {report.sentence()} {listed}. Mend them, or leave them out with “Check and convert pairs”."
