"""Named settings of a regularisation, where they come from, and what the welcome tour runs."""

from __future__ import annotations

from methods.base import Demo, Paper, Preset
from methods.fewshot.papers import AFR

PAPERS = (
    AFR,
    Paper(
        "Manifold Mixup: Better Representations by Interpolating Hidden States",
        "Verma, Lamb, Beckham et al.",
        "ICML 2019",
        "https://arxiv.org/abs/1806.05236",
    ),
    Paper(
        "SimpleShot: Revisiting Nearest-Neighbor Classification for Few-Shot Learning",
        "Wang, Chao, Weinberger, van der Maaten",
        "2019",
        "https://arxiv.org/abs/1911.04623",
    ),
)

PRESETS = {
    "mixing": Preset(
        "Mixing, no training",
        {"classifier": "centroid", "gate": False},
        "Related base classes mixed into the support, nearest class mean: nothing is trained.",
    ),
    "paper": Preset(
        "Gate and three losses",
        {"classifier": "cosine", "gate": True},
        "As the paper has it: a channel gate and a cosine classifier, trained on every support with cross-entropy, contrastive loss and squared "
        "error. The weights of the losses are our reading.",
    ),
    "logistic": Preset(
        "Logistic regression",
        {"classifier": "logistic", "gate": False},
        "On the support and its mixtures together.",
    ),
    "five_shots": Preset(
        "Five shots",
        {"shots": 5, "classifier": "centroid", "gate": False},
        "With more shots, less of each feature is mixed: .23 instead of .6. Gains are smaller.",
    ),
    "off": Preset(
        "Mixing off",
        {"kappa": 0.0, "gate": False},
        "Kappa 0: the base classifier. What to take where similarity is low.",
    ),
}

DEMO_EPISODES, DEMO_PICTURES = 300, 20
"""Few enough for a few seconds; 15 queries and a shot need 16 pictures a class."""
_SMALL = {"ways": 10, "episodes": DEMO_EPISODES, "pictures": DEMO_PICTURES}
DEMO = Demo(
    "Welcome: what related classes tell of new ones",
    "Ten kinds of coloured shape that the classifier meets for the first time, one example each. AFR mixes into each example what is known "
    "of the most similar kinds among 32 others; first as attention weighs them, then nearly equally. Beside both stand the same classifier "
    "without, with mixup, and with random kinds mixed in. Open one to see which kinds count as related, and strike one out.",
    (
        Preset("AFR, sharp attention", _SMALL),
        Preset("AFR, nearly equal weights", {**_SMALL, "temperature": 1.0}),
    ),
)
