"""What is done to frozen features before anything is fitted; the base classifier gets the same."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

POWER = 0.5


def unit(features: Tensor) -> Tensor:
    """Rows of length 1; a row of zeros stays."""
    return F.normalize(features, dim=-1)


@dataclass(frozen=True)
class Preprocessing:
    """phi(x) = unit(unit(relu(x)^power) - mean), Tukey's power as in SimpleShot's and distribution calibration's peers.

    Attributes:
        power: exponent; 1 neither cuts negative values nor bends the rest.
        mean: (D,), of the unit base prototypes; zeros where features are not centred.
    """

    power: float
    mean: Tensor

    @classmethod
    def of(cls, base_prototypes: Tensor, power: float | None, centre: bool) -> Preprocessing:
        """Measure base prototypes (B, D), means of raw features.

        Raises:
            ValueError: a power below 1 is asked for where a prototype has negative values: it would cut them.
        """
        negative = bool((base_prototypes < 0).any())
        if power is None:
            power = 1.0 if negative else POWER
        elif power < 1 and negative:
            raise ValueError(
                f"power {power:g} cuts negative values, and the base prototypes have some (down to {float(base_prototypes.min()):.3g}); take power 1 or None"
            )
        mean = unit(_bent(base_prototypes, power)).mean(0)
        return cls(power, mean if centre else torch.zeros_like(mean))

    def apply(self, features: Tensor) -> Tensor:
        """(..., D) raw to (..., D) unit rows."""
        return unit(unit(_bent(features, self.power)) - self.mean)

    def __str__(self) -> str:
        bent = "" if self.power == 1 else f"power {self.power:g}, "
        return f"{bent}unit length{', centred, unit length' if self.mean.any() else ''}"


def _bent(features: Tensor, power: float) -> Tensor:
    return features if power == 1 else features.clamp(min=0) ** power
