"""What every JSON body of REST keeps to: no unknown field, no NUL, and no nesting without an end."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

DEEPEST = 50


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _no_nul(cls, body: Any) -> Any:
        if _has_nul(body):
            raise ValueError("no text may have a NUL character, which PostgreSQL cannot keep")
        return body


def _has_nul(value: Any, depth: int = 0) -> bool:
    if depth > DEEPEST:
        raise ValueError(f"a body is nested up to {DEEPEST} times")
    if isinstance(value, dict):
        return any(_has_nul(part, depth + 1) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(_has_nul(part, depth + 1) for part in value)
    return isinstance(value, str) and "\0" in value
