"""Settings of a closer look: which pictures, which classes, and how."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.base import Config
from methods.fewshot.settings import ClassifierFields, ClipSettings, ViewFields

SCENES = "scenes"
SceneKind = Literal["large", "small", "clutter", "tiny", "tiny clutter"]
PICTURES: JsonDict = {
    "group": "main",
    "widget": "upload",
    "suffix": ".zip,.png,.jpg,.jpeg,.webp",
    "examples": [SCENES],
}
LINES: JsonDict = {"group": "main", "widget": "lines"}
MAIN: JsonDict = {"group": "main"}
MORE: JsonDict = {"group": "more"}


class PictureFields(Config):
    """Pictures that are asked about, and what they might show."""

    pictures: str = Field(
        SCENES,
        min_length=1,
        max_length=1000,
        title="Pictures",
        description="“scenes” (generated pictures of a coloured shape), an upload, or a zip, folder or picture on this machine. In a zip "
        "or folder support/<class>/ holds the pictures to learn from, and all others are asked about.",
        examples=[SCENES],
        json_schema_extra=PICTURES,
    )
    classes: str = Field(
        "",
        max_length=200_000,
        title="Classes",
        description="What the pictures may show, one name a line, two or more. Empty: the folders in support/, or all 48 coloured "
        "shapes of the scenes.",
        examples=["red circle\nblue star\ngreen ring"],
        json_schema_extra=LINES,
    )
    scene_kind: SceneKind = Field(
        "tiny",
        title="Kind of scene",
        description="Of generated pictures: how large the object is (large .5 to .75 of the side, small .2 to .3, tiny .12 to .18, which "
        "is smaller than any that this CLIP was trained on), and whether it stands amid grey strokes.",
        json_schema_extra=MAIN,
    )
    scene_number: int = Field(
        6,
        ge=1,
        le=480,
        title="Scenes",
        description="Generated pictures that are asked about.",
        json_schema_extra=MAIN,
    )
    scene_shots: int = Field(
        1,
        ge=0,
        le=16,
        title="Shots per class",
        description="Generated pictures of each of the classes that classifiers learn from; 0 leaves zero-shot only. Of pictures of your "
        "own, all in support/ are learnt from.",
        json_schema_extra=MAIN,
    )
    scene_seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed of the scenes",
        description="Another one draws other pictures.",
        json_schema_extra=MORE,
    )


class LookConfig(ClassifierFields, ViewFields, ClipSettings, PictureFields):
    """Some pictures, looked at as a whole and closely."""


OF_SCENES = frozenset(name for name in PictureFields.model_fields if name.startswith("scene_"))
"""Settings that only generated pictures read."""
