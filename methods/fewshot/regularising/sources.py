"""Where features come from: generated scenes, a file of features, or pictures by class. No torch until pictures are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from methods.base import MethodError, Open
from methods.fewshot.clip.images import Picture, drawn_picture, picture_file
from methods.fewshot.clip.names import readable
from methods.fewshot.regularising.config import SCENES, RegulariseConfig
from methods.fewshot.regularising.npz import read_features
from methods.fewshot.sets.folders import WHOLE, class_folders
from methods.worlds.captions import OBJECTS
from methods.worlds.scenes import COLOURS

BASE, NOVEL = "base", "novel"
"""Folders that say which classes are which."""
PARTED = 3
"""Of the 48 kinds of object every third, along colours and shapes, is novel: each shape and colour is among the base classes too."""


@dataclass(frozen=True)
class Source:
    """Labelled rows, whose features are there already or come from pictures.

    Attributes:
        title: for people.
        names: of the classes.
        labels: (N,) int64, places among the names.
        base: places of the source's own base classes; None where it does not say.
        features: (N, D) float32, or None where they are to be encoded.
        pictures: gives the picture of every row then.
        semantics: (C, S) semantic vectors that came with the features, or None.
        own: people's own, no generated scenes.
        notes: what was left out, in sentences.
    """

    title: str
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    base: frozenset[int] | None
    features: NDArray[np.float32] | None = None
    pictures: Callable[[], Sequence[Picture]] = field(default=tuple, repr=False)
    semantics: NDArray[np.float64] | None = None
    own: bool = True
    notes: tuple[str, ...] = ()


def open_source(config: RegulariseConfig, open_file: Open) -> Source:
    """Read what there is without encoding anything.

    Raises:
        MethodError: it can't be read, or is not as it must be; names the file, and the row, class or picture.
    """
    if config.features == SCENES:
        return _scenes(config)
    path = open_file(config.features)
    name = config.features.rpartition("/")[2] or path.name  # an upload lies under its hash
    try:
        if path.is_dir() or not _is_features(path, name):
            return _folder(path, name)
        return read_npz(path, name)
    except ValueError as error:
        raise MethodError(f"features: {error}") from error


def read_npz(path: Path, name: str) -> Source:
    """The source of a file of features.

    Raises:
        ValueError: see `read_features`.
    """
    found = read_features(path, name)
    return Source(
        name,
        found.names,
        found.labels,
        found.base,
        features=found.features,
        semantics=found.semantics,
    )


def check_rows(
    labels: NDArray[np.int64],
    names: Sequence[str],
    novel: Sequence[int],
    base: Sequence[int],
    needed: int,
) -> None:
    """Raise `MethodError` for a base class without rows, or a novel one with fewer than an episode takes."""
    counts = np.bincount(labels, minlength=len(names))
    for place in base:
        if counts[place] == 0:
            raise MethodError(f"features: the base class {names[place]!r} has no row")
    for place in novel:
        if counts[place] < needed:
            raise MethodError(
                f"features: the novel class {names[place]!r} has {counts[place]} rows, and an episode takes {needed} (shots and queries)"
            )


def _scenes(config: RegulariseConfig) -> Source:
    count = len(OBJECTS) * config.pictures

    def drawn() -> list[Picture]:
        from methods.worlds.clip.data import task_images  # noqa: PLC0415  checks cost no torch

        images, _ = task_images(config.kind, count, config.scenes_seed)
        return [drawn_picture(f"scene {place}", image) for place, image in enumerate(images)]

    colours = len(COLOURS)
    base = [at for at in range(len(OBJECTS)) if (at // colours + at % colours) % PARTED]
    return Source(
        f"generated scenes ({config.kind}, seed {config.scenes_seed})",
        OBJECTS,
        np.arange(count, dtype=np.int64) % len(OBJECTS),
        frozenset(base),
        pictures=drawn,
        own=False,
    )


def _is_features(path: Path, name: str) -> bool:
    """Whether a file is an npz: a zip of arrays. What is no zip at all is told by its name."""
    try:
        with ZipFile(path) as opened:
            names = opened.namelist()
    except (BadZipFile, OSError):
        return not name.endswith(".zip")
    return bool(names) and all(name.endswith(".npy") for name in names)


def _folder(path: Path, name: str) -> Source:
    found = class_folders(path, {BASE: BASE, NOVEL: NOVEL}, name)
    classes = [(part, each) for part, folders in found.parts.items() for each in sorted(folders)]
    files = [found.parts[part][each] for part, each in classes]
    base = frozenset(place for place, (part, _) in enumerate(classes) if part == BASE)
    return Source(
        name,
        tuple(readable(each) for _, each in classes),
        np.repeat(np.arange(len(files), dtype=np.int64), [len(each) for each in files]),
        None if WHOLE in found.parts else base,
        pictures=lambda: [
            picture_file(str(file.place), file.read) for each in files for file in each
        ],
        notes=tuple(found.notes),
    )
