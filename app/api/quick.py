"""Answers that every open page asks for again and again, written with as little work as possible."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Response
from pydantic import TypeAdapter

View = TypeVar("View")


def answer(adapter: TypeAdapter[View], view: View) -> Response:
    """The JSON of a view. FastAPI would copy it into dicts, check these, and go to another thread for that."""
    return Response(adapter.dump_json(view), media_type="application/json")
