"""Preference data before anything runs on it."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from app.api.bodies import Body
from backend import services
from backend.services import PairFormatView, PairPreview

router = APIRouter(prefix="/pairs", tags=["pairs"])


class Wanted(Body):
    """Which preference data: as the settings of methods name it."""

    pairs: str = Field(min_length=1, max_length=1000)
    format: str = Field("auto", max_length=40)
    images: str = Field("", max_length=1000)


@router.get("/formats")
def formats() -> list[PairFormatView]:
    """The formats that preference data may have, each with minimal valid rows."""
    return services.pair_formats()


@router.post("/preview")
def preview(body: Wanted) -> PairPreview:
    """Which format it has and why, what is wrong with its first rows, and the first pairs themselves."""
    return services.preview_pairs(body.pairs, body.format, body.images)
