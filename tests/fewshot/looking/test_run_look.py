"""A look at real pictures with the small world's CLIP: what is encoded when, what is stopped, what is recorded."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from methods.base import Cancelled, MethodError, Result
from methods.clip_encoder import ClipEncoder
from methods.fewshot import LOOK, LookConfig
from methods.local import LocalContext
from methods.worlds.clip.data import task_images

NAMES = ("red circle", "orange circle", "yellow circle")
QUICK: dict[str, Any] = {
    "scales": (0.2, 0.6),
    "views": 5,
    "augmentations": 2,
    "batch_size": 8,
    "classifiers": ("zero_shot", "tip"),
}
Encoded = list[int]


def saved(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Four pictures in modes that are not RGB, and two to learn from."""
    path = tmp_path_factory.mktemp("photos") / "photos.zip"
    (one, two, three, *shots), _ = task_images("large", 5, seed=4)
    films = [one.convert("P"), two.convert("P")]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("queries/red circle/grey.png", saved(one.convert("L")))
        archive.writestr("queries/cmyk.jpg", saved(two.convert("CMYK"), "JPEG"))
        archive.writestr(
            "queries/film.gif", saved(films[0], "GIF", save_all=True, append_images=films[1:])
        )
        archive.writestr("queries/large.png", saved(three.resize((1600, 1200))))
        for name, shot in zip(NAMES, shots, strict=False):
            archive.writestr(f"support/{name}/shot.png", saved(shot))
    return str(path)


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> Encoded:
    """How many pictures and crops each call of the image encoder got."""
    counts: Encoded = []
    original = ClipEncoder._forward

    def counting(self: ClipEncoder, encode: Any, batch: Any, size: int) -> Any:
        if batch.is_floating_point():  # texts are whole numbers
            counts.append(len(batch))
        return original(self, encode, batch, size)

    monkeypatch.setattr(ClipEncoder, "_forward", counting)
    return counts


Looked = Callable[..., tuple[Result, LocalContext]]


@pytest.fixture
def looks(tmp_path: Path) -> Looked:
    """Run a look whose features are kept in one folder, each into a folder of its own."""
    runs: list[LocalContext] = []

    def run(shared: str = "shared", **values: Any) -> tuple[Result, LocalContext]:
        context = LocalContext(tmp_path / str(len(runs)), seed=3, shared=tmp_path / shared)
        runs.append(context)
        return LOOK.run(LookConfig(**QUICK | values), context), context

    return run


def test_a_second_look_encodes_nothing_and_says_what_a_fresh_one_says(
    looks: Looked, photos: str, encoded: Encoded
) -> None:
    first, _ = looks(pictures=photos)
    assert sum(encoded) == first.metrics["encoded"] > 40
    for change in (
        {"classes": "\n".join(reversed(NAMES))},
        {"margin": "prob", "merge_norm": "official_raw", "template": "an image of {a}."},
        {"scales": (0.6,), "views": 3},
    ):
        encoded.clear()
        second, context = looks(pictures=photos, **change)
        assert encoded == []
        assert second.metrics["encoded"] == 0
        assert second.metrics["pictures_from_cache"] == 4
        assert [row["encoded"] for row in context.records["look"]] == [0] * 4
        if "classes" in change:
            fresh, other = looks("fresh", pictures=photos, **change)
            assert sum(encoded) == first.metrics["encoded"]
            assert fresh.summary == second.summary
            assert _told(other) == _told(context)


def test_names_that_were_read_before_are_not_read_again(
    looks: Looked, photos: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks(pictures=photos, classes="red circle\nblue star")
    read: list[int] = []
    original = ClipEncoder.token_features
    monkeypatch.setattr(
        ClipEncoder,
        "token_features",
        lambda self, ids: read.append(len(ids)) or original(self, ids),
    )
    looks(pictures=photos, classes="blue star\nred circle")
    assert read == []
    _, context = looks(pictures=photos, classes="blue star\nred circle\ngreen ring")
    assert read == [1]
    _, fresh = looks("fresh", pictures=photos, classes="blue star\nred circle\ngreen ring")
    assert _told(fresh) == _told(context)


def test_another_seed_of_crops_encodes_crops_only(
    looks: Looked, photos: str, encoded: Encoded
) -> None:
    first, _ = looks(pictures=photos)
    encoded.clear()
    second, context = looks(pictures=photos, crop_seed=1)
    views = sum(row["encoded"] for row in context.records["look"])
    assert 0 < views == sum(encoded) == second.metrics["encoded"] < first.metrics["encoded"]


def test_a_stopped_look_goes_on_where_it_was(
    looks: Looked, tmp_path: Path, encoded: Encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("methods.fewshot.vcr.features.MOST_AT_ONCE", 1)
    values = {"scene_number": 4, "scene_shots": 0}
    whole, context = looks("whole", **values)
    needed = sum(encoded)
    encoded.clear()

    def stop(_done: float, _total: float, message: str) -> None:
        if message.startswith("2 of 4 pictures looked at"):
            raise Cancelled

    stopped = LocalContext(tmp_path / "stopped", 3, shared=tmp_path / "part", on_progress=stop)
    with pytest.raises(Cancelled):
        LOOK.run(LookConfig(**QUICK | values), stopped)
    before = sum(encoded)
    assert len(stopped.records["look"]) == 2
    rest, again = looks("part", **values)
    assert 0 < before < needed == sum(encoded)
    assert rest.metrics["encoded"] == needed - before
    assert (rest.summary, _told(again)) == (whole.summary, _told(context))


def test_one_full_view_is_clip_to_the_bit(looks: Looked) -> None:
    _, context = looks(scales=(1.0,), scene_number=3, scene_shots=1)
    for row in context.records["look"]:
        assert row["scales"] == []
        for answers in row["answers"].values():
            assert all(answer == answers["global"] for answer in answers.values())


def test_a_cache_without_weight_is_zero_shot(looks: Looked, photos: str) -> None:
    _, context = looks(pictures=photos, classifiers=("tip",), alpha=0.0, beta=1.0)
    for row in context.records["look"]:
        assert list(row["answers"]) == ["zero_shot", "tip"]
        assert row["answers"]["tip"] == row["answers"]["zero_shot"]
    [setup] = context.records["look_setup"]
    assert setup["classifiers"]["tip"]["tuned_on"] == "nothing: given by hand"


def test_what_pages_read_of_own_pictures(looks: Looked, photos: str) -> None:
    result, context = looks(pictures=photos, classes="red circle\nyellow circle\nblue star")
    rows = {row["name"]: row for row in context.records["look"]}
    assert rows["queries/red circle/grey.png"]["label"] == "red circle"
    assert rows["queries/cmyk.jpg"]["label"] is None
    assert {name: row["notes"][0].split(":")[0] for name, row in rows.items() if row["notes"]} == {
        "queries/red circle/grey.png": "it is grey",
        "queries/cmyk.jpg": "its colours are CMYK",
        "queries/film.gif": "it has 2 frames",
    }
    large = rows["queries/large.png"]
    assert (large["width"], large["height"], large["picture"]) == (1600, 1200, "picture-003.webp")
    assert Image.open(context.folder / large["picture"]).size == (1024, 768)
    for row in rows.values():
        assert context.metadata[row["picture"]]["role"] == "picture"
        for view in row["scales"][0]["views"]:
            left, top, width, height = view["box"]
            assert 0 <= left < left + width <= row["width"]
            assert 0 <= top < top + height <= row["height"]
    [setup] = context.records["look_setup"]
    assert setup["shots"] == {"red circle": 1, "yellow circle": 0, "blue star": 0}
    assert setup["prompts"]["blue star"] == ["a photo of a blue star."]
    assert "orange circle in support: none of the classes" in setup["notes"][0]
    assert "knows only its own coloured shapes" in setup["notes"][1]
    assert result.metrics["labelled"] == 1
    assert "So few pictures tell no way from another" in result.summary


def test_names_that_mean_the_same_to_clip_are_warned_of(looks: Looked, photos: str) -> None:
    _, context = looks(pictures=photos, classes="xylophone\nzebra\nred circle")
    [(level, said, _)] = [each for each in context.events if "hardly tells" in each[1]]
    assert level == "warning"
    assert "'xylophone' from 'zebra'" in said  # words that the small world does not know


def test_a_name_that_is_too_long_is_refused(looks: Looked) -> None:
    with pytest.raises(MethodError, match=r"classes: the text .* is longer than the model reads"):
        looks(classes="red circle\n" + "very " * 20 + "red circle")


def test_a_picture_that_broke_since_is_named_before_anything_is_encoded(
    looks: Looked, tmp_path: Path, encoded: Encoded
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.png").write_bytes(saved(Image.new("RGB", (50, 50))))
    (folder / "b.jpg").write_bytes(saved(Image.effect_noise((90, 90), 50), "JPEG")[:900])
    with pytest.raises(MethodError, match=r"pictures: b\.jpg: it is no picture that can be read"):
        looks(pictures=str(folder), classes="cat\ndog")
    assert encoded == []


def _told(context: LocalContext) -> list[dict[str, Any]]:
    """Rows without what was encoded for them."""
    return [{**row, "encoded": 0} for row in context.records["look"]]
