"""A folder a class, in a zip or on disk: what most people have.

    cats/1.png dogs/7.png ...            undivided
    train/cats/... test/cats/...         in parts

One folder around all of it does not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from methods.fewshot.clip.names import check_classes
from methods.fewshot.sets.duplicates import Placed, without_duplicates
from methods.fewshot.sets.files import FoundFile, empty_folders, find_files

WHOLE = "all"
"""The only part of an undivided set."""
MOST_NAMED = 3


@dataclass(frozen=True, eq=False)
class ClassFolders:
    """Files by part and class; none is opened.

    Attributes:
        parts: part -> class folder -> its pictures, 1 or more; the key `WHOLE` alone where there are no parts.
        notes: what was left out, in sentences.
    """

    parts: Mapping[str, Mapping[str, Sequence[FoundFile]]]
    notes: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Of all parts, in alphabetical order."""
        return tuple(sorted({each for folders in self.parts.values() for each in folders}))


def class_folders(path: Path, part_of: Mapping[str, str], name: str = "") -> ClassFolders:
    """Sort the pictures of a folder, or of a zip of one, by part and class.

    Args:
        part_of: name of a part's folder, in lower case -> part.
        name: what to call it in errors; empty is its own name.

    Raises:
        ValueError: parts and classes stand side by side, a picture lies in no class, a class has no picture, there are fewer than two
            classes or two whose names read alike, a picture stands in two parts or classes; whatever `find_files` refuses. Names the
            file or folder.
    """
    name = name or path.name
    found = find_files(path, name)
    pictures = [each for each in found if each.is_picture]
    if not pictures:
        raise ValueError(f"{name} has no picture: it needs a folder a class with pictures in it")
    tops = {each.place.parts[0] for each in pictures if len(each.place.parts) > 1}
    divided = _is_divided(tops, part_of)
    _refuse_empty(path, name, part_of)
    placed = [_placed(each, part_of if divided else None, name) for each in pictures]
    check_classes(sorted({each.label for each in placed}))
    kept, notes = without_duplicates(placed)
    parts: dict[str, dict[str, list[FoundFile]]] = {}
    for each in kept:
        parts.setdefault(each.part, {}).setdefault(each.label, []).append(each.file)
    others = [str(each.place) for each in found if not each.is_picture]
    return ClassFolders(parts, (*notes, *_left_out(others)))


def _is_divided(tops: set[str], part_of: Mapping[str, str]) -> bool:
    """Whether the folders at the top are parts. A class may be called "train" where it stands among others."""
    parts = sorted(top for top in tops if top.lower() in part_of)
    others = sorted(tops.difference(parts))
    if others and len({part_of[part.lower()] for part in parts}) > 1:
        raise ValueError(
            f"beside {' and '.join(parts)} there is the folder {others[0]!r}: either all folders at the top are parts, or all are classes"
        )
    return bool(parts) and not others


def _placed(file: FoundFile, part_of: Mapping[str, str] | None, name: str) -> Placed:
    folders = file.place.parts[:-1]
    if len(folders) < (1 if part_of is None else 2):
        inside = (
            "a class" if part_of is None else f"a class, in {folders[0] if folders else 'a part'}"
        )
        raise ValueError(
            f"{file.place} in {name} lies in no folder of {inside}: it takes two classes or more, a folder each"
        )
    if part_of is None:
        return Placed(WHOLE, folders[0], file)
    return Placed(part_of[folders[0].lower()], folders[1], file)


def _refuse_empty(path: Path, name: str, part_of: Mapping[str, str]) -> None:
    """Refuse folders without any file: somebody meant a class there."""
    for folder in empty_folders(path, name):
        if folder.name.lower() not in part_of:
            raise ValueError(
                f"the class {folder.name!r} ({folder} in {name}) has no picture: fill its folder, or remove it"
            )


def _left_out(others: Sequence[str]) -> tuple[str, ...]:
    if not others:
        return ()
    shown = ", ".join(others[:MOST_NAMED]) + (" and others" if others[MOST_NAMED:] else "")
    return (f"{len(others)} files that are no pictures were left out: {shown}",)


def mark_of(file: FoundFile) -> str:
    """What a file can be ordered by that says nothing of its class."""
    return f"{PurePosixPath(file.place).name} {file.size} {file.check}"
