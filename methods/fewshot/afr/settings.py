"""Settings of attentive feature regularisation, checked when they are made; no torch.

The paper's text is known to us by its abstract, figure and summaries. What they state is marked "paper"; everything
marked "our reading" is a choice of ours that was measured, and another choice is another value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

Classifier = Literal["centroid", "cosine", "logistic"]
Attention = Literal["softmax", "uniform"]
Target = Literal["centre", "sample"]


@dataclass(frozen=True, kw_only=True)
class AFRSettings:
    """How support features are regularised, and what is fitted on them.

    Attributes:
        related: base classes of highest semantic cosine that each class is mixed with (paper; that it is 3 is our reading).
        kappa: a support feature of a class with K distinct shots gives the share kappa / (kappa + K) of itself to its
            related classes (our reading: .6 at 1 shot, .23 at 5); 0 switches the mixing off.
        temperature: of the attention over the related classes, in cosines (our reading).
        attention: softmax weighs the related classes by their likeness to the support feature (paper); uniform does not, the
            control. Measured on photographs, the two do not differ: which classes are related does the work.
        classifier: centroid, nearest class mean; cosine, trained weights; logistic, logistic regression without intercept.
        gate: train a squeeze-and-excitation gate of the channels on the support (paper). It is trained with a cosine classifier, which
            is thrown away where another is asked for (our reading).
        reduction: channels of a feature for each hidden unit of the gate (our reading).
        cross_entropy: weight of the cross-entropy, 0 switches it off (paper; the weight 1 is our reading).
        contrastive: weight of the supervised contrastive loss (paper; the weight .1 is our reading).
        squared: weight of the mean squared error between gated features and their target (paper; the weight 1 is our reading).
        squared_target: centre, the mean of the class before the gate; sample, the feature itself before the gate (both our reading).
        contrast_temperature: of the contrastive loss, in cosines (our reading).
        least_weight: smallest share of the related classes where originals and mixtures are fitted together, which cosine and
            logistic do (our reading); centroid takes mixtures only.
        scale: factor of the cosines in the cosine classifier (our reading).
        inverse_penalty: C of the logistic regression: it minimises |W|^2 / 2 + C sum of cross-entropies (our reading).
        steps: full-batch Adam steps of gate and cosine classifier; their number is fixed beforehand, no query stops them
            (our reading, from the group's other code).
        learning_rate: of Adam (our reading, likewise).
        weight_decay: of Adam, L2 (our reading, likewise).
        power: exponent of the features after negative values are cut; None takes 0.5 where no base prototype has a negative
            value and leaves features alone otherwise; 1 leaves them alone (our reading; the base classifier gets the same).
        centre: subtract the mean of the unit base prototypes (our reading; the base classifier gets the same).
        leak: semantic cosine from which a novel class counts as one of the base classes and is refused.
        seed: of the gate's first weights, 0 or more.
    """

    related: int = 3
    kappa: float = 1.5
    temperature: float = 0.1
    attention: Attention = "softmax"
    classifier: Classifier = "centroid"
    gate: bool = True
    reduction: int = 8
    cross_entropy: float = 1.0
    contrastive: float = 0.1
    squared: float = 1.0
    squared_target: Target = "centre"
    contrast_temperature: float = 0.1
    least_weight: float = 0.5
    scale: float = 10.0
    inverse_penalty: float = 10.0
    steps: int = 60
    learning_rate: float = 0.01
    weight_decay: float = 5e-4
    power: float | None = None
    centre: bool = True
    leak: float = 0.999
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            if not (low <= value <= high):
                raise ValueError(f"{name} must be {low:g} to {high:g}, got {value}")
        if self.power is not None and not 0 < self.power <= 1:
            raise ValueError(f"power must be above 0 and at most 1, or None; got {self.power}")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} must be one of {', '.join(choices)}; got {getattr(self, name)!r}"
                )

    @property
    def trained(self) -> bool:
        """Whether Adam has anything to do."""
        learns = self.cross_entropy > 0 or (self.gate and (self.contrastive + self.squared) > 0)
        return self.steps > 0 and learns and (self.gate or self.classifier == "cosine")

    def weight(self, shots: float) -> float:
        """Share that the related classes get of a feature whose class has so many shots."""
        if self.kappa == 0:
            return 0.0
        share = 1.0 if math.isinf(self.kappa) else self.kappa / (self.kappa + shots)
        return share if self.classifier == "centroid" else max(share, self.least_weight)


BOUNDS: dict[str, tuple[float, float]] = {
    "related": (1, 10_000),
    "kappa": (0, math.inf),
    "temperature": (1e-6, 1e6),
    "reduction": (1, 4096),
    "cross_entropy": (0, 1e3),
    "contrastive": (0, 1e3),
    "squared": (0, 1e3),
    "contrast_temperature": (1e-3, 1e3),
    "least_weight": (0, 1),
    "scale": (1e-3, 1e3),
    "inverse_penalty": (1e-6, 1e6),
    "steps": (0, 100_000),
    "learning_rate": (1e-8, 10),
    "weight_decay": (0, 10),
    "leak": (0, 1.1),
    "seed": (0, 2**63 - 1),
}
"""Setting -> its smallest and largest value. Cosines end at 1, so a leak above 1 refuses nothing."""
CHOICES: dict[str, tuple[str, ...]] = {
    "attention": get_args(Attention),
    "classifier": get_args(Classifier),
    "squared_target": get_args(Target),
}
