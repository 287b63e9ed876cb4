"""What a file is and what its header says, read without torch and without the tensors."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from numpy.lib.format import read_array_header_1_0 as read_header_1
from numpy.lib.format import read_array_header_2_0 as read_header_2
from numpy.lib.format import read_magic
from safetensors import SafetensorError, safe_open

Format = Literal[
    "safetensors file", "torch archive", "numpy archive", "pickle", "file of another kind"
]
OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How `torch.save` began a file before version 1.6; `weights_only` reads it as safely as a new one."""

BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, RuntimeError)
"""What Python raises for a zip archive that is damaged, locked or compressed in a way it does not know."""


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
            start = file.read(len(OLD_TORCH))
    except OSError as error:
        raise ValueError(f"{path.name} is no file that can be read: {error.strerror}") from error
    if start.startswith(b"PK\x03\x04"):
        return _format_of_zip(path)
    if start[8:9] == b"{":  # after the length of the header, eight bytes
        return "safetensors file"
    if start == OLD_TORCH:
        return "torch archive"
    return "pickle" if start.startswith(b"\x80") else "file of another kind"


def _format_of_zip(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return "file of another kind"
    if names and all(name.endswith(".npy") for name in names):
        return "numpy archive"
    is_torch = any(name.rpartition("/")[2] == "data.pkl" for name in names)
    return "torch archive" if is_torch else "file of another kind"


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


def array_shapes(path: Path, names: Collection[str]) -> dict[str, tuple[int, ...]]:
    """Shapes of some arrays of floats in a numpy archive (.npz), of those that it holds.

    Raises:
        ValueError: the file is no such archive, or one of these arrays is not of floats.
    """
    kind = format_of(path)
    if kind != "numpy archive":
        raise ValueError(f"{path.name} is no numpy archive: it is a {kind}")
    found = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(set(names) & {Path(item).stem for item in archive.namelist()}):
                with archive.open(f"{name}.npy") as file:
                    version = read_magic(file)
                    first = version == (1, 0)
                    shape, _, dtype = (read_header_1 if first else read_header_2)(file)
                if dtype.kind != "f":
                    raise ValueError(f"{path.name}: {name} must hold floats; got {dtype}")
                found[name] = tuple(shape)
    except BROKEN_ARCHIVE as error:
        raise ValueError(f"{path.name} is no whole numpy archive: {error}") from error
    return found


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
