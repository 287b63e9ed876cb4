"""Settings of an evaluation: which labelled pictures, how many shots, and what is compared."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.fewshot.settings import MAIN, MORE, ClassifierFields, ClipSettings, ViewFields

SCENES = "scenes"
SceneKind = Literal["large", "small", "clutter", "tiny", "tiny clutter"]
SET: JsonDict = {"group": "main", "widget": "upload", "suffix": ".zip", "examples": [SCENES]}
LINES: JsonDict = {"group": "more", "widget": "lines"}


class EvaluateConfig(ClassifierFields, ViewFields, ClipSettings):
    """Few-shot classifiers with and without view refinement, on labelled pictures."""

    pictures: str = Field(
        SCENES,
        min_length=1,
        max_length=1000,
        title="Pictures",
        description="“scenes” (generated: 48 coloured shapes), or a folder, or a zip of one, with a folder a class, "
        "optionally inside train, val and test; without these, shots and test pictures are drawn apart from the same folders.",
        examples=[SCENES],
        json_schema_extra=SET,
    )
    classes: str = Field(
        "",
        max_length=200_000,
        title="Class names",
        description="What CLIP is to read in place of a folder's name, one a line, as “folder: name”; other folders keep theirs, “_” "
        "being a space.",
        examples=["n02123045: tabby cat"],
        json_schema_extra=LINES,
    )
    kinds: tuple[SceneKind, ...] = Field(
        ("tiny",),
        min_length=1,
        title="Kinds of scene",
        description="Of generated scenes: large objects, small ones, small ones amid clutter, and tiny ones (smaller than any the small "
        "world's CLIP has learnt from), alone and amid clutter. Several share the test pictures.",
        json_schema_extra=MAIN,
    )
    shots: int = Field(
        4,
        ge=0,
        le=256,
        title="Shots",
        description="Labelled pictures of each class; a class that has fewer gives all it has, one that has none is known by its text "
        "alone. 0 is zero-shot for every classifier.",
        json_schema_extra=MAIN,
    )
    draws: int = Field(
        3,
        ge=1,
        le=50,
        title="Support draws",
        description="How often other shots are drawn; every classifier and refinement meets the same draws and test pictures.",
        json_schema_extra=MAIN,
    )
    test_pictures: int = Field(
        192,
        ge=2,
        le=10_000,
        title="Test pictures",
        description="At most, drawn by the seed without regard to their labels.",
        json_schema_extra=MAIN,
    )
    validation: Literal["loo", "val"] = Field(
        "loo",
        title="Chosen on",
        description="Where alpha and beta come from: loo (the shots, by leave-one-out; GDA in five folds) or val (the validation "
        "pictures of the set, looked at in the same way as the test pictures).",
        json_schema_extra={"group": "policy"},
    )
    val_pictures: int = Field(
        96,
        ge=2,
        le=10_000,
        title="Validation pictures",
        description="At most, where alpha and beta are chosen on them.",
        json_schema_extra=MORE,
    )
    set_seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed of the scenes",
        description="Of generated scenes: another one draws other pictures.",
        json_schema_extra=MORE,
    )
