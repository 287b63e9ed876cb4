"""The catalogue of the field of preference alignment: read once, the same for everyone."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Response
from pydantic import TypeAdapter

from backend import services
from backend.services import Catalogue

router = APIRouter(tags=["catalogue"])


@cache
def _written() -> bytes:
    return TypeAdapter(Catalogue).dump_json(services.load_catalogue())


@router.get("/catalogue", response_model=Catalogue)
def catalogue() -> Response:
    """Algorithms, data sets, benchmarks, taxonomy, open directions; `checked` tells what was found in a source."""
    return Response(_written(), media_type="application/json")
