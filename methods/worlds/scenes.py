"""Generated pictures of coloured shapes, and the exact truth of what each one shows.

A scene is one or several objects (a shape, a colour, a size, a place) that don't overlap, on a
background, with or without clutter: short grey strokes that belong to no object. Everything that
`Scene` says is exact, because the picture is made from it.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

SHAPES = ("circle", "square", "triangle", "star", "ring", "cross", "heart", "diamond")
COLOURS = {
    "red": (220, 40, 40),
    "orange": (245, 140, 20),
    "yellow": (250, 220, 40),
    "green": (40, 165, 70),
    "blue": (45, 95, 225),
    "purple": (145, 60, 190),
}
BACKGROUNDS = ("plain", "striped", "dotted", "checkered")
TONES = ((238, 236, 232), (205, 212, 220), (120, 126, 134), (44, 48, 58))  # light to dark
SUPERSAMPLING = 8
MARGIN = 0.02  # kept free at the border and between boxes, as a share of the image's side
CLUTTER_LENGTH = 0.12
ATTEMPTS = 200

Box = tuple[float, float, float, float]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SceneObject:
    """One object; lengths are shares of the image's side, the origin is the upper left corner.

    `size` is the longer side of the box around the outline, `centre` the middle of that box (x, y).
    """

    shape: str
    colour: str
    size: float
    centre: tuple[float, float]

    @property
    def box(self) -> Box:
        """The tight box of the outline: left, top, right, bottom."""
        points = _outline(self.shape)[0]
        low, high = points.min(axis=0), points.max(axis=0)
        x, y = self.centre
        return (
            x + self.size * float(low[0]),
            y + self.size * float(low[1]),
            x + self.size * float(high[0]),
            y + self.size * float(high[1]),
        )


@dataclass(frozen=True)
class Scene:
    """What a picture shows: objects, a background with its two tones, clutter strokes.

    `background` is one of BACKGROUNDS and `tones` are its RGB colours, 0..255, the first being the
    ground and the second the pattern's (unused where plain). A stroke is (x0, y0, x1, y1, grey):
    its ends in shares of the image's side, its grey in 0..255. Strokes lie under the objects.
    """

    objects: tuple[SceneObject, ...]
    background: str
    tones: tuple[tuple[int, int, int], tuple[int, int, int]]
    clutter: tuple[tuple[float, float, float, float, int], ...] = ()


def random_scene(
    generator: np.random.Generator,
    *,
    num_objects: int = 1,
    sizes: tuple[float, float] = (0.25, 0.6),
    spread: float = 1.0,
    backgrounds: tuple[str, ...] = BACKGROUNDS,
    num_clutter: int = 0,
    kinds: tuple[tuple[str, str], ...] | None = None,
) -> Scene:
    """Draw what a scene shows.

    Args:
        num_objects: objects, placed so that their boxes don't overlap.
        sizes: smallest and largest size of an object, shares of the image's side; uniform.
        spread: 0 puts each centre in the middle, 1 anywhere where the object fits.
        backgrounds: those to choose from.
        num_clutter: grey strokes.
        kinds: (shape, colour) of each object; None draws them.
    Raises:
        ValueError: the numbers of objects and kinds differ, or the objects can't be placed.
    """
    if kinds is None:
        kinds = tuple(
            (
                SHAPES[generator.integers(len(SHAPES))],
                list(COLOURS)[generator.integers(len(COLOURS))],
            )
            for _ in range(num_objects)
        )
    if len(kinds) != num_objects:
        raise ValueError(f"kinds must name {num_objects} objects, got {len(kinds)}")
    background = backgrounds[generator.integers(len(backgrounds))]
    first, second = generator.choice(len(TONES), size=2, replace=False)
    return Scene(
        objects=place(generator, kinds, (sizes,) * num_objects, spread),
        background=background,
        tones=(TONES[first], TONES[second]),
        clutter=tuple(_stroke(generator) for _ in range(num_clutter)),
    )


def place(
    generator: np.random.Generator,
    kinds: tuple[tuple[str, str], ...],
    sizes: tuple[tuple[float, float], ...],
    spread: float = 1.0,
) -> tuple[SceneObject, ...]:
    """Draw sizes and places of objects, so that their boxes don't overlap.

    Args:
        kinds: (shape, colour) of each object.
        sizes: (smallest, largest) size of each object, shares of the image's side; uniform.
        spread: 0 puts each centre in the middle, 1 anywhere where the object fits.
    Raises:
        ValueError: no free place was found.
    """
    for _ in range(ATTEMPTS):
        placed: list[SceneObject] = []
        for (shape, colour), limits in zip(kinds, sizes, strict=True):
            size = float(generator.uniform(*limits))
            reach = spread * (0.5 - size / 2 - MARGIN)
            x, y = (0.5 + reach * generator.uniform(-1, 1, size=2)).tolist()
            item = SceneObject(shape, colour, size, (x, y))
            if any(_overlap(item.box, other.box) for other in placed):
                break
            placed.append(item)
        else:
            return tuple(placed)
    limits_text = ", ".join(f"{low}-{high}" for low, high in sizes)
    raise ValueError(f"{len(kinds)} objects of size {limits_text} can't be placed without overlap")


def render(scene: Scene, side: int) -> npt.NDArray[np.uint8]:
    """Return the picture of a scene, (side, side, 3) uint8, edges smoothed by supersampling."""
    fine = Image.new("RGB", (side * SUPERSAMPLING,) * 2, scene.tones[0])
    pen = ImageDraw.Draw(fine)
    _draw_pattern(pen, scene, fine.width)
    for x0, y0, x1, y1, grey in scene.clutter:
        ends = [value * fine.width for value in (x0, y0, x1, y1)]
        pen.line(ends, fill=(grey,) * 3, width=max(1, round(0.025 * fine.width)))
    for item in scene.objects:
        mask, corner = _mask(item, fine.width)
        fine.paste(COLOURS[item.colour], corner, Image.fromarray(mask))
    return np.asarray(fine.resize((side, side), Image.Resampling.BOX))


def coverage(item: SceneObject, side: int) -> npt.NDArray[np.float32]:
    """Return how much of each pixel an object covers, (side, side) float32, 0..1."""
    mask = np.zeros((side * SUPERSAMPLING,) * 2, dtype=np.float32)
    inside, (left, top) = _mask(item, len(mask))
    mask[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    mean: npt.NDArray[np.float32] = mask.reshape(side, SUPERSAMPLING, side, -1).mean(axis=(1, 3))
    return mean


@cache
def _outline(shape: str) -> tuple[Points, ...]:
    """Return the outline of a shape, and its hole if any: points (K, 2), centred, longer side 1."""
    turn = np.linspace(0, 2 * math.pi, 96, endpoint=False)
    circle = np.stack([np.sin(turn), -np.cos(turn)], axis=1) / 2
    if shape == "circle":
        points = circle
    elif shape == "ring":
        return circle, 0.55 * circle
    elif shape == "square":
        points = np.array([(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)])
    elif shape == "diamond":
        points = np.array([(0.0, -1.0), (0.7, 0), (0, 1), (-0.7, 0)])
    elif shape == "triangle":
        points = np.array([(0.0, -1.0), (1, 0.8), (-1, 0.8)])
    elif shape == "star":
        spokes = np.where(np.arange(10) % 2 == 0, 1.0, 0.42)
        angles = np.arange(10) * math.pi / 5
        points = np.stack([spokes * np.sin(angles), -spokes * np.cos(angles)], axis=1)
    elif shape == "cross":
        arm = 0.32
        quarter = np.array([(arm, -1.0), (arm, -arm), (1, -arm)])  # turned into the other three
        turns = [np.linalg.matrix_power(np.array([(0, -1), (1, 0)]), k) for k in range(4)]
        points = np.concatenate([quarter @ matrix.T for matrix in turns])
    elif shape == "heart":
        x = 16 * np.sin(turn) ** 3
        y = 13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)
        points = np.stack([x, -y], axis=1)
    else:
        raise ValueError(f"shape must be one of {', '.join(SHAPES)}; got {shape!r}")
    low, high = points.min(axis=0), points.max(axis=0)
    return ((points - (low + high) / 2) / (high - low).max(),)


def _mask(item: SceneObject, side: int) -> tuple[npt.NDArray[np.bool_], tuple[int, int]]:
    """Return which pixels of a (side, side) grid have their middle inside the outline.

    Only the pixels around the object's box are returned, with the column and row of the first one.
    Along a row, each crossing of the outline turns outside into inside and back. PIL's own polygons
    reach up to a pixel beyond theirs.
    """
    left, top = (max(0, math.floor(low * side)) for low in item.box[:2])
    right, bottom = (min(side, math.ceil(high * side)) for high in item.box[2:])
    turns = np.zeros((bottom - top, right - left + 1), dtype=np.int64)
    middles = np.arange(top, bottom) + 0.5
    for points in _outline(item.shape):
        starts = (points * item.size + np.array(item.centre)) * side  # (K, 2)
        ends = np.roll(starts, -1, axis=0)
        edges, rows = np.nonzero((starts[:, 1:] <= middles) != (ends[:, 1:] <= middles))
        (x0, y0), (x1, y1) = starts[edges].T, ends[edges].T
        x = x0 + (middles[rows] - y0) / (y1 - y0) * (x1 - x0)
        columns = np.ceil(x - 0.5).clip(left, right).astype(np.int64) - left
        np.add.at(turns, (rows, columns), 1)
    inside: npt.NDArray[np.bool_] = turns.cumsum(axis=1)[:, :-1] % 2 == 1
    return inside, (left, top)


def _overlap(a: Box, b: Box) -> bool:
    apart = a[2] + MARGIN < b[0] or b[2] + MARGIN < a[0]
    return not (apart or a[3] + MARGIN < b[1] or b[3] + MARGIN < a[1])


def _stroke(generator: np.random.Generator) -> tuple[float, float, float, float, int]:
    x, y = generator.uniform(0, 1, size=2).tolist()
    angle = float(generator.uniform(0, math.pi))
    dx, dy = CLUTTER_LENGTH * math.cos(angle), CLUTTER_LENGTH * math.sin(angle)
    return x, y, x + dx, y + dy, int(generator.integers(70, 200))


def _draw_pattern(pen: ImageDraw.ImageDraw, scene: Scene, side: int) -> None:
    """Draw eight stripes, or 8 x 8 dots or checks, in the second tone."""
    cell = side / 8
    cells = [(column, row) for row in range(8) for column in range(8)]
    if scene.background == "striped":
        for row in range(0, 8, 2):
            pen.rectangle((0, row * cell, side, (row + 1) * cell - 1), fill=scene.tones[1])
    elif scene.background == "dotted":
        for column, row in cells:
            x, y = (column + 0.5) * cell, (row + 0.5) * cell
            pen.ellipse((x - cell / 5, y - cell / 5, x + cell / 5, y + cell / 5), scene.tones[1])
    elif scene.background == "checkered":
        for column, row in cells:
            if (column + row) % 2:
                corner = ((column + 1) * cell - 1, (row + 1) * cell - 1)
                pen.rectangle((column * cell, row * cell, *corner), fill=scene.tones[1])
