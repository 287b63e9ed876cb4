"""Ready settings: the small world, its label noise, and the published setting as far as it is known."""

from __future__ import annotations

from methods.alignment.evidence.config import OFFICIAL_MEAN
from methods.base import Demo, Paper, Preset

DAMA = Paper(
    "DAMA: Data- and Model-aware Alignment of Multi-modal LLMs",
    "Lu et al.",
    "ICML 2025",
    "https://arxiv.org/abs/2502.01943",
)
PAPERS = (DAMA,)

HARDNESS_PRESETS = {
    "scenes": Preset(
        "Small world",
        {"pairs": "scenes", "clip": "scenes"},
        "Pairs with exact truth, whose rejected answers differ in five ways; half a minute on a CPU.",
    ),
    "label_noise": Preset(
        "Label noise queue",
        {"pairs": "scenes-noisy", "clip": "scenes"},
        "Every fifth label is turned round: sorted by delta, do the turned ones come first?",
    ),
    "official": Preset(
        "As published, by CLIP",
        {
            "clip": "ViT-L-14-336-quickgelu",
            "pretrained": "openai",
            "score": "joint_softmax",
            "mean_delta": OFFICIAL_MEAN,
        },
        "LLaVA-1.5's own vision tower and the published mean. Splitter and score are our readings: neither is published. "
        "Choose your pairs; the weights are downloaded (1.7 GB).",
    ),
    "official_scores": Preset(
        "As published, given scores",
        {"score": "precomputed", "mean_delta": OFFICIAL_MEAN},
        "For rows that bring chosen_logits and rejected_logits, as the published data do: choose that file.",
    ),
}
HARDNESS_DEMO = Demo(
    "How hard are these pairs?",
    "150 pairs of the small world, measured by its CLIP. Look at which kind of mistake is easy to tell from the truth, and at "
    "the contested pairs, for which CLIP prefers the rejected answer.",
    (Preset("Hardness of 150 pairs", {"pairs": "scenes", "max_pairs": 150}),),
)
