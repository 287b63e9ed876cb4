"""Each benchmark as a run sees it: items, their pictures, and how a set of answers is scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from methods.alignment.hallucination.answer_files import Item
from methods.alignment.hallucination.config import EvaluateConfig
from methods.alignment.hallucination.readers.files import Files, Pictures
from methods.alignment.hallucination.scores import Scores
from methods.base import Open


@dataclass(frozen=True)
class Answers:
    """Answers by item id, in the items' order, and the file of what a judge has said of them, if one has."""

    texts: Mapping[str, str]
    judged: Path | None = None


@dataclass(frozen=True)
class Benchmark:
    """A benchmark that is ready to be answered and scored.

    Attributes:
        items: in order; answers are scored in it.
        find_picture: the picture of an item, unopened; None where there is none.
        score: answers to some of the items; raises ValueError.
    """

    name: str
    items: tuple[Item, ...]
    find_picture: Callable[[Item], Callable[[], Image.Image] | None]
    score: Callable[[Answers], Scores]

    def first(self, count: int) -> Benchmark:
        """The same with its first items only."""
        return replace(self, items=self.items[:count])

    def check_pictures(self) -> None:
        """Refuse to begin where an item has no picture.

        Raises:
            ValueError: with the first such item.
        """
        missing = [item for item in self.items if self.find_picture(item) is None]
        if missing:
            raise ValueError(
                f"{len(missing)} of {len(self.items)} items of {self.name} have no picture, the first is item "
                f"{missing[0].id}, {missing[0].image!r}: give a folder or zip that has it as “images”"
            )


@dataclass(frozen=True)
class Brought:
    """What the user brought for a benchmark.

    Attributes:
        seed: of the bootstrap.
    """

    config: EvaluateConfig
    files: Files
    pictures: Pictures | None
    open_file: Open
    seed: int

    def find_picture(self, item: Item) -> Callable[[], Image.Image] | None:
        """Its picture among the images, by name."""
        pictures = self.pictures
        if pictures is None or pictures.place(item.image) is None:
            return None
        return lambda: pictures.open(item.image)


def bring(config: EvaluateConfig, open_file: Open, seed: int) -> Brought:
    """Open what the settings name.

    Raises:
        ValueError: no benchmark files are named.
        MethodError: a reference leads nowhere.
    """
    if not config.files:
        raise ValueError(
            f"{config.benchmark} needs the benchmark's own files: give a folder or a zip of them as “benchmark files”"
        )
    pictures = Pictures(Files(open_file(config.images))) if config.images else None
    return Brought(config, Files(open_file(config.files)), pictures, open_file, seed)
