"""How much is looked at: from a glance to what the published code does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Whole = Literal["centre", "ten_crop"]


@dataclass(frozen=True)
class ViewSettings:
    """Which crops of a picture are encoded; the choice among them is made later, from their features.

    Attributes:
        scales: shares of the area, above 0 and at most 1; 1 is the whole picture, which is always looked at.
        views: draws for each scale below 1.
        seed: of the draws, beside the picture's own content.
        whole: how the whole picture is seen: `centre`, as plain CLIP does, or `ten_crop`, the mean over four corners, the middle and their
            mirror images, as the published code does.
    """

    scales: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    views: int = 16
    seed: int = 0
    whole: Whole = "centre"

    @property
    def encoded(self) -> int:
        """Crops that are encoded for a picture, at most: equal boxes are encoded once."""
        local = sum(scale < 1 for scale in self.scales)
        return local * self.views + (10 if self.whole == "ten_crop" else 1)


PRESETS = {
    "fast": ViewSettings(scales=(0.1, 0.3, 0.5, 0.7, 0.9), views=8),
    "normal": ViewSettings(),
    "official": ViewSettings(views=100, whole="ten_crop"),
}
"""41, 145 and 910 crops a picture. The last are the numbers of VCR's code; its merge is `merge_norm="official_raw"`."""
