"""Pictures beside rows: each once, small, many in one archive, the same bytes every time."""

from __future__ import annotations

import hashlib
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from methods.alignment.evidence import pictures
from methods.alignment.evidence.pictures import PicturePack
from methods.local import LocalContext


def picture(seed, width=48, height=48):
    generator = np.random.default_rng(seed)
    image = Image.fromarray(generator.integers(0, 256, (height, width, 3), dtype=np.uint8))
    return hashlib.sha256(image.tobytes()).hexdigest(), image


def read(context, place):
    archive, _, member = place.partition("/")
    with zipfile.ZipFile(context.folder / archive) as file:
        return Image.open(io.BytesIO(file.read(member))).convert("RGB")


@pytest.fixture
def context(tmp_path):
    return LocalContext(tmp_path)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(pictures, "SHARD", 3)


def test_a_picture_is_kept_once_and_opened_once(context):
    opened = []

    def opening():
        opened.append(1)
        return picture(0)[1]

    pack = PicturePack(context)
    sha256 = picture(0)[0]
    place = pack.add(sha256, opening)
    assert place == pack.add(sha256, opening) == f"pictures-00000.zip/{sha256[:16]}.webp"
    assert len(opened) == 1
    pack.close()
    assert list(context.artefacts) == ["pictures-00000.zip"]
    with zipfile.ZipFile(context.folder / "pictures-00000.zip") as file:
        [member] = file.infolist()
    assert member.compress_type == zipfile.ZIP_STORED
    assert context.metadata["pictures-00000.zip"] == {"role": "pictures", "pictures": 1}


def test_small_pictures_are_exact_and_large_ones_shrink_with_their_proportions(context):
    pack = PicturePack(context, longest=100)
    small, large = picture(0), picture(1, 400, 200)
    places = [pack.add(*small), pack.add(*large)]
    pack.close()
    assert read(context, places[0]).tobytes() == small[1].tobytes()
    assert read(context, places[1]).size == (100, 50)
    assert large[1].size == (400, 200)  # what was given stays as it was


def test_a_full_archive_is_saved_at_once_and_the_next_begins(context, few):
    pack = PicturePack(context)
    places = [pack.add(*picture(seed)) for seed in range(7)]
    assert [place.partition("/")[0][-9:-4] for place in places] == ["00000"] * 3 + ["00001"] * 3 + [
        "00002"
    ]
    assert len(context.artefacts) == 2
    pack.close()
    pack.close()
    assert len(context.artefacts) == 3
    for seed, place in enumerate(places):
        assert read(context, place).tobytes() == picture(seed)[1].tobytes()


def test_an_archive_closed_early_is_never_written_over(context, few):
    pack = PicturePack(context)
    first = pack.add(*picture(0))
    pack.close()
    second = pack.add(*picture(1))
    pack.close()
    assert first.startswith("pictures-00000.zip")
    assert second.startswith("pictures-00001.zip")
    assert read(context, first).tobytes() == picture(0)[1].tobytes()


def test_going_on_writes_what_was_not_saved_and_ends_with_the_same_bytes(context, few, tmp_path):
    whole = PicturePack(context)
    places = [whole.add(*picture(seed)) for seed in range(5)]
    whole.close()
    other = LocalContext(tmp_path / "other")
    broken = PicturePack(other)
    for seed in range(4):
        broken.add(*picture(seed))
    going_on = PicturePack(other, saved=broken.saved)

    def already_there():
        raise AssertionError("a saved picture is not opened again")

    assert [going_on.add(picture(seed)[0], already_there) for seed in range(3)] == places[:3]
    assert [going_on.add(*picture(seed)) for seed in range(3, 5)] == places[3:]
    going_on.close()
    digests = {name: artefact.sha256 for name, artefact in context.artefacts.items()}
    assert {name: artefact.sha256 for name, artefact in other.artefacts.items()} == digests
