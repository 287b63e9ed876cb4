"""Settings that every sampling of a model shares."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from methods.base import Config
from methods.caching.facts import WORLDS

Precision = Literal["float32", "bfloat16", "float16"]
MAIN: JsonDict = {"group": "main"}
MORE: JsonDict = {"group": "more"}
MODEL: JsonDict = {"group": "main", "widget": "model"}

MODEL_TEXT = (
    f"A small world ({', '.join(f'“{world}”' for world in WORLDS)}), a folder in the layout of a diffusers DiTPipeline, "
    "or a hub id owner/name[@revision]; safetensors weights only."
)
PRECISION_TEXT = "Number format of the transformer; an image decoder stays in float32."
PAPER_EXACT_TEXT = (
    "Sample as the papers' code does: its timesteps and DDIM, its time embedding, guidance on 3 "
    "channels, LayerNorm epsilon 1e-6. Off: as diffusers' scheduler and pipeline do."
)


class SamplerConfig(Config):
    """What every sampling of a model needs to know."""

    model: str = Field(
        "digits",
        min_length=1,
        max_length=500,
        title="Model",
        description=MODEL_TEXT,
        examples=list(WORLDS),
        json_schema_extra=MODEL,
    )
    paper_exact: bool = Field(
        True, title="As in the papers", description=PAPER_EXACT_TEXT, json_schema_extra=MORE
    )
    precision: Precision = Field(
        "float32", title="Precision", description=PRECISION_TEXT, json_schema_extra=MORE
    )
    batch_size: int = Field(
        32,
        ge=1,
        le=512,
        title="Batch size",
        description="Images sampled at a time; guidance doubles the rows of a forward.",
        json_schema_extra=MORE,
    )
    vae_tiling: bool = Field(
        False,
        title="Decode in tiles",
        description="Decode latents one image and one tile at a time: less memory, faint seams possible. For models with "
        "a VAE; images no larger than a tile are decoded whole.",
        json_schema_extra=MORE,
    )
