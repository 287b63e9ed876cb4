"""A folder as one tensor, so that a checkpoint of a run can hold what a trainer writes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import torch


def packed(folder: Path) -> torch.Tensor:
    """A folder as bytes, uint8."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8)


def unpacked(data: torch.Tensor, folder: Path) -> Path:
    """Write what `packed` read."""
    with zipfile.ZipFile(io.BytesIO(data.numpy().tobytes())) as archive:
        archive.extractall(folder)
    return folder
