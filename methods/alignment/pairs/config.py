"""Settings: where pairs come from, which every method on pairs shares, and those of checking and converting."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.base import Config

FormatName = Literal["trl", "llamafactory", "ms_swift", "rlaif_v"]
SCENES = ("scenes", "scenes-noisy")
"""Pairs of the small world; in the noisy ones every fifth label is turned round."""
SCENE_PAIRS = 500
"""How many of them where no number is given."""
PAIR_SUFFIXES = (".jsonl", ".json", ".parquet", ".zip")

PAIRS: JsonDict = {
    "group": "main",
    "widget": "upload",
    "suffix": ",".join(PAIR_SUFFIXES),
    "examples": list(SCENES),
}
IMAGES: JsonDict = {"group": "more", "widget": "upload", "suffix": ".zip"}
DECISIONS: JsonDict = {"group": "more", "widget": "upload", "suffix": ".json"}
MAIN: JsonDict = {"group": "main"}
MORE: JsonDict = {"group": "more"}


class PairSettings(Config):
    """Where preference pairs come from."""

    pairs: str = Field(
        "scenes",
        min_length=1,
        max_length=1000,
        title="Pairs",
        description="Preference pairs: “scenes” or “scenes-noisy” (the small world; every fifth label of the latter is "
        "turned round), an upload (.jsonl, .json, .parquet or .zip), a file or folder on this machine, or run_id/file.",
        json_schema_extra=PAIRS,
    )
    format: Literal["auto", "trl", "llamafactory", "ms_swift", "rlaif_v"] = Field(
        "auto",
        title="Format",
        description="Whose columns the rows have; auto tells it by the columns and says why.",
        json_schema_extra=MORE,
    )
    images: str = Field(
        "",
        max_length=1000,
        title="Images",
        description="Folder or zip in which the images lie that the rows name; empty is beside the data itself.",
        json_schema_extra=IMAGES,
    )
    max_pairs: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        title="Most pairs",
        description=f"Take the first so many pairs; empty is all (of the small world {SCENE_PAIRS}).",
        json_schema_extra=MAIN,
    )


class ConvertConfig(PairSettings):
    """Check pairs, apply reviews, and write them in a format of one's choice."""

    output_format: FormatName = Field(
        "trl",
        title="Write as",
        description="Whose format the file is to have: TRL, LLaMA-Factory, ms-swift or RLAIF-V.",
        json_schema_extra=MAIN,
    )
    container: Literal["parquet", "zip"] = Field(
        "parquet",
        title="As one",
        description="Parquet with the images inside, or a zip of a JSONL file and a folder of images.",
        json_schema_extra=MAIN,
    )
    on_problem: Literal["refuse", "skip"] = Field(
        "refuse",
        title="Broken rows",
        description="Refuse to write anything while a row is broken, or leave such rows out and say which.",
        json_schema_extra=MAIN,
    )
    decode_images: bool = Field(
        True,
        title="Decode every image",
        description="Also find images that are cut off or damaged inside; off reads their headers only, which is faster.",
        json_schema_extra=MORE,
    )
    decisions: str = Field(
        "",
        max_length=1000,
        title="Reviews",
        description="JSON of reviews by pair id, {id: {verdict, tags, note}}: flip changes the answers over, drop leaves "
        "the pair out, keep keeps it; empty is none.",
        json_schema_extra=DECISIONS,
    )
    which: Literal["all_but_dropped", "reviewed"] = Field(
        "all_but_dropped",
        title="Which pairs",
        description="With reviews: all pairs but the dropped, or only those that were kept or flipped.",
        json_schema_extra=MORE,
    )
