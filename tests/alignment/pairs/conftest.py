"""Small files of pairs; nothing here needs torch."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from methods.alignment.pairs.pair import Picture, Turn, make_pair


def encoded(colour="red", size=(8, 6), kind="PNG"):
    """A small picture as the bytes of its file."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, format=kind)
    return buffer.getvalue()


def picture(colour="red", name=""):
    data = encoded(colour)
    return Picture(name, lambda: data)


def jsonl(path: Path, *rows) -> Path:
    path.write_text(
        "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)
    )
    return path


def a_pair(position=0, chosen="It is red.", rejected="It is blue.", images=1, **meta):
    turn = Turn("user", "What colour?", (0,) * images)
    colours = ["red", "blue", "green"][:images]
    return make_pair(position, [turn], chosen, rejected, [picture(c) for c in colours], meta)


@pytest.fixture
def folder(tmp_path):
    """A folder with circle.png, which the formats' own examples name."""
    (tmp_path / "circle.png").write_bytes(encoded())
    return tmp_path
