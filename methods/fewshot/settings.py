"""Settings that every run with a CLIP shares: which CLIP, what it is asked, how it looks, and what learns from the shots. No torch."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.base import Config, MethodError
from methods.clip_sources import locate
from methods.fewshot.clip.names import TEMPLATES, check_templates
from methods.fewshot.vcr.presets import PRESETS, ViewSettings

ClassifierName = Literal["zero_shot", "tip", "tip_f", "gda", "linear"]
CLASSIFIER_TITLES = {
    "zero_shot": "zero-shot",
    "tip": "Tip-Adapter",
    "tip_f": "Tip-Adapter-F",
    "gda": "GDA",
    "linear": "linear probe",
}
REFINEMENT_TITLES = {
    "global": "whole picture",
    "vcr": "VCR",
    "random": "a random view",
    "mean": "the mean of all views",
    "entropy": "the view of lowest entropy",
    "min_margin": "the view of smallest margin",
}
"""What a classifier is given of a picture, in the order shown: before, after, and the controls."""
[SCENES_TEMPLATE] = TEMPLATES["scenes"]
[OWN_TEMPLATE] = TEMPLATES["photo"]
REFINEMENTS = tuple(REFINEMENT_TITLES)
FAST = PRESETS["fast"]
MAIN: JsonDict = {"group": "main"}
POLICY: JsonDict = {"group": "policy"}
MORE: JsonDict = {"group": "more"}
MODEL: JsonDict = {"group": "main", "widget": "model"}


class ClipSettings(Config):
    """A CLIP and what it is asked."""

    model: str = Field(
        "scenes",
        min_length=1,
        max_length=1000,
        title="CLIP",
        description="“scenes” (the small world's CLIP, which knows only its coloured shapes), a folder in open_clip's layout, a hub id "
        "owner/name[@revision], or an architecture of open_clip such as ViT-B-32-quickgelu, whose weights are named below.",
        examples=["scenes", "ViT-B-32-quickgelu", "RN50-quickgelu"],
        json_schema_extra=MODEL,
    )
    pretrained: str = Field(
        "",
        max_length=1000,
        title="Weights",
        description="For an architecture of open_clip: the tag of its weights, such as openai, or a safetensors file on the worker's "
        "machine; empty otherwise.",
        json_schema_extra=MAIN,
    )
    template: str = Field(
        "",
        max_length=4000,
        title="Template",
        description="What CLIP reads of a class, “{}” being its name and “{a}” the name with its article; several, one a line or "
        f"parted by “|”, are averaged. Or the name of a published set: {', '.join(TEMPLATES)}. Empty: “{SCENES_TEMPLATE}” for "
        f"generated scenes, “{OWN_TEMPLATE}” for your own pictures.",
        examples=["a photo of a {}.", "a photo of {a}.", "seven"],
        json_schema_extra=MAIN,
    )
    precision: Literal["float32", "bfloat16", "float16"] = Field(
        "float32",
        title="Precision",
        description="Number format of CLIP's forward; features are kept as float32.",
        json_schema_extra=MORE,
    )
    batch_size: int = Field(
        64,
        ge=1,
        le=4096,
        title="Batch size",
        description="Crops, or texts, that CLIP sees at a time.",
        json_schema_extra=MORE,
    )


class ViewFields(Config):
    """How closely a picture is looked at."""

    scales: tuple[float, ...] = Field(
        FAST.scales,
        min_length=1,
        max_length=20,
        title="Scales",
        description="Shares of the picture's area that crops have, above 0 and at most 1, each once; 1 is the whole picture, which is "
        "always looked at. Published: 0.1, 0.2, ..., 0.9.",
        json_schema_extra=POLICY,
    )
    views: int = Field(
        FAST.views,
        ge=1,
        le=400,
        title="Views per scale",
        description="Crops drawn at each scale; equal ones are encoded once. Published: 100.",
        json_schema_extra=POLICY,
    )
    margin: Literal["cosine", "prob"] = Field(
        "cosine",
        title="Margin",
        description="Best less second best class of a view: of cosines (the published code) or of probabilities (the paper).",
        json_schema_extra=POLICY,
    )
    merge_norm: Literal["unit", "official_raw"] = Field(
        "unit",
        title="Merge",
        description="unit brings every chosen view to length 1 before they are added to the whole picture; official_raw adds them at "
        "the length the model gives, as the published code does, so that the whole picture nearly vanishes.",
        json_schema_extra=POLICY,
    )
    whole: Literal["centre", "ten_crop"] = Field(
        FAST.whole,
        title="Whole picture",
        description="How it is seen: centre, as plain CLIP does, or ten_crop, the mean over four corners, the middle and their mirror "
        "images, as the published code does.",
        json_schema_extra=POLICY,
    )
    crop_seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed of the crops",
        description="Beside the picture's own content; another one draws other crops, which are encoded anew.",
        json_schema_extra=MORE,
    )


class ClassifierFields(Config):
    """What names a picture, and what it takes from the shots."""

    classifiers: tuple[ClassifierName, ...] = Field(
        ("zero_shot", "tip", "gda", "linear"),
        min_length=1,
        title="Classifiers",
        description="zero_shot (class texts only), tip (Tip-Adapter: a cache of the shots), tip_f (its keys trained), gda (a Gaussian "
        "a class), linear (a probe held to the class texts, in the manner of CLAP).",
        json_schema_extra=POLICY,
    )
    alpha: float | None = Field(
        None,
        ge=0,
        le=1000,
        title="Cache weight (alpha)",
        description="Of Tip-Adapter's cache beside the class texts. Empty: chosen on the shots by leave-one-out, or on validation "
        "pictures; never on what is tested.",
        json_schema_extra=MORE,
    )
    beta: float | None = Field(
        None,
        ge=0,
        le=1000,
        title="Cache sharpness (beta)",
        description="Of Tip-Adapter's cache: how fast a shot's say falls with its distance. Empty: chosen as the weight is.",
        json_schema_extra=MORE,
    )
    balanced: bool = Field(
        False,
        title="Balance classes",
        description="Divide what a class's shots say in Tip-Adapter's cache by their number, so that a class with many does not "
        "outvote one with few; with equal numbers nothing changes.",
        json_schema_extra=MORE,
    )
    augmentations: int = Field(
        10,
        ge=1,
        le=100,
        title="Augmentations of a shot",
        description="Random crops (half of them mirrored) of each labelled picture that the classifiers learn from. Published: 10.",
        json_schema_extra=MORE,
    )
    tip_f_epochs: int = Field(
        20,
        ge=0,
        le=1000,
        title="Epochs of Tip-Adapter-F",
        description="Fixed beforehand: published figures pick the best epoch on the test set. 0 is Tip-Adapter.",
        json_schema_extra=MORE,
    )


def templates_of(settings: ClipSettings, own: bool) -> tuple[str, ...]:
    """The templates that a setting means.

    Args:
        own: the pictures are people's own, not generated scenes.

    Raises:
        MethodError: one of them has no place for the class name, or two.
    """
    text = settings.template.strip()
    if not text:
        return TEMPLATES["photo" if own else "scenes"]
    if text in TEMPLATES:
        return TEMPLATES[text]
    parts = (part.strip() for line in text.splitlines() for part in line.split("|"))
    given = tuple(part for part in parts if part)
    try:
        check_templates(given)
    except ValueError as error:
        raise MethodError(f"template: {error}") from error
    return given


def amount_of(preset: str) -> dict[str, Any]:
    """The values of `ViewFields` that make one of VCR's presets, "fast", "normal" or "official"."""
    amount = PRESETS[preset]
    return {"scales": amount.scales, "views": amount.views, "whole": amount.whole}


def view_settings(fields: ViewFields) -> ViewSettings:
    return ViewSettings(fields.scales, fields.views, fields.crop_seed, fields.whole)


def check_clip(settings: ClipSettings) -> None:
    """Raise `MethodError` for a CLIP that is not there, or templates that are wrong."""
    locate(settings.model, settings.pretrained)
    templates_of(settings, own=True)


def check_views(fields: ViewFields) -> None:
    """Raise `MethodError` for scales that are no shares, or stand there twice."""
    for scale in fields.scales:
        if not 0 < scale <= 1:
            raise MethodError(
                f"scales: a scale is a share of the area, above 0 and at most 1; got {scale}"
            )
        if fields.scales.count(scale) > 1:
            raise MethodError(
                f"scales: {scale} stands there {fields.scales.count(scale)} times; each counts once"
            )


def check_classifiers(fields: ClassifierFields) -> None:
    """Raise `MethodError` for a classifier that is named twice."""
    for name in fields.classifiers:
        if fields.classifiers.count(name) > 1:
            raise MethodError(f"classifiers: {name} stands there twice; each counts once")
