"""Housekeeping: what room there is and what takes it, what goes by age and when, and a clean-up at once."""

from __future__ import annotations

from fastapi import APIRouter

from backend import services
from backend.services import Cleaned, HouseView, RetentionView, RoomView

router = APIRouter(tags=["system"])


@router.get("/room")
def room() -> RoomView:
    """Whether there is room for new runs and uploads: for the line that every page shows when there is little."""
    return services.room_left()


@router.get("/house")
def house() -> HouseView:
    """Room, what takes it, what is deleted by age and when, packed curves, lost files, and the last backup."""
    return services.house()


@router.get("/house/retention")
def retention() -> RetentionView:
    """What will be deleted by age within a month, and what is old enough and stays. Deletes nothing."""
    return services.retention_plan()


@router.post("/house/clean")
def clean() -> Cleaned:
    """Delete now what is old by the settings and what nobody refers to. For admins."""
    return services.clean_house()
