"""What is wrong with a regularisation, said before it is queued and without torch."""

from __future__ import annotations

from dataclasses import dataclass

from methods.base import MethodError, Open
from methods.clip_sources import locate
from methods.fewshot.regularising.classes import (
    Classes,
    Mask,
    check_left,
    read_vetoes,
    split_classes,
)
from methods.fewshot.regularising.config import RegulariseConfig
from methods.fewshot.regularising.meaning import Vectors, stored_vectors
from methods.fewshot.regularising.sources import Source, check_rows, open_source
from methods.fewshot.settings import templates_of


@dataclass(frozen=True)
class Opened:
    """All that a run reads before it encodes anything.

    Attributes:
        struck: (C, B), vetoes.
        vectors: (C, S), or None where they are CLIP's texts.
    """

    source: Source
    classes: Classes
    struck: Mask
    vectors: Vectors | None


def check_regularise(config: RegulariseConfig, open_file: Open) -> None:
    """Raise `MethodError` for settings that are wrong together, and for features, classes or vectors that do not fit."""
    open_all(config, open_file)


def open_all(config: RegulariseConfig, open_file: Open) -> Opened:
    """Read features or the list of pictures, classes, vetoes and vectors, and check that they fit the settings.

    Raises:
        MethodError: names the setting and, where there is one, the file, row, class or line.
    """
    if config.shown >= config.episodes:
        raise MethodError(
            f"shown: there are {config.episodes} episodes, 0 to {config.episodes - 1}; got {config.shown}"
        )
    source = open_source(config, open_file)
    if source.features is None or config.semantics == "clip_text":
        locate(config.model, config.pretrained)
        templates_of(config, source.own)
    classes = split_classes(source.names, source.base, config.novel)
    if config.ways > len(classes.novel):
        raise MethodError(
            f"ways: {config.ways} classes an episode, and there are {len(classes.novel)} novel classes"
        )
    needed = config.shots + config.queries
    check_rows(source.labels, source.names, classes.novel, classes.base, needed)
    struck = read_vetoes(config.vetoes, classes)
    check_left(struck, classes, config.related)
    return Opened(source, classes, struck, stored_vectors(config, source, classes, open_file))
