"""Where an adapter comes from: `lineage.json`, which lies in its PEFT folder beside the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from methods.base import MethodError
from methods.peft_files import LINEAGE

MAX_BYTES = 1_000_000


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Base(_Part):
    """The model under the adapter.

    Attributes:
        name: as it was chosen when the adapter was made.
        fingerprint: of its weights; see `fingerprint_of`.
    """

    name: str
    fingerprint: str


class Data(_Part):
    """The rows that the adapter stands for.

    Attributes:
        sha256: over the rows, in their order; see `table_sha`.
        rows: how many.
        source: what they were called.
    """

    sha256: str
    rows: int = Field(ge=0)
    source: str = ""


class Lineage(_Part):
    """An adapter's origin.

    Attributes:
        template: by which rows became text.
        training: the recipe that a retrain repeats; None where it is not known.
        parent: SHA-256 of the weights file of the version before; None for a first one.
        request: SHA-256 of the request file that this version answers; None for a trained one.
        made_by: the method that made it.
        settings: of that run.
    """

    version: Literal[1] = 1
    base: Base
    data: Data
    template: Literal["alpaca", "chat", "plain"]
    training: dict[str, Any] | None = None
    parent: str | None = None
    request: str | None = None
    made_by: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)


def read_lineage(folder: Path) -> Lineage | None:
    """What the adapter in a PEFT folder says of its origin; None for one made elsewhere.

    Raises:
        MethodError: the file holds something else.
    """
    file = folder / LINEAGE
    if not file.is_file():
        return None
    if file.stat().st_size > MAX_BYTES:
        raise MethodError(f"{LINEAGE} has {file.stat().st_size} bytes; {MAX_BYTES} are allowed")
    try:
        return Lineage.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise MethodError(f"{LINEAGE} of the adapter: {place}: {first['msg']}") from error


def lineage_bytes(lineage: Lineage) -> bytes:
    """The file, always the same for the same origin."""
    return lineage.model_dump_json(indent=1).encode()
