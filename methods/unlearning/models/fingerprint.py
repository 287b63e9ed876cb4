"""A fingerprint of a base model, by which an adapter of another base is known."""

from __future__ import annotations

import json
import mmap
from hashlib import sha256
from pathlib import Path
from typing import Any

from methods.base import MethodError

MAX_HEADER = 100_000_000
PIECE = 1 << 24
FIELDS = ("dtype", "shape", "data_offsets")


def fingerprint_of(folder: Path) -> str:
    """SHA-256 over name, type, shape and content of every tensor in a folder's safetensors files.

    It does not depend on how the tensors are spread over files, nor on the files' other metadata.

    Raises:
        MethodError: a file is no safetensors, or none is there.
    """
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.safetensors")):
        found |= _tensors(file)
    if not found:
        raise MethodError(f"{folder} has no weights in safetensors")
    told = "\n".join(f"{name} {digest}" for name, digest in sorted(found.items()))
    return sha256(told.encode()).hexdigest()


def header_of(path: Path) -> dict[str, dict[str, Any]]:
    """What a safetensors file says of its tensors, by their names: dtype, shape and data_offsets.

    Raises:
        MethodError: it is no safetensors file.
    """
    return _header(path)[0]


def _header(path: Path) -> tuple[dict[str, dict[str, Any]], int]:
    """The header, and where the data begins."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        try:
            if length > MAX_HEADER:
                raise ValueError(f"its header would have {length} bytes")
            header = json.loads(file.read(length))
            header.pop("__metadata__", None)
            header = {name: {key: entry[key] for key in FIELDS} for name, entry in header.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MethodError(f"{path.name} is no safetensors file: {error}") from error
    return header, 8 + length


def _tensors(path: Path) -> dict[str, str]:
    header, start = _header(path)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return {name: _digest(data, entry, start) for name, entry in header.items()}
    except (ValueError, TypeError) as error:
        raise MethodError(f"{path.name} is no safetensors file: {error}") from error


def _digest(data: mmap.mmap, entry: dict[str, Any], start: int) -> str:
    begin, end = (start + offset for offset in entry["data_offsets"])
    digest = sha256(f"{entry['dtype']} {entry['shape']} ".encode())
    for place in range(begin, end, PIECE):
        digest.update(data[place : min(place + PIECE, end)])
    return digest.hexdigest()
