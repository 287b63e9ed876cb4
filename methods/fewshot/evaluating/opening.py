"""A set of a person's own, and its pictures opened; no torch."""

from __future__ import annotations

from methods.base import MethodError, Open
from methods.fewshot.clip.images import Picture
from methods.fewshot.evaluating.config import EvaluateConfig
from methods.fewshot.sets.dividing import folder_set
from methods.fewshot.sets.labelled import Item, LabelledSet


def open_own(config: EvaluateConfig, open_file: Open) -> LabelledSet:
    """List a folder or zip; no file is decoded.

    Raises:
        MethodError: it is not there, or not as it must be; names file or folder.
    """
    try:
        path, name = open_file(config.pictures), config.pictures.rpartition("/")[2]
        return folder_set(path, name, renamed(config.classes))
    except (ValueError, OSError) as error:
        raise MethodError(f"pictures: {error}") from error


def opened(item: Item) -> tuple[Picture, tuple[str, ...]]:
    """An item's picture, decoded once to see that it can be, and what was done to it to be RGB and upright, in sentences.

    Raises:
        MethodError: it is no picture, damaged, a sliver or too large; names the file.
    """
    try:
        picture = item.picture()
        return picture, picture.notes()
    except ValueError as error:
        raise MethodError(f"pictures: {error}") from error


def renamed(lines: str) -> dict[str, str]:
    """Folder -> name of lines "folder: name".

    Raises:
        MethodError: a line lacks one of them, or a folder stands there twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(lines.splitlines(), start=1):
        folder, _, name = (part.strip() for part in line.partition(":"))
        if not folder and not name:
            continue
        if not folder or not name:
            raise MethodError(f"classes: line {number}, {line!r:.80}, is not “folder: name”")
        if folder in found:
            raise MethodError(f"classes: line {number} names the folder {folder!r:.80} again")
        found[folder] = name
    return found
