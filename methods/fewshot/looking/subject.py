"""From the settings to what is asked: pictures with their labels, classes, and the support of each. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from methods.base import MethodError, Open
from methods.fewshot.clip.images import Picture
from methods.fewshot.clip.names import check_classes, check_distinct, readable
from methods.fewshot.looking.config import SCENES, LookConfig
from methods.fewshot.sets.pictures import SUPPORT, PictureSet, read_pictures

EXAMPLE = "name two or more, one a line, such as a red circle, then a blue star"


@dataclass(frozen=True)
class Question:
    """A picture that is asked about, and the index of its class if it is known."""

    picture: Picture
    label: int | None


@dataclass(frozen=True)
class Shot:
    """A picture that is learnt from, and the index of its class."""

    picture: Picture
    label: int


@dataclass(frozen=True)
class Subject:
    """All that a look is about.

    Attributes:
        classes: names as they were given, 2 or more.
        notes: what was left out or counts as something else, in sentences.
    """

    name: str
    classes: tuple[str, ...]
    questions: tuple[Question, ...]
    shots: tuple[Shot, ...]
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> list[int]:
        """Shots of each class."""
        labels = [shot.label for shot in self.shots]
        return [labels.count(index) for index in range(len(self.classes))]


def own_subject(config: LookConfig, open_file: Open) -> Subject:
    """What a look at pictures of one's own is about; none of them is decoded.

    Raises:
        MethodError: pictures or classes are not as they must be, with the file or the name.
    """
    name = config.pictures.rpartition("/")[2]
    try:
        pictures = read_pictures(open_file(config.pictures), name)
    except (ValueError, OSError) as error:
        raise MethodError(f"pictures: {error}") from error
    return subject_of(name, pictures, named(config.classes) or list(pictures.support))


def subject_of(name: str, pictures: PictureSet, names: Sequence[str]) -> Subject:
    """Match pictures to classes by the names of their folders.

    Args:
        names: of the classes.

    Raises:
        MethodError: there are fewer than two, or two that read alike; two folders of the support that do.
    """
    check_names(names)
    folders = list(pictures.support)
    try:
        check_distinct(folders)
    except ValueError as error:
        raise MethodError(f"pictures: {SUPPORT}: {error}") from error
    index_of = {_plain(each): index for index, each in enumerate(names)}
    shots = tuple(
        Shot(picture, index_of[_plain(folder)])
        for folder, some in pictures.support.items()
        if _plain(folder) in index_of
        for picture in some
    )
    questions = tuple(
        Question(each.picture, index_of.get(_plain(each.label))) for each in pictures.asked
    )
    unused = [folder for folder in pictures.support if _plain(folder) not in index_of]
    return Subject(
        name,
        tuple(names),
        questions,
        shots,
        (*pictures.notes, *_unused(unused, pictures), *_known(questions, shots)),
    )


def named(classes: str) -> list[str]:
    """Class names, one a line; empty lines do not count."""
    return [line.strip() for line in classes.splitlines() if line.strip()]


def check_names(names: Sequence[str]) -> None:
    """Raise `MethodError` for fewer than two class names, or two that read alike."""
    if not names:
        raise MethodError(f"classes: {EXAMPLE}")
    try:
        check_classes(names)
    except ValueError as error:
        raise MethodError(f"classes: {error}") from error


def is_scenes(config: LookConfig) -> bool:
    return config.pictures == SCENES


def _plain(name: str) -> str:
    return readable(name).casefold()


def _unused(folders: Sequence[str], pictures: PictureSet) -> list[str]:
    if not folders:
        return []
    count = sum(len(pictures.support[folder]) for folder in folders)
    shown = ", ".join(folders[:3]) + (f" and {len(folders) - 3} others" if folders[3:] else "")
    return [f"{shown} in {SUPPORT}: none of the classes, so not learnt from (pictures: {count})"]


def _known(questions: Sequence[Question], shots: Sequence[Shot]) -> list[str]:
    learnt = {shot.picture.sha256: shot.picture.name for shot in shots}
    return [
        f"{each.picture.name} is the same picture as {learnt[each.picture.sha256]}, which is learnt from: what classifiers say of it is no test"
        for each in questions
        if each.picture.sha256 in learnt
    ]
