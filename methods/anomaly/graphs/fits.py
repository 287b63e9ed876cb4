"""Whether a graph fits into the memory that is free here, said before it is read, with what would."""

from __future__ import annotations

import zipfile
from pathlib import Path

import psutil

FACTOR = {
    "pt": 3.0,
    "npz": 3.0,
    "mat": 3.0,
    "tables": 4.0,
    "graphml": 25.0,
    "gexf": 25.0,
    "zipped": 3.0,
}
"""Memory that reading takes at most, in bytes a byte of the unpacked file, by kind; of tables in parquet it is `PARQUET`, and of
another file in a zip at least this: it is looked at again once it is unpacked."""
PARQUET = 10.0
FLOAT = 10
"""Bytes of one feature of one node while a graph is made: twice float32, and a mask."""
GB = 1e9


def check_file(path: Path, kind: str, told: str, free: int | None = None) -> None:
    """Raise ValueError, with what would fit, where reading a file takes more memory than is free.

    Args:
        free: bytes; None asks this machine.
    """
    free = psutil.virtual_memory().available if free is None else free
    size, factor = _unpacked(path), FACTOR[kind]
    if kind == "tables" and _is_parquet(path):
        factor = PARQUET
    if size * factor > free:
        raise ValueError(
            f"{told} holds {size / GB:.2f} GB, which take up to {size * factor / GB:.1f} GB to read; {free / GB:.1f} GB are free "
            f"here, so that {free / factor / GB:.2f} GB of it would fit: fewer nodes, or fewer features"
        )


def check_matrix(nodes: int, features: int, told: str, free: int | None = None) -> None:
    """The same for a matrix of features that is sparse in the file and dense here."""
    free = psutil.virtual_memory().available if free is None else free
    need = nodes * features * FLOAT
    if need > free:
        raise ValueError(
            f"{told}: {nodes:,} nodes of {features:,} features take {need / GB:.1f} GB, and {free / GB:.1f} GB are free here; "
            f"{free // (features * FLOAT):,} nodes would fit, or {free // (nodes * FLOAT):,} features, such as the leading "
            "components of theirs"
        )


def _is_parquet(path: Path) -> bool:
    if path.is_dir():
        return any(path.glob("*.parquet"))
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _unpacked(path: Path) -> int:
    if path.is_dir():
        return sum(_unpacked(each) for each in path.iterdir() if each.is_file())
    if not zipfile.is_zipfile(path):
        return path.stat().st_size
    with zipfile.ZipFile(path) as opened:
        return sum(each.file_size for each in opened.infolist())
