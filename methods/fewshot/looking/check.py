"""What is wrong with a look, said before it is queued and without torch."""

from __future__ import annotations

from methods.base import MethodError, Open
from methods.fewshot.clip.images import Picture
from methods.fewshot.looking.config import LookConfig
from methods.fewshot.looking.subject import check_names, is_scenes, named, own_subject
from methods.fewshot.settings import check_classifiers, check_clip, check_views

DECODED = 100
"""Pictures that are decoded before a run is queued; the run itself decodes every one before it encodes any."""


def check_look(config: LookConfig, open_file: Open) -> None:
    """Raise `MethodError` for settings that are wrong together, a CLIP that is not there, or pictures that cannot be read."""
    check_settings(config)
    if is_scenes(config):
        return
    subject = own_subject(config, open_file)
    pictures = [each.picture for each in subject.questions]
    pictures += [each.picture for each in subject.shots]
    for picture in pictures[:DECODED]:
        check_picture(picture)


def check_settings(config: LookConfig) -> None:
    """Raise `MethodError` for settings that are wrong whatever the pictures."""
    check_clip(config)
    check_views(config)
    check_classifiers(config)
    names = named(config.classes)
    if names:
        check_names(names)


def check_picture(picture: Picture) -> tuple[str, ...]:
    """Decode a picture.

    Returns:
        what was done to it to be RGB and upright, in sentences.

    Raises:
        MethodError: it is no picture, damaged, truncated, a sliver or too large; names the file.
    """
    try:
        return picture.notes()
    except ValueError as error:
        raise MethodError(f"pictures: {error}") from error
