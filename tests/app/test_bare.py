"""Pictures for strangers keep their pixels and lose their texts."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.bare import FORMATS, bare

SECRET = "/home/me/models/dit"


def written(mime: str, mode: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (24, 32, len(mode)), dtype=np.uint8)
    image = Image.fromarray(pixels.squeeze(), mode)
    exif = Image.Exif()
    exif[0x010E] = SECRET
    more: dict[str, Any] = {"exif": exif}
    if mime == "image/png":
        more["pnginfo"] = PngInfo()
        more["pnginfo"].add_text("vitrine", SECRET)
        more["pnginfo"].add_itxt("more", SECRET)
    if mime == "image/jpeg":
        more |= {"comment": SECRET, "quality": 90}
    out = BytesIO()
    image.save(out, FORMATS[mime][0], **more)
    return out.getvalue()


@pytest.mark.parametrize("mime", FORMATS)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_pixels_stay_and_texts_go(mime: str, mode: str) -> None:
    if mime == "image/jpeg" and mode == "RGBA":
        pytest.skip("JPEG has no transparency")
    content = written(mime, mode)
    assert SECRET.encode() in content
    told = bare(content, mime)
    assert SECRET.encode() not in told
    before, after = (np.asarray(Image.open(BytesIO(each))) for each in (content, told))
    np.testing.assert_array_equal(after, before)


def test_what_is_no_such_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="image/svg"):
        bare(b"<svg/>", "image/svg+xml")


@pytest.mark.parametrize("wrong", [b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0\x00\x10JFIF"])
def test_a_damaged_jpeg_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        bare(wrong, "image/jpeg")
