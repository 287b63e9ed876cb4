"""Settings of cached sampling and of prior calibration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.caching.sampler_config import MAIN, MORE, SamplerConfig
from methods.worlds import digits

Schedule = Literal[
    "none", "interval", "odd_first_half", "router", "taylorseer", "first_block", "cache_dit"
]
PEERS = ("taylorseer", "first_block", "cache_dit")
"""Schedules that are the ecosystem's own caches, which no correction reaches."""
PROBING = ("first_block", "cache_dit")
"""Peers that decide at each step what they reuse, so that nobody knows before."""

MAX_IMAGES = 2000
ROUTER_SUFFIXES = (".safetensors", ".pt", ".pth")
INCEPTION_SUFFIXES = (".safetensors", ".pth", ".pt")
STATISTICS_SUFFIXES = (".npz", ".safetensors")
POLICY: JsonDict = {"group": "policy"}
CLASSES: JsonDict = {"group": "main", "widget": "classes"}
PRIOR: JsonDict = {"group": "policy", "widget": "artefact", "suffix": ".safetensors"}
ROUTER: JsonDict = {"group": "policy", "widget": "upload", "suffix": ",".join(ROUTER_SUFFIXES)}
INCEPTION: JsonDict = {"group": "more", "widget": "upload", "suffix": ",".join(INCEPTION_SUFFIXES)}
STATISTICS: JsonDict = {
    "group": "more",
    "widget": "upload",
    "suffix": ",".join(STATISTICS_SUFFIXES),
}


class SampleConfig(SamplerConfig):
    """One cached sampling, compared with the uncached one from the same noise."""

    classes: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        (),
        max_length=1000,
        title="Classes",
        description="Names or ids of the classes to draw; none is every class.",
        json_schema_extra=CLASSES,
    )
    images_per_class: int = Field(
        8,
        ge=1,
        le=MAX_IMAGES,
        title="Images per class",
        description=f"Images of each class; at most {MAX_IMAGES} in all.",
        json_schema_extra=MAIN,
    )
    steps: int = Field(
        20,
        ge=2,
        le=1000,
        title="Steps",
        description="Denoising steps of this sampling.",
        json_schema_extra=MAIN,
    )
    guidance_scale: float = Field(
        digits.GUIDANCE_SCALE,
        ge=1,
        le=20,
        title="Guidance scale",
        description="Strength of classifier-free guidance; 1 is none (and half the work). The papers use 1.5; "
        "the default is the digits world's.",
        json_schema_extra=MAIN,
    )
    schedule: Schedule = Field(
        "interval",
        title="Schedule",
        description="Which outputs are reused: none; all but one step in an interval (FORA); odd steps of the first "
        "half (the papers' 25 %); what a trained router says (L2C). Or a peer in its own code: diffusers' TaylorSeer "
        "(forecasts between computed steps), diffusers' first-block cache and cache-dit (reuse while the first block "
        "changes little; cache-dit is an optional package).",
        json_schema_extra=POLICY,
    )
    interval: int = Field(
        2,
        ge=1,
        le=1000,
        title="Interval",
        description="For the interval schedule and TaylorSeer: steps from one computed step to the next; below the number of "
        "steps. TaylorSeer computes the steps of phase “sampling”.",
        json_schema_extra=POLICY,
    )
    phase: Literal["sampling", "fora"] = Field(
        "sampling",
        title="Phase",
        description="Where the interval starts: with the first step (“sampling”, as EOC and GOC count) or counting "
        "down to the last (“fora”, FORA's own code).",
        json_schema_extra=POLICY,
    )
    order: int = Field(
        1,
        ge=0,
        le=4,
        title="Taylor order",
        description="For TaylorSeer and cache-dit: order of the Taylor series that forecasts what is not computed; 0 "
        "reuses the last value (TaylorSeer then is FORA). Each order keeps one more tensor of every module.",
        json_schema_extra=POLICY,
    )
    threshold: float = Field(
        0.1,
        ge=0,
        le=1,
        title="Change threshold",
        description="For first-block cache and cache-dit: relative change of the first block's residual (a ratio) up to "
        "which all other blocks are reused; higher reuses more, 0 nothing. The change is a mean over the whole batch: "
        "what an image becomes depends on the images sampled beside it. On the digits world, "
        "20 steps: .05 executes 82 % of the forwards, .1 61 %, .2 43 %, .3 34 %; another model needs other values.",
        json_schema_extra=POLICY,
    )
    router: str | None = Field(
        None,
        max_length=500,
        title="Router",
        description="For the router schedule: an L2C router for this depth and number of steps (.pt, .pth or "
        ".safetensors): an upload, a path, or run_id/file.",
        json_schema_extra=ROUTER,
    )
    router_threshold: float = Field(
        0.1,
        ge=0,
        le=1,
        title="Router threshold",
        description="Modules are reused where the router's score (0 to 1) does not exceed this; higher reuses more.",
        json_schema_extra=POLICY,
    )
    correction: Literal["none", "eoc", "goc"] = Field(
        "none",
        title="Correction",
        description="What is done to reused outputs: nothing; scale by the prior's trend (EOC, needs a prior); go on in "
        "the direction of the last two (GOC).",
        json_schema_extra=POLICY,
    )
    weight: float | None = Field(
        None,
        ge=-2,
        le=2,
        title="Correction weight",
        description="Strength of the correction, no unit; empty is the paper's (EOC .01; GOC 1.2, with a router .8); 0 is "
        "plain reuse.",
        json_schema_extra=POLICY,
    )
    positions: str = Field(
        "all",
        pattern=r"^\s*(all|auto|published|\d{1,4}(\s*,\s*\d{1,4})*)\s*$",
        max_length=4000,
        title="Corrected steps",
        description="Steps (0 is the noisiest) at which reused outputs are corrected: all; numbers as 3,5,7,9; published: "
        "the list of the paper's code (of 20 steps; at another number every reused step from 3 on); or auto: chosen by "
        "the prior's statistic, which is our reading of the papers, not their code.",
        json_schema_extra=POLICY,
    )
    trend_threshold: float = Field(
        0.0,
        ge=0,
        le=10,
        title="Trend threshold",
        description="For EOC with auto: correct a step only where the prior's relative change reaches this (a ratio); "
        "0 is every step. Our reading of the paper's judgment, whose rule is not published.",
        json_schema_extra=MORE,
    )
    prior: str | None = Field(
        None,
        max_length=500,
        title="Prior",
        description="For EOC, and for auto: prior.safetensors of a calibration of this model and number of steps: "
        "run_id/prior.safetensors, a path or a sha256.",
        json_schema_extra=PRIOR,
    )
    require_both: bool = Field(
        False,
        title="Correct whole blocks only",
        description="Correct a block only where its attention and its feed-forward are both reused, as GOC does on L2C.",
        json_schema_extra=MORE,
    )
    reference_steps: int | None = Field(
        None,
        ge=2,
        le=1000,
        title="Steps of the uncached run",
        description="Denoising steps of the uncached run we compare with; empty is the same number. Where the numbers "
        "differ (“fewer steps”), only the final images are compared.",
        json_schema_extra=MORE,
    )
    control: bool = Field(
        True,
        title="Plain reuse beside a correction",
        description="Where reused outputs are corrected, also sample the same schedule without the correction from the "
        "same noise, and tell what the correction gains or costs.",
        json_schema_extra=MORE,
    )
    judge: bool = Field(
        True,
        title="Judge",
        description="Let the small world's own judge rate the images (class accuracy, Fréchet distance, inception score).",
        json_schema_extra=MORE,
    )
    inception_weights: str | None = Field(
        None,
        max_length=500,
        title="Inception weights",
        description="For FID and Inception score: Inception-v3 of 2015-12-05 as torch-fidelity and pytorch-fid have it, "
        "a state dict (.pth, .pt or .safetensors, 96 MB): an upload, a path, or run_id/file.",
        json_schema_extra=INCEPTION,
    )
    reference_stats: str | None = Field(
        None,
        max_length=500,
        title="Reference statistics",
        description="For FID: mu (2048) and sigma (2048 x 2048) of real images in the same network, as guided-diffusion "
        "and pytorch-fid save them (.npz), or .safetensors: an upload, a path (for a file of gigabytes), or run_id/file.",
        json_schema_extra=STATISTICS,
    )

    def listed_positions(self) -> tuple[int, ...] | None:
        """The steps that `positions` lists, rising; None for "all", "auto" and "published"."""
        if self.positions.strip() in ("all", "auto", "published"):
            return None
        return tuple(sorted({int(item) for item in self.positions.split(",")}))

    def compared_steps(self) -> int:
        """Steps of the uncached run."""
        return self.steps if self.reference_steps is None else self.reference_steps

    def controlled(self) -> bool:
        """Plain reuse is sampled beside the correction."""
        return self.control and self.correction != "none"


class CalibrateConfig(SamplerConfig):
    """Average module outputs of uncached runs: the prior of EOC, and what "auto" positions are chosen by."""

    steps: int = Field(
        20,
        ge=2,
        le=1000,
        title="Steps",
        description="Denoising steps; the prior serves this number only.",
        json_schema_extra=MAIN,
    )
    guidance_scale: float = Field(
        4.0,
        ge=1,
        le=20,
        title="Guidance scale",
        description="Strength of classifier-free guidance. The published script extracts with 4 and samples with 1.5.",
        json_schema_extra=MAIN,
    )
    images_per_class: int = Field(
        1,
        ge=1,
        le=100,
        title="Images per class",
        description="Images of each class that enter the mean; the n-th of every class starts from the same noise.",
        json_schema_extra=MAIN,
    )
    max_classes: int = Field(
        64,
        ge=1,
        le=1000,
        title="Most classes",
        description="Classes that enter the mean, spread evenly over all; 32 to 64 give a stable mean, the paper takes 1000.",
        json_schema_extra=MAIN,
    )
