"""What the content of an upload must be by its name: told by the bytes, and never by reading a pickle."""

from __future__ import annotations

import codecs
import os
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from methods.archives import Archive
from methods.caching.headers import format_of
from methods.image_files import opened

PICKLES = (".pkl", ".pickle", ".ckpt", ".bin", ".pt", ".pth", ".joblib", ".npy", ".npz")
PACKED = (".npz", ".pt", ".pth")
"""Arrays and tensors in a zip of their own."""
DENSE = 10**9
"""Bytes of such an array that may be packed as densely as it will: most of a matrix may be zeros."""
PARQUET = b"PAR1"
MATLAB = b"MATLAB "
PIECE = 1 << 20


def check_content(path: Path, name: str) -> None:
    """Refuse a file whose content is not what its name says.

    Torch archives are read with weights_only later, numpy's with allow_pickle=False.

    Args:
        name: as the person calls it; its suffix counts.

    Raises:
        ValueError: with the reason.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".zip":
        return _check_zip(path, name)
    wrong = CHECKS[suffix](path)
    if wrong:
        raise ValueError(
            f"{name} is named {suffix} but its content is not{wrong}; pickles are never read"
        )
    if suffix in PACKED and zipfile.is_zipfile(path):
        Archive(path, name, ratio_from=DENSE)


def _of_format(wanted: str) -> Callable[[Path], str]:
    return lambda path: "" if format_of(path) == wanted else f" ({format_of(path)})"


def _text(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                if b"\0" in piece:
                    return ": it is no text"
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return f": it is no UTF-8 text ({error.reason})"
    return ""


def _json(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(PIECE).removeprefix(codecs.BOM_UTF8).lstrip()
    if not start.startswith((b"{", b"[")):
        return ": JSON begins with { or [" if start else ": it is empty"
    return _text(path)


def _xml(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(PIECE).removeprefix(codecs.BOM_UTF8).lstrip()
    if not start.startswith(b"<"):
        return ": XML begins with <" if start else ": it is empty"
    return _text(path)


def _matlab(path: Path) -> str:
    with path.open("rb") as file:
        return "" if file.read(len(MATLAB)) == MATLAB else ": it does not begin as MATLAB's do"


def _parquet(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(len(PARQUET))
        file.seek(-min(len(PARQUET), path.stat().st_size), os.SEEK_END)
        whole = start == PARQUET == file.read() and file.tell() > len(PARQUET)
    return "" if whole else ": it neither begins nor ends as parquet does"


def _picture(path: Path) -> str:
    try:
        with opened(path.read_bytes()):
            return ""
    except ValueError as error:
        return f": {error}"


def _check_zip(path: Path, name: str) -> None:
    members = Archive(path, name).members
    pickle = next((each for each in members if each.lower().endswith(PICKLES)), "")
    if pickle:
        raise ValueError(f"{name} holds {pickle:.80}; pickles are never read")


CHECKS: dict[str, Callable[[Path], str]] = {
    ".safetensors": _of_format("safetensors file"),
    ".pt": _of_format("torch archive"),
    ".pth": _of_format("torch archive"),
    ".npz": _of_format("numpy archive"),
    ".json": _json,
    ".jsonl": _json,
    ".txt": _text,
    ".csv": _text,
    ".tsv": _text,
    ".vec": _text,
    ".png": _picture,
    ".jpg": _picture,
    ".jpeg": _picture,
    ".webp": _picture,
    ".graphml": _xml,
    ".gexf": _xml,
    ".mat": _matlab,
    ".parquet": _parquet,
}
"""By suffix: what is wrong with the content, or ""."""
