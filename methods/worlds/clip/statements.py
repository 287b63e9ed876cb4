"""Everything a caption's sentence may say of a scene, and whether it is true.

The CLIP is trained and measured against *all* statements at once, so that each picture meets every
near miss (another colour, another shape, another size) as a negative, and every true sentence counts
as a positive of it, also one that was written for another picture.
"""

from dataclasses import asdict, dataclass
from itertools import permutations, product

import numpy as np
import numpy.typing as npt

from methods.worlds.captions import (
    SIZES,
    background_sentence,
    size_word,
    there_is,
    with_article,
)
from methods.worlds.scenes import BACKGROUNDS, COLOURS, SHAPES, Scene

FRAMES = ("a photo of {}.", "a picture of {}.", "an image of {}.", "a drawing of {}.", "{}.", "{}")
"""Other ways to name one object, its phrase standing for the braces."""


@dataclass(frozen=True)
class Statement:
    """What one sentence says: of some object in the picture, or of its background; None = anything."""

    size: str | None = None
    colour: str | None = None
    shape: str | None = None
    background: str | None = None

    @property
    def phrase(self) -> str:
        """The words for the object, such as "small red circle", "red object"."""
        words = (self.size, self.colour, self.shape or "object")
        return " ".join(word for word in words if word)

    @property
    def sentence(self) -> str:
        """The sentence as a caption has it."""
        return background_sentence(self.background) if self.background else there_is(self.phrase)

    def wordings(self) -> list[str]:
        """Return the sentence and its other wordings."""
        if self.background:
            other = [f"a {self.background} background", f"on a {self.background} background."]
            return [self.sentence, *other]
        phrase = with_article(self.phrase)
        return [self.sentence, *(frame.format(phrase) for frame in FRAMES)]

    def holds(self, scene: Scene) -> bool:
        """Return whether the statement is true of a scene."""
        if self.background:
            return scene.background == self.background
        return any(
            self.size in (None, size_word(item))
            and self.colour in (None, item.colour)
            and self.shape in (None, item.shape)
            for item in scene.objects
        )


STATEMENTS = (
    *(Statement(size, colour, shape) for size, colour, shape in product(SIZES, COLOURS, SHAPES)),
    *(Statement(colour=colour, shape=shape) for colour, shape in product(COLOURS, SHAPES)),
    *(Statement(size=size, shape=shape) for size, shape in product(SIZES, SHAPES)),
    *(Statement(shape=shape) for shape in SHAPES),
    *(Statement(colour=colour) for colour in COLOURS),
    *(Statement(background=background) for background in BACKGROUNDS),
)


def truth(scene: Scene) -> npt.NDArray[np.bool_]:
    """Return which of STATEMENTS hold of a scene, (S,) bool."""
    return np.array([statement.holds(scene) for statement in STATEMENTS])


def near_misses() -> dict[str, list[tuple[int, int]]]:
    """Return pairs of STATEMENTS (indices) about a size, a colour and a shape that differ in one of them.

    Keyed by what differs: "size", "colour", "shape"; and "background" for pairs of backgrounds.
    """
    pairs: dict[str, list[tuple[int, int]]] = {}
    facts = [asdict(statement) for statement in STATEMENTS]
    for (first, a), (second, b) in permutations(enumerate(facts), 2):
        differing = [name for name in a if a[name] != b[name]]
        whole = all((a["size"], a["colour"], a["shape"], b["size"], b["colour"], b["shape"]))
        if len(differing) == 1 and (whole or differing == ["background"]):
            pairs.setdefault(differing[0], []).append((first, second))
    return pairs
