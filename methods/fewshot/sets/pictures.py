"""Loose pictures to look at, maybe with a few of each class to learn from.

anything.zip (or a folder, or one picture)
    one.jpg, holiday/two.png, queries/three.webp      are asked about
    support/cat/1.jpg, support/dog/1.jpg, ...         are learnt from, a folder a class
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from methods.fewshot.clip.images import Picture, picture_file
from methods.fewshot.sets.files import FoundFile, empty_folders, find_files, is_zip

SUPPORT, QUERIES = "support", "queries"
MOST_ASKED, MOST_SUPPORT = 500, 20_000
"""Pictures; more than that many to ask about are a test set, which wants figures and no closer look."""


@dataclass(frozen=True)
class Asked:
    """A picture that is asked about.

    Attributes:
        label: the folder it lies in, "" if none: its class, if it is called like one.
    """

    picture: Picture
    label: str = ""


@dataclass(frozen=True)
class PictureSet:
    """Pictures by what they are for.

    Attributes:
        support: class folder -> its pictures, 1 or more each.
        notes: what was left out, in sentences.
    """

    asked: tuple[Asked, ...]
    support: dict[str, tuple[Picture, ...]]
    notes: tuple[str, ...] = ()


def read_pictures(path: Path, name: str = "") -> PictureSet:
    """Sort the pictures of a zip or folder by what they are for; every file is read for its hash, none is decoded.

    Args:
        name: what to call it in errors; empty is its own name.

    Raises:
        ValueError: there is nothing to ask about, or more than `MOST_ASKED` pictures; a class has a folder and no picture; a picture of
            the support lies in no class's folder, or in those of two; whatever `find_files` refuses.
    """
    name = name or path.name
    found = find_files(path, name)
    alone = path.is_file() and not is_zip(path, name)  # then its name may be a hash
    pictures = [each for each in found if each.is_picture or alone]
    supporting = [each for each in pictures if each.place.parts[0] == SUPPORT]
    asking = [each for each in pictures if each.place.parts[0] != SUPPORT]
    _check_counts(name, len(asking), len(supporting))
    _check_folders(name, supporting, [each.place for each in found if _of_a_class(each.place)])
    if not alone:
        _check_folders(name, supporting, _empty_classes(path, name))
    support: dict[str, list[Picture]] = defaultdict(list)
    for each in supporting:
        support[each.place.parts[1]].append(_picture(each))
    _check_once(support)
    asked = tuple(Asked(_picture(each), _folder(each)) for each in asking)
    others = [str(each.place) for each in found if each not in pictures]
    return PictureSet(asked, {key: tuple(some) for key, some in support.items()}, _left_out(others))


def _picture(found: FoundFile) -> Picture:
    return picture_file(str(found.place), found.read)


def _folder(found: FoundFile) -> str:
    parent = found.place.parent.name
    return "" if parent == QUERIES else parent


def _check_counts(name: str, asked: int, support: int) -> None:
    if not asked:
        raise ValueError(
            f"{name} has no picture to ask about: put some (.png, .jpg, .webp, ...) beside the folder {SUPPORT}, or into {QUERIES}"
        )
    if asked > MOST_ASKED:
        raise ValueError(
            f"{name} has {asked:,} pictures to ask about; up to {MOST_ASKED} can be looked at closely: evaluate a larger set instead"
        )
    if support > MOST_SUPPORT:
        raise ValueError(
            f"{name} has {support:,} pictures in {SUPPORT}; {MOST_SUPPORT:,} are allowed"
        )


def _check_folders(
    name: str, supporting: Sequence[FoundFile], places: Sequence[PurePosixPath]
) -> None:
    """Refuse pictures to learn from that are of no class, and classes among `places` that have no picture."""
    for each in supporting:
        if not _of_a_class(each.place):
            raise ValueError(
                f"{each.place} in {name} is of no class: pictures to learn from lie in {SUPPORT}/<class>/"
            )
    full = {each.place.parts[1] for each in supporting}
    empty = sorted({place.parts[1] for place in places} - full)
    if empty:
        raise ValueError(
            f"{SUPPORT}/{empty[0]} in {name} has no picture: fill the folder, or remove it and only name the class"
        )


def _of_a_class(place: PurePosixPath) -> bool:
    return len(place.parts) > 2 and place.parts[0] == SUPPORT


def _empty_classes(path: Path, name: str) -> list[PurePosixPath]:
    """Folders of classes with nothing in them, as if there was a file."""
    inside = [
        PurePosixPath(*place.parts[place.parts.index(SUPPORT) :]) / "nothing"
        for place in empty_folders(path, name)
        if SUPPORT in place.parts
    ]
    return [place for place in inside if _of_a_class(place)]


def _check_once(support: dict[str, list[Picture]]) -> None:
    first: dict[str, tuple[str, Picture]] = {}
    for label, pictures in support.items():
        for picture in pictures:
            before, earlier = first.setdefault(picture.sha256, (label, picture))
            if before != label:
                raise ValueError(
                    f"{picture.name} is the same picture as {earlier.name}: it cannot be of both classes"
                )


def _left_out(others: Sequence[str]) -> tuple[str, ...]:
    if not others:
        return ()
    shown = ", ".join(others[:3]) + (" and others" if len(others) > 3 else "")
    return (f"what is no picture was left out: {shown}",)
