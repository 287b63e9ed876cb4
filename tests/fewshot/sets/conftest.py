"""Folders of small pictures, as they are on disk or zipped with entries for the folders, as archivers write them."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image


def png(number, side=8):
    """A picture that differs from that of any other number, in bytes and pixels, but not in size: stored, not compressed."""
    pixels = np.full((side, side, 3), number % 251, np.uint8)
    pixels[0, 0] = number // 251
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "BMP")
    return buffer.getvalue()


@pytest.fixture(params=["folder", "zip"])
def tree(request, tmp_path):
    """From {path: bytes, or None for an empty folder} to a folder, or a zip of it."""

    def write(files):
        if request.param == "folder":
            for path, data in files.items():
                target = tmp_path / "set" / path
                (target if data is None else target.parent).mkdir(parents=True, exist_ok=True)
                if data is not None:
                    target.write_bytes(data)
            return tmp_path / "set"
        with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
            for path, data in files.items():
                archive.writestr(path if data is not None else path + "/", data or b"")
        return tmp_path / "set.zip"

    return write
