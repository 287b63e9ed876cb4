"""From class folders to a set to learn from and to be tested on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from methods.fewshot.clip.images import Picture, picture_file
from methods.fewshot.clip.names import check_classes, readable
from methods.fewshot.sets.files import FoundFile
from methods.fewshot.sets.folders import ClassFolders, class_folders, mark_of
from methods.fewshot.sets.labelled import Item, LabelledSet, Part

PART_OF: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "support": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
    "queries": "test",
}
ORDER: tuple[Part, ...] = ("all", "train", "val", "test")
NO_TEST = "there is no folder test: the pictures of val are tested"


def folder_set(path: Path, name: str = "", renamed: Mapping[str, str] | None = None) -> LabelledSet:
    """The set of a folder, or of a zip of one, with "train", "val" and "test" if it has them; no picture is opened.

    Args:
        name: what people call it; empty is its own name.
        renamed: class folder -> what CLIP is to read in its place.

    Raises:
        ValueError: as `class_folders`; there is nothing to test on; a folder that is renamed is not there, or two classes read alike.
    """
    name = name or path.name
    found = class_folders(path, PART_OF, name)
    parts = {part: _items(found, part) for part in ORDER if part in found.parts}
    notes = found.notes
    if "all" not in parts and "test" not in parts:
        if len(parts) < 2:
            raise ValueError(
                f"there is nothing to test on in {name}: beside {next(iter(parts))} a folder test is needed"
            )
        parts["test"] = parts.pop("val")
        notes = (*notes, NO_TEST)
    return LabelledSet(name, _names(found.classes, renamed or {}, name), parts, notes)


def _names(folders: Sequence[str], renamed: Mapping[str, str], name: str) -> tuple[str, ...]:
    unknown = sorted(set(renamed).difference(folders))
    if unknown:
        raise ValueError(
            f"there is no class folder {unknown[0]!r} in {name} to be called {renamed[unknown[0]]!r}"
        )
    names = tuple(readable(renamed.get(folder, folder)) for folder in folders)
    check_classes(names)
    return names


def _items(found: ClassFolders, part: Part) -> tuple[Item, ...]:
    label_of = {folder: label for label, folder in enumerate(found.classes)}
    return tuple(
        Item(str(file.place), label_of[folder], mark_of(file), partial(_picture, file))
        for folder, files in found.parts[part].items()
        for file in files
    )


def _picture(file: FoundFile) -> Picture:
    return picture_file(str(file.place), file.read)
