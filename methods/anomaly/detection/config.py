"""Settings of a detection: which graph, which detector, how it is trained, and how many nodes it flags."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.anomaly.detectors.table import DETECTORS
from methods.anomaly.graphs.config import GraphSettings
from methods.anomaly.settings import LEVEL_COUNT, DiffGADSettings

DetectorName = Literal[
    "diffgad",
    "autoencoder",
    "evidence",
    "degree",
    "feature_norm",
    "forest",
    "pygod_dominant",
    "pygod_gae",
    "pygod_cola",
    "pygod_conad",
    "pygod_anomalydae",
]
NoiseLevel = Annotated[int, Field(ge=0, lt=LEVEL_COUNT)]

MAIN: JsonDict = {"group": "main"}
POLICY: JsonDict = {"group": "policy"}
MORE: JsonDict = {"group": "more"}
OURS = DiffGADSettings()
"""The label-free defaults."""


class DetectConfig(GraphSettings):
    """One detector on one graph."""

    detector: DetectorName = Field(
        "diffgad",
        title="Detector",
        description="diffgad (a graph autoencoder and a diffusion of its latents), autoencoder (the same without diffusion), evidence "
        "(feature norm, number of links and how unlike its neighbours a node is, without any training), the trivial scores degree (links that leave a node), feature_norm and forest (an Isolation Forest of the features), or one of "
        "PyGOD's (optional extra pygod).",
        json_schema_extra=POLICY,
    )
    top: int = Field(
        0,
        ge=0,
        le=10_000_000,
        title="Flagged nodes",
        description="How many nodes of the highest scores are flagged, at most all; 0 is 1 % of them but at least 10, and at most "
        "a fifth. A budget of attention: it changes no score.",
        json_schema_extra=MAIN,
    )
    alpha: float = Field(
        OURS.alpha,
        ge=0,
        le=1,
        title="Weight of the features",
        description="alpha of the loss and of the error: 1 looks at features only, 0 at links only. Nothing but labels could tell a good "
        "one; the page weighs the stored parts anew at once.",
        json_schema_extra=POLICY,
    )
    scaling: Literal["none", "zscore", "robust"] = Field(
        OURS.scaling,
        title="Scaling",
        description="Of the features: none (raw, as published), zscore (mean 0, deviation 1) or robust (median 0, interquartile range "
        "1.349); the last two leave out features that are the same for all nodes.",
        json_schema_extra=POLICY,
    )
    levels: tuple[NoiseLevel, ...] = Field(
        OURS.levels,
        min_length=1,
        max_length=LEVEL_COUNT,
        title="Noise levels",
        description=f"From which latents are sampled again, 0 to {LEVEL_COUNT - 1}, each once: the higher, the less of a node is kept. "
        "All count alike.",
        json_schema_extra=POLICY,
    )
    draws: int = Field(
        OURS.draws,
        ge=1,
        le=100,
        title="Noise draws",
        description="Independent noises at each level, each a view of the graph.",
        json_schema_extra=POLICY,
    )
    repeats: int = Field(
        OURS.repeats,
        ge=1,
        le=50,
        title="Repeats",
        description="Whole trainings from a fresh start, whose views are averaged; each costs the full time.",
        json_schema_extra=POLICY,
    )
    guidance: float = Field(
        OURS.guidance,
        ge=0,
        le=10,
        title="Guidance",
        description="lambda: how far sampling is pushed away from what all nodes have in common; 0 is not at all.",
        json_schema_extra=POLICY,
    )
    sampler_steps: int = Field(
        OURS.sampler_steps,
        ge=2,
        le=1000,
        title="Sampler steps",
        description="Noise scales on the way from 80 to 0.002 (Heun's method); 18 takes about a third of the time of 50.",
        json_schema_extra=POLICY,
    )
    combine: Literal["evidence", "ranks", "mean"] = Field(
        OURS.combine,
        title="Combine",
        description="How errors become one score: evidence (Fisher's sum of -ln(1 - percentile) of both mean errors and of how unlike its "
        "neighbours a node is), ranks (the mean percentile of the weighted error in all views) or mean (the mean weighted error).",
        json_schema_extra=POLICY,
    )
    epochs: int = Field(
        OURS.epochs,
        ge=1,
        le=10_000,
        title="Epochs",
        description="Training steps of an autoencoder or of a PyGOD detector, each over the whole graph.",
        json_schema_extra=MORE,
    )
    hidden: int = Field(
        OURS.hidden,
        ge=0,
        le=1024,
        title="Latent width",
        description="Numbers in a node's latent; 0 takes the authors' rule: half the number of features, down to a power of two, at "
        "least 8. The denoiser is twice as wide.",
        json_schema_extra=MORE,
    )
    dropout: float = Field(
        OURS.dropout,
        ge=0,
        le=0.95,
        title="Dropout",
        description="Share of hidden units dropped in training.",
        json_schema_extra=MORE,
    )
    learning_rate: float = Field(
        OURS.learning_rate,
        ge=1e-8,
        le=1,
        title="Learning rate",
        description="Of Adam, for an autoencoder (halved every 100 epochs) or a PyGOD detector (kept).",
        json_schema_extra=MORE,
    )
    weight_decay: float = Field(
        OURS.weight_decay,
        ge=0,
        le=1,
        title="Weight decay",
        description="Of Adam, L2. .01 as published, with which an autoencoder of scaled features can collapse.",
        json_schema_extra=MORE,
    )
    clip: float = Field(
        OURS.clip,
        ge=0,
        le=1e6,
        title="Clip",
        description="Largest scaled feature, in deviations; 0 does not clip.",
        json_schema_extra=MORE,
    )
    rescale_latent: bool = Field(
        OURS.rescale_latent,
        title="Rescale latents",
        description="Bring latents to mean 0 and deviation 0.5, which the diffusion's constants expect; off as published.",
        json_schema_extra=MORE,
    )
    denoiser_steps: int = Field(
        OURS.denoiser_steps,
        ge=1,
        le=100_000,
        title="Denoiser steps",
        description="At most, of each of the two denoisers; training stops after 100 steps without a lower loss.",
        json_schema_extra=MORE,
    )
    learning_rate_diffusion: float = Field(
        OURS.learning_rate_diffusion,
        ge=1e-8,
        le=1,
        title="Denoisers' learning rate",
        description="Of Adam; halved every 100 steps.",
        json_schema_extra=MORE,
    )
    condition: float = Field(
        OURS.condition,
        ge=0,
        le=10,
        title="Weight of the common feature",
        description="p_alpha of the authors' code: how strongly the conditional denoiser reads what nodes have in common.",
        json_schema_extra=MORE,
    )
    block: int = Field(
        OURS.block,
        ge=16,
        le=10_000_000,
        title="Nodes a block",
        description="Nodes of one training step of a denoiser; all of them where there are fewer, as published.",
        json_schema_extra=MORE,
    )


def settings_of(config: DetectConfig) -> dict[str, Any]:
    """What the run's detector reads of its settings, beside those of the graph."""
    return {name: getattr(config, name) for name in DETECTORS[config.detector].reads}
