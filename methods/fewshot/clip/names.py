"""Class names and templates: what CLIP is asked, and what is wrong with it, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter

LONGEST_NAME = 200
"""Characters of a class name; CLIP itself reads 77 tokens, template included."""
TEMPLATES: dict[str, tuple[str, ...]] = {
    "photo": ("a photo of a {}.",),
    "scenes": ("a photo of {a}.",),
    "texture": ("{} texture.",),
    "satellite": ("a centered satellite photo of {}.",),
    "aircraft": ("a photo of a {}, a type of aircraft.",),
    "food": ("a photo of {}, a type of food.",),
    "flower": ("a photo of a {}, a type of flower.",),
    "pet": ("a photo of a {}, a type of pet.",),
    "action": ("a photo of a person doing {}.",),
    "seven": (
        "itap of a {}.",
        "a bad photo of the {}.",
        "a origami {}.",
        "a photo of the large {}.",
        "a {} in a video game.",
        "art of the {}.",
        "a photo of the small {}.",
    ),
}
"""Sets of templates by name: CLIP's own for the kinds of data that low-shot papers report, and its seven for ImageNet.

"{}" is the class name, "{a}" the name with its article.
"""


def prompt(template: str, name: str) -> str:
    """The text of a class: template "a photo of {a}." and name "orange_ring" give "a photo of an orange ring."."""
    words = readable(name)
    article = "an" if words[:1].lower() in tuple("aeiou") else "a"
    return template.format(words, a=f"{article} {words}")


def readable(name: str) -> str:
    """A class name as CLIP reads it: "_" is a space, and spaces are single."""
    return " ".join(name.replace("_", " ").split())


def check_classes(names: Sequence[str]) -> None:
    """Refuse class names that cannot be told apart.

    Raises:
        ValueError: there are fewer than two, one is empty, or two read alike but for case, "_" and spaces.
    """
    if len(names) < 2:
        raise ValueError(
            f"there must be two classes or more to tell apart, got {len(names)}: {', '.join(names) or 'none'}"
        )
    check_distinct(names)


def check_distinct(names: Sequence[str]) -> None:
    """Refuse class names of which one is empty or longer than `LONGEST_NAME`, or two read alike but for case, "_" and spaces.

    Raises:
        ValueError: with the name and its place.
    """
    first: dict[str, str] = {}
    for place, name in enumerate(names, 1):
        words = readable(name).casefold()
        if not words:
            raise ValueError(f"class {place} has no name")
        if len(words) > LONGEST_NAME:
            raise ValueError(
                f"the name of class {place}, {words[:40]!r} …, has {len(words):,} characters; up to {LONGEST_NAME} are allowed"
            )
        if words in first:
            raise ValueError(
                f"class {place}, {name!r}, is named already, as {first[words]!r}: leave one of them out"
            )
        first[words] = name


def check_templates(templates: Sequence[str]) -> None:
    """Refuse templates without a place for the class name.

    Raises:
        ValueError: there is none, or one lacks its place or has another.
    """
    if not templates:
        raise ValueError("there must be one template or more, such as 'a photo of a {}.'")
    for template in templates:
        try:
            fields = [field for _, field, *_ in Formatter().parse(template) if field is not None]
        except ValueError as error:
            raise ValueError(
                f"the template {template!r} has a bracket too many or too few"
            ) from error
        if len(fields) != 1 or fields[0] not in ("", "a"):
            raise ValueError(
                f"the template {template!r} must have {{}} (the class name) or {{a}} (the name with its article), once"
            )
