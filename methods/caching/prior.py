"""The prior of EOC: averaged module outputs of uncached runs, as a file that says what it fits.

The file holds "attn" and "ff", each (L, S, T, D): the mean output of each module at each step over the conditional
rows; "trend" (S,), the statistic r_k, and "direction" (S,), the statistic c_k. Its header holds a `PriorInfo`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from methods.caching.facts import ModelFacts
from methods.caching.headers import read_header

if TYPE_CHECKING:
    from torch import Tensor

NAME = "prior.safetensors"
KIND = "caching.prior"


@dataclass(frozen=True)
class PriorInfo:
    """What a prior was made from.

    Attributes:
        model: name of the model, for people.
        model_hash: sha256 of its weights.
        steps: S.
        resolution: height and width of what the transformer sees.
        layers: L.
        tokens: T.
        width: D.
        classes: number of classes in the mean.
        images: number of images in the mean.
        guidance_scale: of the uncached runs.
        paper_exact: whether they sampled as the papers do.
    """

    model: str
    model_hash: str
    steps: int
    resolution: int
    layers: int
    tokens: int
    width: int
    classes: int
    images: int
    guidance_scale: float
    paper_exact: bool

    def header(self) -> dict[str, str]:
        """Text entries of a safetensors header."""
        return {"kind": KIND, **{key: str(value) for key, value in asdict(self).items()}}

    def misfits(
        self, facts: ModelFacts | None, steps: int, paper_exact: bool, model_hash: str | None
    ) -> list[str]:
        """Why the prior does not serve a run; empty where it does.

        Args:
            facts: of the run's model; None where they are not known yet.
            model_hash: of its weights; None where it is not known yet.
        """
        pairs: dict[str, tuple[object, object]] = {"steps": (self.steps, steps)}
        if facts is not None:
            pairs |= {
                "blocks": (self.layers, facts.layers),
                "resolution": (self.resolution, facts.size),
                "tokens": (self.tokens, facts.tokens),
                "width": (self.width, facts.width),
            }
        pairs["“as in the papers”"] = (self.paper_exact, paper_exact)
        if model_hash is not None:
            pairs["model hash"] = (self.model_hash[:12], model_hash[:12])
        return [
            f"{name} {made} where this run has {wanted}"
            for name, (made, wanted) in pairs.items()
            if made != wanted
        ]


@dataclass(frozen=True)
class Prior:
    info: PriorInfo
    attn: Tensor
    ff: Tensor
    trend: Tensor
    direction: Tensor


def read_info(path: Path) -> PriorInfo:
    """What a prior file says of itself.

    Raises:
        ValueError: the file is no prior.
    """
    header = read_header(path)
    text, shape = header.metadata, header.shapes.get("attn", ())
    names = {field.name for field in fields(PriorInfo)} - {"tokens", "width"}  # of the tensors
    expected = {"attn": shape, "ff": shape, "trend": shape[1:2], "direction": shape[1:2]}
    whole = text.get("kind") == KIND and names <= text.keys() and expected == header.shapes
    if not whole or len(shape) != 4 or shape[:2] != (int(text["layers"]), int(text["steps"])):
        raise ValueError(f"{path.name} is no prior: make one with caching.calibrate")
    return PriorInfo(
        model=text["model"],
        model_hash=text["model_hash"],
        steps=int(text["steps"]),
        resolution=int(text["resolution"]),
        layers=int(text["layers"]),
        tokens=shape[2],
        width=shape[3],
        classes=int(text["classes"]),
        images=int(text["images"]),
        guidance_scale=float(text["guidance_scale"]),
        paper_exact=text["paper_exact"] == "True",
    )


def load_prior(path: Path) -> Prior:
    """Read a prior file.

    Raises:
        ValueError: the file is no prior.
    """
    from safetensors.torch import load_file  # noqa: PLC0415  reading the header alone must cost no torch

    info = read_info(path)
    tensors = load_file(path)
    return Prior(info, tensors["attn"], tensors["ff"], tensors["trend"], tensors["direction"])
