"""What is wrong with a look is said before it is queued: by file, class or setting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from methods.base import MethodError
from methods.fewshot import LOOK, LookConfig
from methods.fewshot.looking.subject import own_subject
from tests.fewshot.files import picture_bytes, zipped

ONE, TWO, THREE = (picture_bytes(seed) for seed in range(3))
GOOD = {"queries/a.png": ONE, "support/cat/b.png": TWO, "support/dog/c.png": THREE}


def refusal(tmp_path: Path, files: dict[str, bytes] | None = None, **values: object) -> str:
    """Why a look is refused."""
    if files is not None:
        values["pictures"] = str(zipped(tmp_path / "mine.zip", files))
    with pytest.raises(MethodError) as caught:
        LOOK.check(LookConfig(**values), Path)  # type: ignore[arg-type, misc]
    return str(caught.value)


def truncated(form: str) -> bytes:
    return picture_bytes(5, form=form, size=(200, 200))[:2000]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"no picture", "no picture in a known format"),
        (truncated("JPEG"), "no picture that can be read"),
        (truncated("PNG"), "no picture that can be read"),
        (picture_bytes(1, size=(600, 4)), "a sliver"),
    ],
)
@pytest.mark.parametrize("place", ["queries/bad.png", "support/cat/bad.png"])
def test_a_bad_picture_is_named(tmp_path: Path, place: str, file: bytes, words: str) -> None:
    said = refusal(tmp_path, GOOD | {place: file})
    assert f"pictures: {place}: " in said
    assert words in said


def test_a_picture_larger_than_memory_is_refused_by_its_header(tmp_path: Path) -> None:
    said = refusal(tmp_path, GOOD | {"queries/a.ppm": b"P6 30000 30000 255\n" + bytes(100)})
    assert "queries/a.ppm: it has more than the 100,000,000 pixels that are allowed" in said


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ("cat", "two classes or more to tell apart, got 1: cat"),
        ("cat\nDog\n dog ", "class 3, 'dog', is named already, as 'Dog'"),
        ("hot_dog\ncat\nhot  dog", "class 3, 'hot  dog', is named already, as 'hot_dog'"),
    ],
)
def test_classes_that_cannot_be_told_apart_are_refused(
    tmp_path: Path, classes: str, words: str
) -> None:
    assert words in refusal(tmp_path, classes=classes)
    assert words in refusal(tmp_path, GOOD, classes=classes)


def test_own_pictures_need_classes_by_name_or_by_folder(tmp_path: Path) -> None:
    assert "classes: name two or more" in refusal(tmp_path, {"a.png": ONE})
    LOOK.check(LookConfig(pictures=str(zipped(tmp_path / "good.zip", GOOD))), Path)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"scales": (0.1, 1.5)}, "scales: a scale is a share of the area"),
        ({"template": "a photo"}, "template: "),
        ({"model": "nowhere"}, "there is no CLIP 'nowhere'"),
        ({"model": "ViT-B-32"}, "name its weights"),
        ({"model": "ViT-B-32", "pretrained": "weights.bin"}, "is a pickle"),
        ({"model": "ViT-B-32", "pretrained": "no.safetensors"}, "there is no checkpoint"),
        ({"pictures": "nowhere.zip"}, "there is no 'nowhere.zip'"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, values: dict[str, object], words: str) -> None:
    assert words in refusal(tmp_path, **values)


def test_folders_and_names_meet_whatever_their_case_and_underscores(tmp_path: Path) -> None:
    files = {"Hot_Dog/a.png": ONE, "cat/b.png": TWO, "support/hot dog/c.png": THREE}
    path = zipped(tmp_path / "mine.zip", files | {"d.png": picture_bytes(9)})
    subject = own_subject(LookConfig(pictures=str(path), classes="HOT DOG\nsausage"), Path)
    assert [each.label for each in subject.questions] == [0, None, None]
    assert subject.counts == [1, 0]
    assert subject.classes == ("HOT DOG", "sausage")


def test_what_is_not_learnt_from_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "mine.zip", GOOD | {"copy.png": TWO})
    subject = own_subject(LookConfig(pictures=str(path), classes="cat\nhorse"), Path)
    assert subject.notes == (
        "dog in support: none of the classes, so not learnt from (pictures: 1)",
        "copy.png is the same picture as support/cat/b.png, which is learnt from: what classifiers say of it is no test",
    )


def test_checking_costs_no_torch(tmp_path: Path) -> None:
    path = zipped(tmp_path / "mine.zip", GOOD)
    code = (
        "import sys; from pathlib import Path; from methods.fewshot import LOOK, LookConfig; "
        f"LOOK.check(LookConfig(pictures={str(path)!r}), Path); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
