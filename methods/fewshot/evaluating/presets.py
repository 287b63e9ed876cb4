"""Evaluations to begin with, and what the welcome tour shows."""

from __future__ import annotations

from methods.base import Demo, Preset
from methods.fewshot.settings import amount_of

PRESETS = {
    "fast": Preset(
        "Fast",
        amount_of("fast"),
        "Five scales with eight crops each: 41 passes of the encoder a test picture.",
        fills=True,
    ),
    "normal": Preset(
        "Normal",
        amount_of("normal"),
        "Nine scales with sixteen crops each: 145 passes a test picture.",
        fills=True,
    ),
    "official": Preset(
        "As published",
        {**amount_of("official"), "merge_norm": "official_raw"},
        "What the authors' code does: nine scales with a hundred crops each and ten crops for the whole picture, 910 passes; views are "
        "added at the length the model gives, so that the whole picture nearly vanishes. Alpha and beta are not chosen on the test "
        "pictures, as that code does for ImageNet.",
        fills=True,
    ),
    "clutter": Preset(
        "Small objects amid clutter",
        {"kinds": ("clutter",)},
        "Scenes that the small world's CLIP names right already: looking closer has nothing to gain, and can only lose.",
        fills=True,
    ),
    "tiny": Preset(
        "Tiny objects",
        {"kinds": ("tiny", "tiny clutter")},
        "Objects smaller than any the small world's CLIP has learnt from, half of them amid clutter.",
        fills=True,
    ),
    "validated": Preset(
        "Tuned on validation pictures",
        {"validation": "val"},
        "Alpha and beta from validation pictures, looked at as the test pictures are, in place of the shots.",
        fills=True,
    ),
    "sixteen": Preset(
        "All classifiers, 16 shots",
        {"shots": 16, "classifiers": ("zero_shot", "tip", "tip_f", "gda", "linear")},
        "As low-shot papers end their curves.",
        fills=True,
    ),
}

SMALL = {
    "shots": 1,
    "draws": 2,
    "test_pictures": 64,
    "augmentations": 4,
    "scales": (0.1, 0.3, 0.5, 0.7),
    "views": 6,
}
DEMO = Demo(
    "Welcome: does looking closer make it right more often?",
    "Pictures of one coloured shape, 48 classes, named by four classifiers from one example a class, before and after looking closer. In "
    "one run the shapes are tiny, in the other small and amid clutter. Compare what VCR changes with what a random crop changes, on the "
    "same pictures, and look at those that were fixed and broken.",
    (
        Preset("Small shapes amid clutter", {**SMALL, "kinds": ("clutter",)}),
        Preset("Tiny shapes", {**SMALL, "kinds": ("tiny",)}),
    ),
)
