"""Pictures in any mode a file can have, and files that are none, each named."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from methods.fewshot.clip.images import drawn_picture, open_image, picture_file

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
RGB = Image.fromarray(PIXELS)


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_a_plain_picture_is_itself():
    found = open_image(encoded(RGB), "a.png")
    assert (np.asarray(found.image) == PIXELS).all()
    assert found.notes == ()


@pytest.mark.parametrize(
    ("mode", "kind", "note"),
    [
        ("L", "PNG", "it is grey"),
        ("1", "PNG", "it is grey"),
        ("P", "PNG", None),
        ("CMYK", "JPEG", "CMYK"),
    ],
)
def test_other_modes_become_rgb_and_say_so(mode, kind, note):
    image = RGB.convert(mode)
    found = open_image(encoded(image, kind), "a")
    assert (found.image.mode, found.image.size) == ("RGB", (16, 12))
    assert len(found.notes) == (note is not None)
    assert note is None or note in found.notes[0]
    if kind == "PNG":
        assert (np.asarray(found.image) == np.asarray(image.convert("RGB"))).all()


def test_sixteen_bits_of_grey_are_scaled_not_clipped():
    levels = np.array([[0, 257 * 100], [257 * 200, 65535]], dtype=np.uint16)
    found = open_image(encoded(Image.fromarray(levels)), "deep.png")
    assert np.asarray(found.image)[..., 0].tolist() == [[0, 100], [200, 255]]
    assert "more than 8 bits" in found.notes[0]
    floats = Image.fromarray(np.array([[0.25, 0.5, 0.75]], dtype=np.float32))
    assert np.asarray(open_image(encoded(floats, "TIFF"), "f.tif").image)[0, :, 0].tolist() == [
        0,
        128,
        255,
    ]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_are_white_whatever_lies_under_them(mode):
    image = Image.new("RGBA", (2, 1), (200, 0, 0, 0))
    image.putpixel((1, 0), (10, 10, 10, 255))
    found = open_image(encoded(image.convert(mode)), "a.png")
    assert np.asarray(found.image).tolist() == [[[255] * 3, [10] * 3]]
    assert "laid on white" in found.notes[0]


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
    for kind in ("GIF", "WEBP", "PNG"):
        options = {"lossless": True} if kind == "WEBP" else {}
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        found = open_image(data, "a")
        assert found.image.getpixel((0, 0)) == (255, 0, 0)
        assert found.notes[0] == "it has 3 frames: the first one is taken"


def test_a_picture_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    found = open_image(encoded(RGB, "PNG", exif=exif), "turned.png")
    assert (np.asarray(found.image) == np.rot90(PIXELS, -1)).all()


def bomb(side):
    """A PNG of some hundred bytes that says it has side x side pixels."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    packed = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "its 0 bytes are no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture in a known format"),
        (encoded(RGB, "JPEG")[:-40], "no picture that can be read .*truncated"),
        (encoded(RGB)[:-60], "no picture that can be read"),
        (encoded(RGB, "GIF")[:40], "it is no picture|no picture in a known format"),
        (bomb(12_000), "12000 x 12000 pixels; 100,000,000 are allowed"),
        (bomb(60_000), "more than the 100,000,000 pixels that are allowed"),
        (bomb(9_000), "no picture that can be read"),  # allowed, but the pixels are not there
        (encoded(Image.new("RGB", (600, 2))), "600 x 2 pixels is a sliver"),
    ],
)
def test_what_is_no_picture_is_named_with_its_file(data, message):
    with pytest.raises(ValueError, match=rf"^shots/cat/1\.jpg: .*({message})"):
        open_image(data, "shots/cat/1.jpg")


def test_a_text_chunk_that_unpacks_to_a_thousand_times_its_size_is_refused():
    head, rest = encoded(RGB)[:33], encoded(RGB)[33:]
    text = b"Comment\0\0" + zlib.compress(bytes(2_000_000))
    chunk = (
        struct.pack(">I", len(text))
        + b"zTXt"
        + text
        + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    )
    with pytest.raises(ValueError, match=r"^a\.png: "):
        open_image(head + chunk + rest, "a.png")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_damage_goes_unnamed():
    generator = np.random.default_rng(1)
    refused = []
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"):
        whole = np.frombuffer(encoded(RGB, kind), dtype=np.uint8)
        for _ in range(40):
            broken = whole.copy()
            broken[generator.integers(0, len(whole), 8)] = generator.integers(0, 256, 8)
            try:
                open_image(broken.tobytes(), "a")
            except ValueError as error:  # and nothing else
                refused.append(str(error))
    assert len(refused) > 60
    assert all(message.startswith("a: ") for message in refused)


def test_a_picture_is_known_by_its_content_and_opened_late():
    read = []

    def bytes_of():
        read.append(1)
        return encoded(RGB)

    picture = picture_file("a.png", bytes_of)
    assert picture.sha256 == picture_file("b.png", lambda: encoded(RGB)).sha256
    assert len(read) == 1
    assert (np.asarray(picture.open()) == PIXELS).all()
    drawn = drawn_picture("x", RGB)
    assert drawn.sha256 == drawn_picture("y", RGB.copy()).sha256
    assert drawn.sha256 != drawn_picture("x", RGB.resize((12, 16))).sha256
    flat = Image.new("RGB", (2, 8)), Image.new("RGB", (8, 2))  # the same bytes in another shape
    assert len({drawn_picture("x", image).sha256 for image in flat}) == 2
