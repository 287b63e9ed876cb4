from __future__ import annotations

import zipfile

import numpy as np
import pytest

from methods.fewshot.regularising import npz
from methods.fewshot.regularising.npz import read_features


def test_short_keys_are_read_as_well(write, held):
    path = write(features=None, labels=None, X=held["features"], Y=held["labels"])
    found = read_features(path)
    np.testing.assert_array_equal(found.features, held["features"])
    np.testing.assert_array_equal(found.labels, held["labels"])
    assert found.base == frozenset(range(24))


def test_a_matrix_of_cosines_becomes_vectors_of_these_cosines(write):
    wanted = np.eye(32) * 0.5 + 0.5
    found = read_features(write(semantics=None, semantic_cosine=wanted)).semantics
    np.testing.assert_allclose(found @ found.T, wanted, atol=1e-9)


def test_half_precision_is_widened(write, held):
    found = read_features(write(features=held["features"].astype(np.float16)))
    assert found.features.dtype == np.float32


def test_labels_in_order_are_no_bomb(tmp_path):
    """Compressed, those of a large set take a 600th: more than a picture or a text ever would."""
    labels = np.repeat(np.arange(200), 1000)
    path = tmp_path / "large.npz"
    names = [f"class {each}" for each in range(200)]
    np.savez_compressed(path, features=np.ones((len(labels), 1)), labels=labels, names=names)
    with zipfile.ZipFile(path) as archive:
        packed = archive.getinfo("labels.npy")
    assert packed.file_size > 200 * packed.compress_size
    np.testing.assert_array_equal(read_features(path).labels, labels)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"names": None}, "has no names"),
        ({"features": None, "labels": None}, "has no features and no labels"),
        ({"names": np.array(["a", None], object)}, "pickled and never opened"),
        ({"names": np.arange(32)}, r"names must be \(C,\) of text"),
        ({"names": np.array(["a", " "])}, "name of class 1 is empty"),
        ({"features": np.zeros((2, 3, 4))}, "features must be numbers with 2 axes"),
        ({"features": np.zeros((5, 3))}, "5 features, but 384 labels"),
        ({"names": np.array(["a", "b"])}, "0 to 1 for 2 names; row 24 has 2"),
        ({"n_base": np.array(40)}, "1 to 31 of 32 classes; got int64 40"),
        ({"n_base": np.array([1.5])}, "n_base must be a whole number"),
        ({"semantics": np.zeros((3, 3))}, "semantics has 3 rows for 32 names"),
        (
            {"semantics": None, "semantic_cosine": np.zeros((32, 32))},
            r"similarity\[0, 0\] must be 1",
        ),
    ],
)
def test_what_is_wrong_is_named(write, changes, told):
    with pytest.raises(ValueError, match=told) as error:
        read_features(write(**changes))
    assert "features.npz" in str(error.value)


def test_a_value_that_is_no_number_is_named_by_its_row(write, held):
    broken = held["features"].copy()
    broken[17, 2] = np.nan
    with pytest.raises(ValueError, match="features must be finite; row 17 is not"):
        read_features(write(features=broken))


def test_labels_must_be_whole(write, held):
    with pytest.raises(ValueError, match=r"row 0 has 0\.5"):
        read_features(write(labels=held["labels"] + 0.5))


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "features.npz"
    path.write_bytes(b"not a zip")
    with pytest.raises(ValueError, match=r"features\.npz is no npz that can be read"):
        read_features(path)


def test_a_truncated_file_is_refused(write):
    path = write()
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match="no npz that can be read"):
        read_features(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(npz, "DENSE", 10_000_000)
    path = tmp_path / "features.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("features.npy", b"\0" * 20_000_000)
    with pytest.raises(ValueError, match="times its size"):
        read_features(path)
