"""Features of the views of pictures, encoded in full batches across pictures and kept by what each crop is.

A kept feature hangs on picture and box alone, not on class names, margin or merge; nor on how many views or scales were
asked for, so that more of them encode only what is new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from methods.feature_cache import FeatureCache, Features, Key
from methods.fewshot.clip.images import Picture
from methods.fewshot.vcr.boxes import Box, picture_seed, view_boxes
from methods.fewshot.vcr.crops import CUT, MARGIN, crop_form, crops, sent, ten_crops
from methods.fewshot.vcr.encoding import Tower, encoded
from methods.fewshot.vcr.presets import ViewSettings

BATCHES_AT_ONCE = 4
"""Pictures are taken together until their crops fill so many batches: the last one of them, not full, then costs little."""
MOST_AT_ONCE = 32
"""Pictures that are taken together at most: all of them may be open."""


@dataclass(frozen=True, eq=False)
class ViewFeatures:
    """What was seen of one picture.

    Attributes:
        width, height: of the picture in pixels.
        boxes: local scale -> its distinct crops, V of them.
        features: local scale -> (V, D), of the length that the tower gives them.
        ten_crop: (D,) of length 1, if the whole picture is seen so.
        seed: the picture's own, for the random control.
        encoded: crops of it that had to be encoded, the others were kept already.
    """

    width: int
    height: int
    boxes: dict[float, tuple[Box, ...]]
    features: dict[float, Tensor]
    ten_crop: Tensor | None
    seed: int
    encoded: int = 0

    def whole(self, plain: Tensor) -> Tensor:
        """The whole picture's feature (D,) for `refine_views`: of the ten crops if they were asked for, or else `plain`, CLIP's own."""
        return plain if self.ten_crop is None else self.ten_crop


def view_features(
    pictures: Sequence[Picture],
    settings: ViewSettings,
    tower: Tower,
    cache: FeatureCache | None = None,
) -> Iterator[ViewFeatures]:
    """Views of every picture, in order; some pictures are opened and encoded together.

    Args:
        cache: of this encoder; a picture whose crops are all kept is not opened.

    Raises:
        ValueError: a picture cannot be opened; names its file. A scale or a number of views is not allowed.
    """
    together = max(1, min(MOST_AT_ONCE, BATCHES_AT_ONCE * tower.batch_size // settings.encoded))
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:  # PIL works without the GIL
        for start in range(0, len(pictures), together):
            some = pictures[start : start + together]
            yield from _Look(some, settings, tower, cache, pool).seen()


class _Look:
    """Some pictures that are looked at together."""

    def __init__(
        self,
        pictures: Sequence[Picture],
        settings: ViewSettings,
        tower: Tower,
        cache: FeatureCache | None,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._pictures, self._settings, self._tower, self._cache = pictures, settings, tower, cache
        self._encoded = [0] * len(pictures)
        self._pool = pool
        self._opening: dict[int, Future[Tensor]] = {}

    def seen(self) -> Iterator[ViewFeatures]:
        seed = self._settings.seed
        sizes = self._sizes()
        boxes = [
            self._boxes(picture, *size) for picture, size in zip(self._pictures, sizes, strict=True)
        ]
        views = self._views(boxes)
        tens = self._tens() if self._settings.whole == "ten_crop" else [None] * len(boxes)
        rest = zip(self._pictures, sizes, boxes, tens, self._encoded, strict=True)
        for picture, size, each, ten, encoded_now in rest:
            features = {
                scale: torch.stack([views[picture.sha256, box] for box in some])
                for scale, some in each.items()
            }
            own_seed = picture_seed(picture.sha256, seed, "control")
            yield ViewFeatures(*size, each, features, ten, own_seed, encoded_now)

    def _sizes(self) -> list[tuple[int, int]]:
        """Width and height of each picture, kept like a feature, so that a picture known already isn't opened for them."""

        def compute(places: list[int]) -> Features:
            opened = self._opened(places)
            return np.array([pixels.shape[:0:-1] for pixels in opened], dtype=np.float32)

        return [(int(size[0]), int(size[1])) for size in self._kept(self._keys("size"), compute)]

    def _boxes(self, picture: Picture, width: int, height: int) -> dict[float, tuple[Box, ...]]:
        scales, views, seed = self._settings.scales, self._settings.views, self._settings.seed
        return view_boxes(width, height, scales, views, sha256=picture.sha256, seed=seed)

    def _views(
        self, boxes: Sequence[dict[float, tuple[Box, ...]]]
    ) -> dict[tuple[str, Box], Tensor]:
        """Features (D,) by picture and box; boxes of a picture that are equal at two scales are encoded once."""
        form = crop_form(self._tower.device)
        wanted = {
            (picture.sha256, box): place
            for place, (picture, each) in enumerate(zip(self._pictures, boxes, strict=True))
            for some in each.values()
            for box in some
        }
        asked = [(place, box) for (_, box), place in wanted.items()]
        keys = [self._key(f"{form} {tuple(box)}", self._pictures[place]) for place, box in asked]

        def compute(places: list[int]) -> Features:
            missing = [asked[place] for place in places]
            for place, _ in missing:
                self._encoded[place] += 1
            return encoded(self._cut(missing), self._tower)

        return dict(zip(wanted, self._kept(keys, compute), strict=True)) if keys else {}

    def _cut(self, asked: Sequence[tuple[int, Box]]) -> Iterator[Tensor]:
        """Crops (b, 3, side, side) of one picture after the other, b at most the batch size."""
        by_picture = [
            (place, [box for _, box in of_one])
            for place, of_one in groupby(asked, key=lambda pair: pair[0])
        ]
        size, opened = self._tower.batch_size, self._opened(place for place, _ in by_picture)
        for pixels, (_, boxes) in zip(opened, by_picture, strict=True):
            for start in range(0, len(boxes), size):
                yield crops(pixels, boxes[start : start + size], self._tower.side)

    def _tens(self) -> list[Tensor]:
        """unit(mean over ten crops of unit(E(crop))) of each picture."""

        def compute(places: list[int]) -> Features:
            for place in places:
                self._encoded[place] += 10
            cut = (ten_crops(pixels, self._tower.side) for pixels in self._opened(places))
            raw = torch.from_numpy(encoded(cut, self._tower)).unflatten(0, (-1, 10))
            mean = functional.normalize(raw, dim=-1).mean(dim=1)
            features: Features = functional.normalize(mean, dim=-1).numpy()
            return features

        return self._kept(self._keys(f"ten {MARGIN:.4f}"), compute)

    def _opened(self, places: Iterable[int]) -> Iterator[Tensor]:
        """Pixels (3, H, W), uint8, of some of the pictures; all begin to be opened at once, each once."""
        wanted = list(places)
        for place in wanted:
            if place not in self._opening:
                self._opening[place] = self._pool.submit(_pixels, self._pictures[place])
        return (sent(self._opening[place].result(), self._tower.device) for place in wanted)

    def _keys(self, kind: str) -> list[Key]:
        return [self._key(kind, picture) for picture in self._pictures]

    def _key(self, kind: str, picture: Picture) -> Key:
        said = f"{kind} {CUT} {self._tower.side} {picture.sha256}"
        return hashlib.sha256(said.encode()).digest()

    def _kept(self, keys: Sequence[Key], compute: Callable[[list[int]], Features]) -> list[Tensor]:
        if self._cache is None:
            return list(torch.from_numpy(compute(list(range(len(keys))))))
        found = self._cache.features(keys, compute)
        return list(torch.from_numpy(np.stack([found[key] for key in keys])))


def _pixels(picture: Picture) -> Tensor:
    return torch.from_numpy(np.array(picture.open())).permute(2, 0, 1)
