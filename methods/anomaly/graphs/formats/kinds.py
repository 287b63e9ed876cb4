"""What a file is, told by its content: what is stored has no suffix."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from methods.archives import BROKEN, is_junk

SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
"""Of tables in a zip or a folder."""

TORCH_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""What `torch.save` wrote before it wrote zip files."""
HDF5 = b"\x89HDF\r\n\x1a\n"


def kind_of(path: Path, told: str) -> str:
    """One of "pt", "npz", "mat", "tables", "graphml", "gexf", or "zipped" for a zip of one of them.

    Raises:
        ValueError: it is empty, a pickle, or none of these.
    """
    if path.is_dir():
        return "tables"
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise ValueError(f"{told} is empty")
    if start.startswith(b"PK"):
        return _kind_of_zip(path, told)
    if start.startswith(b"PAR1"):
        return "tables"
    if start.startswith(b"MATLAB") or start.startswith(HDF5):
        return "mat"
    if start.startswith(TORCH_MAGIC):
        return "pt"
    if start[:1] == b"\x80":
        raise ValueError(
            f"{told} is a pickle, which could run anything and is never opened; save PyG Data with torch.save, or an .npz with x "
            "and edge_index"
        )
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return _kind_of_xml(text, told)
    if b"\0" in start:
        raise ValueError(
            f"{told} holds no graph that can be read: PyG Data (.pt), .npz, .mat, an edge list (.csv, .parquet) or a zip of one "
            "with its node table, GraphML and GEXF are"
        )
    return "tables"


def _kind_of_zip(path: Path, told: str) -> str:
    try:
        with zipfile.ZipFile(path) as opened:
            members = [each for each in opened.namelist() if not each.endswith("/")]
    except BROKEN as error:
        raise ValueError(f"{told} is no zip file that can be read: {error}") from error
    members = [each for each in members if not is_junk(each)]
    if any(PurePosixPath(each).name == "data.pkl" for each in members):
        return "pt"
    if members and all(each.endswith(".npy") for each in members):
        return "npz"
    one = len(members) == 1 and PurePosixPath(members[0]).suffix.lower() not in SUFFIXES
    return "zipped" if one else "tables"


def _kind_of_xml(text: bytes, told: str) -> str:
    for kind in ("graphml", "gexf"):
        if f"<{kind}".encode() in text:
            return kind
    raise ValueError(f"{told} is XML, but neither GraphML nor GEXF")
