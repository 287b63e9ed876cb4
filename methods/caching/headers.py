"""What a file is and what its safetensors header says, read without torch and without the tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from safetensors import SafetensorError, safe_open

Format = Literal["safetensors file", "torch archive", "pickle", "file of another kind"]


@dataclass(frozen=True)
class Header:
    """Shapes by tensor name, and the file's own text entries."""

    shapes: dict[str, tuple[int, ...]]
    metadata: dict[str, str]


def format_of(path: Path) -> Format:
    """The format of a file, told by its first bytes: what is stored has no suffix.

    Raises:
        ValueError: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise ValueError(f"{path.name} is no file that can be read: {error.strerror}") from error
    if start.startswith(b"PK\x03\x04"):
        return "torch archive"
    if start[8:] == b"{":  # after the length of the header, eight bytes
        return "safetensors file"
    return "pickle" if start.startswith(b"\x80") else "file of another kind"


def read_header(path: Path) -> Header:
    """Read a safetensors header.

    Raises:
        ValueError: the file is no safetensors file.
    """
    kind = format_of(path)
    if kind != "safetensors file":
        raise ValueError(f"{path.name} is no safetensors file: it is a {kind}")
    try:
        with safe_open(path, framework="numpy") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
            return Header(shapes, dict(file.metadata() or {}))
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path.name} is no safetensors file: {error}") from error


def router_shape(shapes: Mapping[str, tuple[int, ...]], name: str) -> tuple[int, int]:
    """(S, 2L) of a router held as "logits" (S, 2L), or as one "{i}.prob" (2L,) for each index.

    Raises:
        ValueError: the file of this name holds no router.
    """
    shape = shapes.get("logits")
    if shape is None:
        rows = [shapes[row] for row in (f"{i}.prob" for i in range(len(shapes))) if row in shapes]
        if not rows or len(rows) != len(shapes) or len(set(rows)) != 1:
            raise ValueError(
                f"{name} holds no router: expected 0.prob, 1.prob, ... of one length; got {sorted(shapes)[:4]}"
            )
        shape = (len(rows), *rows[0])
    if len(shape) != 2 or shape[1] % 2 or 0 in shape:
        raise ValueError(f"{name}: a router is (steps, 2 x blocks); got {shape}")
    return shape[0], shape[1]
