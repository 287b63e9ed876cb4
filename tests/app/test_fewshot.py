"""Pictures for few shots over REST: looked into one by one, then kept together as one upload."""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from backend import services
from backend.services import fewshot_files

CHECK = "/api/v1/fewshot/pictures/check"
PACK = "/api/v1/fewshot/pictures"


def encoded(
    tone: int, format: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (40, 30)
) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, (tone,) * len(mode) if len(mode) > 1 else tone).save(buffer, format)
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG whose header promises 400 million pixels."""
    data = bytearray(encoded(1))
    data[16:24] = (20_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


def pack(client: TestClient, *brought: tuple[str, bytes, str]) -> Any:
    return client.post(
        PACK,
        files=[("files", (name, data)) for name, data, _ in brought],
        data={"classes": [shot_of for _, _, shot_of in brought]},
    )


def of_a_telephone() -> bytes:
    """A JPEG with a small one behind it."""
    buffer, small = io.BytesIO(), Image.new("RGB", (10, 10))
    Image.new("RGB", (40, 30)).save(buffer, "MPO", save_all=True, append_images=[small])
    return buffer.getvalue()


def members(kept: dict[str, Any]) -> dict[str, bytes]:
    with zipfile.ZipFile(services.blob(kept["sha256"]).path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_picture_is_looked_into_before_it_is_sent(client: TestClient) -> None:
    found = client.post(CHECK, files={"file": ("sky.tif", encoded(90, "TIFF", "CMYK", (300, 150)))})
    assert found.status_code == 200, found.text
    view = found.json()
    assert (view["name"], view["width"], view["height"]) == ("sky.tif", 300, 150)
    assert view["notes"] == ["its colours are CMYK: turned into RGB without a profile"]
    head, _, data = view["preview"].partition(",")
    with Image.open(io.BytesIO(base64.b64decode(data))) as preview:
        assert head == "data:image/png;base64"
        assert (preview.format, preview.size, preview.mode) == ("PNG", (192, 96), "RGB")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"not a picture", "no picture in a known format"),
        (encoded(3, "JPEG", size=(400, 400))[:700], "truncated"),
        (bomb(), "more than the 100,000,000 pixels"),
        (encoded(3, size=(600, 4)), "sliver"),
        (b"", "no picture"),
    ],
    ids=["text", "truncated", "bomb", "sliver", "empty"],
)
def test_what_is_no_picture_is_refused_by_its_name(
    client: TestClient, data: bytes, reason: str
) -> None:
    refused = client.post(CHECK, files={"file": ("holiday.jpg", data)})
    assert refused.status_code == 400
    message = refused.json()["error"]["message"]
    assert message.startswith("holiday.jpg: ")
    assert reason in message


def test_pictures_are_kept_as_one_file_with_a_folder_a_class(client: TestClient) -> None:
    brought = [
        ("one.png", encoded(1), ""),
        ("trip/one.png", encoded(2), ""),
        ("shot.png", encoded(3, "JPEG"), "red circle"),
        ("b.jpg", encoded(4, "JPEG"), "ring"),
        ("IMG_1.JPG", of_a_telephone(), "ring"),
    ]
    answer = pack(client, *brought)
    assert answer.status_code == 201, answer.text
    kept = answer.json()
    assert (kept["kind"], kept["name"]) == ("pictures", "2 pictures, 3 shots.zip")
    assert members(kept) == {
        "queries/one.png": brought[0][1],
        "queries/one (2).png": brought[1][1],
        "support/red circle/shot.png.jpg": brought[2][1],
        "support/ring/b.jpg": brought[3][1],
        "support/ring/IMG_1.JPG": brought[4][1],
    }
    assert (
        pack(client, *brought).json()["sha256"] == kept["sha256"]
    )  # the same pictures, the same file


def test_every_picture_that_cannot_be_kept_is_named_and_none_is(client: TestClient) -> None:
    answer = pack(
        client,
        ("good.png", encoded(1), ""),
        ("bad.png", b"nothing", ""),
        ("worse.jpg", encoded(3, "JPEG", size=(400, 400))[:700], "cat"),
        ("known.png", encoded(1), "cat"),
        ("cat.png", encoded(5), "cat"),
        ("dog.png", encoded(5), "dog"),
        ("up.png", encoded(6), "../dog"),
    )
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert "bad.png: its 7 bytes are no picture" in message
    assert "worse.jpg: " in message
    assert "known.png is to be looked at and is a shot of 'cat'" in message
    assert "dog.png is a shot of 'cat' and of 'dog'" in message
    assert "the class '../dog' cannot name a folder" in message
    assert "good.png" not in message
    assert services.datasets("pictures") == []


def test_what_makes_no_sense_together_is_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shots = pack(client, ("a.png", encoded(1), "cat"))
    assert "no picture to look at" in shots.json()["error"]["message"]
    short = client.post(
        PACK, files=[("files", ("a.png", encoded(1)))], data={"classes": ["", "cat"]}
    )
    assert "each of the 1 files" in short.json()["error"]["message"]
    monkeypatch.setattr(fewshot_files, "MOST", 1)
    many = pack(client, ("a.png", encoded(1), ""), ("b.png", encoded(2), ""))
    assert many.status_code == 413
    assert "up to 1 are allowed" in many.json()["error"]["message"]


def test_a_name_says_nothing_of_where_the_picture_goes(client: TestClient) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    names = ["../../etc/passwd", "C:\\temp\\a.png", "...", "x" * 400 + ".png"]
    kept = pack(client, *((name, buffer.getvalue(), "") for name in names)).json()
    assert [name.split("/")[0] for name in members(kept)] == ["queries"] * 4
    assert all(len(name) < 140 and ".." not in name and "\\" not in name for name in members(kept))
