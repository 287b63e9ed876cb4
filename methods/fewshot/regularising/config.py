"""Settings of a regularisation: whose features, what is known of the classes, which episodes, and how the support is regularised."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.fewshot.afr.settings import AFRSettings
from methods.fewshot.settings import MAIN, MORE, POLICY, ClipSettings

Classifier = Literal["centroid", "cosine", "logistic"]
SCENES = "scenes"
FEATURE_SUFFIXES = (".npz", ".zip")
VECTOR_SUFFIXES = (".txt", ".vec", ".npz", ".zip")
FEATURES: JsonDict = {
    "group": "main",
    "widget": "upload",
    "suffix": ",".join(FEATURE_SUFFIXES),
}
VECTORS: JsonDict = {"group": "main", "widget": "upload", "suffix": ",".join(VECTOR_SUFFIXES)}
LINES: JsonDict = {"group": "main", "widget": "lines"}
OURS = AFRSettings()
"""Every number of it that is our reading of the paper says so."""


class RegulariseConfig(ClipSettings):
    """One classifier with and without regularisation, on the same episodes."""

    features: str = Field(
        SCENES,
        min_length=1,
        max_length=1000,
        title="Features",
        description="Frozen features: “scenes” (the small world's pictures through its CLIP); an npz with features (N, D), labels (N,), "
        "names (C,) and n_base, the number of base classes, which come first; or a zip or folder of pictures, base/<class>/ and "
        "novel/<class>/, or one folder a class with the novel ones named below.",
        json_schema_extra=FEATURES,
    )
    novel: str = Field(
        "",
        max_length=200_000,
        title="Novel classes",
        description="Which classes episodes are drawn from, one a line; the others are base classes. Empty leaves it to the source.",
        json_schema_extra=LINES,
    )
    kind: Literal["large", "small", "clutter", "tiny", "tiny clutter"] = Field(
        "tiny clutter",
        title="Kind of scene",
        description="Of “scenes”: the size of the object, with or without grey strokes around it. Tiny ones are smaller than any the small CLIP has learnt.",
        json_schema_extra=MAIN,
    )
    pictures: int = Field(
        30,
        ge=2,
        le=1000,
        title="Pictures a class",
        description="Of “scenes”: how many are drawn of each of the 48 classes.",
        json_schema_extra=MORE,
    )
    scenes_seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed of the scenes",
        description="Of “scenes”: other seeds draw other pictures. The run's own seed draws the episodes.",
        json_schema_extra=MORE,
    )
    semantics: Literal["clip_text", "vectors", "matrix", "wordnet"] = Field(
        "clip_text",
        title="Semantics",
        description="What says which classes are related: clip_text (CLIP's texts of the class names), vectors (a file of word vectors), matrix "
        "(semantic_cosine (C, C) or semantics (C, S) in the npz of the features), or wordnet (WordNet's own files index.noun and data.noun: "
        "ancestors in common, the rarer the weightier).",
        json_schema_extra=POLICY,
    )
    vectors: str = Field(
        "",
        max_length=1000,
        title="Word vectors or WordNet",
        description="For vectors: a text file with a word and its numbers a line (GloVe, word2vec, fastText), or an npz with words and vectors. "
        "For wordnet: a zip or folder that has index.noun and data.noun; a WordNet id in a class name, such as n01440764, says which sense is "
        "meant, else it is the first one.",
        json_schema_extra=VECTORS,
    )
    ways: int = Field(
        5,
        ge=2,
        le=1000,
        title="Ways",
        description="Novel classes of an episode.",
        json_schema_extra=MAIN,
    )
    shots: int = Field(
        1,
        ge=1,
        le=1000,
        title="Shots",
        description="Labelled features of each class of an episode.",
        json_schema_extra=MAIN,
    )
    queries: int = Field(
        15,
        ge=1,
        le=1000,
        title="Queries",
        description="Features of each class that an episode asks about; none of them is in the support.",
        json_schema_extra=MORE,
    )
    episodes: int = Field(
        600,
        ge=2,
        le=100_000,
        title="Episodes",
        description="How many are drawn; every arm gets the same. Intervals narrow with the square root of their number.",
        json_schema_extra=MAIN,
    )
    shown: int = Field(
        0,
        ge=0,
        le=99_999,
        title="Episode shown",
        description="Which episode, from 0, is shown with its attention, gate and projection.",
        json_schema_extra=MORE,
    )
    classifier: Classifier = Field(
        OURS.classifier,
        title="Classifier",
        description="Of every arm: centroid (nearest class mean), cosine (trained weights) or logistic (logistic regression).",
        json_schema_extra=POLICY,
    )
    related: int = Field(
        OURS.related,
        ge=1,
        le=1000,
        title="Related classes",
        description="k: base classes of highest semantic cosine that each class is mixed with.",
        json_schema_extra=POLICY,
    )
    kappa: float = Field(
        OURS.kappa,
        ge=0,
        le=1e6,
        title="Kappa",
        description="A feature of a class with K shots gives the share kappa / (kappa + K) of itself to its related classes: 1.5 gives .6 "
        "at 1 shot, .23 at 5. 0 switches the mixing off.",
        json_schema_extra=POLICY,
    )
    temperature: float = Field(
        OURS.temperature,
        ge=1e-6,
        le=1e6,
        title="Temperature",
        description="Of the attention over the related classes, in cosines: small takes the nearest one, large weighs them alike.",
        json_schema_extra=POLICY,
    )
    vetoes: str = Field(
        "",
        max_length=200_000,
        title="Vetoes",
        description="Base classes struck out for a novel class, whose place the next in line takes: “novel: base, base” a line. A name that has "
        "a comma itself goes alone in a line.",
        json_schema_extra=LINES,
    )
    gate: bool = Field(
        False,
        title="Channel gate",
        description="Train a squeeze-and-excitation gate of the channels on every support, as the paper does. Measured on photographs it costs the "
        "nearest centroid about a point, so that it is off here.",
        json_schema_extra=POLICY,
    )
    cross_entropy: float = Field(
        OURS.cross_entropy,
        ge=0,
        le=1000,
        title="Cross-entropy",
        description="Weight of this loss in training gate and cosine classifier; 0 switches it off.",
        json_schema_extra=MORE,
    )
    contrastive: float = Field(
        OURS.contrastive,
        ge=0,
        le=1000,
        title="Contrastive loss",
        description="Weight of the supervised contrastive loss in training the gate; 0 switches it off.",
        json_schema_extra=MORE,
    )
    squared: float = Field(
        OURS.squared,
        ge=0,
        le=1000,
        title="Squared error",
        description="Weight of the squared distance to the class mean in training the gate; 0 switches it off.",
        json_schema_extra=MORE,
    )
    steps: int = Field(
        OURS.steps,
        ge=0,
        le=10_000,
        title="Steps",
        description="Full-batch Adam steps of gate and cosine classifier, fixed beforehand: no query stops them.",
        json_schema_extra=MORE,
    )
    learning_rate: float = Field(
        OURS.learning_rate,
        ge=1e-8,
        le=10,
        title="Learning rate",
        description="Of Adam.",
        json_schema_extra=MORE,
    )
    mixup_alpha: float = Field(
        2.0,
        gt=0,
        le=1000,
        title="Mixup alpha",
        description="Of the arm mixup, which mixes the support with itself: shares are drawn from Beta(alpha, alpha).",
        json_schema_extra=MORE,
    )


def afr_settings(config: RegulariseConfig, **changes: Any) -> dict[str, Any]:
    """The fields of `AFRSettings` that a config sets, with some changed."""
    names = (
        "related",
        "kappa",
        "temperature",
        "classifier",
        "gate",
        "cross_entropy",
        "contrastive",
        "squared",
        "steps",
        "learning_rate",
    )
    return {name: getattr(config, name) for name in names} | changes


def lines(text: str) -> list[str]:
    """The lines of a field that are not empty, without blanks around them."""
    return [line.strip() for line in text.splitlines() if line.strip()]
