"""Runs by what people call them, and what those one waits for are doing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from app.api.quick import answer
from backend import services
from backend.services import RunState, RunView

router = APIRouter(tags=["runs"])
STATES = TypeAdapter(list[RunState])


@router.get("/runs/states", response_model=list[RunState])
def states(run: Annotated[list[str], Query(min_length=1, max_length=64)]) -> Response:
    """Whether these runs have ended, and how; runs that are gone are left out."""
    return answer(STATES, services.run_states(run))


@router.get("/runs/named/{name}")
def named(name: str) -> RunView:
    """The run that is meant by its id, by a beginning of it that no other has, or by "last"."""
    return services.find_run(name)
