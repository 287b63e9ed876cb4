"""A safetensors file as memory-mapped arrays: nothing is read until a slice is looked at, and nothing is copied."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

DTYPES: Mapping[str, str] = {
    "F64": "<f8",
    "F32": "<f4",
    "I64": "<i8",
    "I32": "<i4",
    "I8": "|i1",
    "U8": "|u1",
}
LENGTH = 8
"""Bytes that say how long the header is."""
MAX_HEADER = 100_000_000
FACTS = "facts"
"""The one key of the metadata, whose value is JSON: of several, safetensors changes the order from file to file."""


class Mapped(Mapping[str, Array]):
    """The arrays of a safetensors file by name, read-only.

    Attributes:
        facts: what was saved with them; empty of a file that is not ours.

    Raises:
        ValueError: the file is no safetensors file, or has an array of a kind that is not in `DTYPES`.
    """

    def __init__(self, path: Path) -> None:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(LENGTH), "little")
            if not 2 <= length <= min(MAX_HEADER, size - LENGTH):
                raise ValueError(f"{path.name} is no safetensors file: its header has no length")
            try:
                header: dict[str, Any] = json.loads(file.read(length))
            except ValueError:
                raise ValueError(
                    f"{path.name} is no safetensors file: its header is no JSON"
                ) from None
        self.facts: dict[str, Any] = json.loads(header.pop("__metadata__", {}).get(FACTS, "{}"))
        start = LENGTH + length
        whole = np.memmap(path, dtype=np.uint8, mode="r") if size > start else np.empty(0, np.uint8)
        self._arrays = {
            name: _array(path.name, name, entry, whole[start:]) for name, entry in header.items()
        }

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __iter__(self) -> Any:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def _array(file: str, name: str, entry: Mapping[str, Any], data: Array) -> Array:
    dtype = DTYPES.get(entry["dtype"])
    if dtype is None:
        raise ValueError(f"{file}: {name} is {entry['dtype']}, {', '.join(DTYPES)} are allowed")
    first, last = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if not 0 <= first <= last <= len(data) or last - first != math.prod(shape) * int(dtype[-1]):
        raise ValueError(f"{file}: {name} does not lie where the header says it does")
    return np.asarray(data[first:last].view(dtype).reshape(shape))
