"""Settings of measuring how hard preference pairs are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.alignment.pairs.config import PairSettings

OFFICIAL_MEAN = 0.0482190464911681
"""The mean of delta that stands as a constant in the published code; it is that of its own 22,000 pairs."""
POLICY: JsonDict = {"group": "policy"}
MORE: JsonDict = {"group": "more"}
CLIP: JsonDict = {"group": "main", "widget": "model"}
CACHE: JsonDict = {"group": "more", "widget": "artefact"}


class HardnessConfig(PairSettings):
    """CLIP's evidence for every pair, and the data factor that follows from it."""

    score: Literal["joint_softmax", "mean_cos", "sum_cos", "precomputed"] = Field(
        "joint_softmax",
        title="Score",
        description="What a sub-sentence scores: its share of CLIP's softmax over the sub-sentences of both answers; its "
        "cosine, averaged or summed over each answer; or the numbers that the rows bring (chosen_logits, rejected_logits). "
        "Delta is the chosen answer's score less the rejected one's. Shares and sums favour the answer with more sub-sentences.",
        json_schema_extra=POLICY,
    )
    clip: str = Field(
        "scenes",
        min_length=1,
        max_length=1000,
        title="CLIP",
        description="Whose evidence: “scenes” (the small world's CLIP, which knows only its coloured shapes), a folder in "
        "open_clip's layout, a hub id owner/name[@revision], or an architecture of open_clip such as "
        "ViT-L-14-336-quickgelu, whose weights are named below.",
        examples=["scenes", "ViT-L-14-336-quickgelu", "ViT-B-32-quickgelu"],
        json_schema_extra=CLIP,
    )
    pretrained: str = Field(
        "",
        max_length=200,
        title="Weights",
        description="For an architecture of open_clip: the tag of its weights, such as openai; empty otherwise.",
        json_schema_extra={"group": "main"},
    )
    splitter: Literal["sentences", "clauses"] = Field(
        "sentences",
        title="Sub-sentences",
        description="Where answers are cut: at the ends of sentences and at newlines, or also at “, and” and “;”.",
        json_schema_extra=POLICY,
    )
    scale: Literal["none", "unit_std"] = Field(
        "none",
        title="Scale of delta",
        description="Leave delta as it is, or divide it by its standard deviation over the data (its sign stays): cosines "
        "differ so little that their factors are nearly equal otherwise.",
        json_schema_extra=POLICY,
    )
    mean_delta: float | None = Field(
        None,
        ge=-1000,
        le=1000,
        title="Mean delta",
        description="Delta whose factor is 1; empty is the mean of these pairs. The published code has a constant, "
        f"{OFFICIAL_MEAN}, the mean of its own 22,000 pairs, whatever the data.",
        json_schema_extra=POLICY,
    )
    batch_size: int = Field(
        64,
        ge=1,
        le=4096,
        title="Batch size",
        description="Images, or sub-sentences, that CLIP sees at a time.",
        json_schema_extra=MORE,
    )
    precision: Literal["float32", "bfloat16", "float16"] = Field(
        "float32",
        title="Precision",
        description="Number format of CLIP's forward; features are kept as float32.",
        json_schema_extra=MORE,
    )
    cache: str = Field(
        "",
        max_length=1000,
        title="Cache",
        description="An existing folder on the worker's machine in which CLIP's features are kept for later runs, 2 to 4 kB "
        "for each image and sub-sentence; empty keeps them for this run only.",
        json_schema_extra=CACHE,
    )
