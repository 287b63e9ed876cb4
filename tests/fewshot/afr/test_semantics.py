from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from methods.fewshot.afr.semantics import check_names, similarity_vectors, word_vectors

TEXT = "robin 1 0 0\nAmerican 0 2 0\nhouse 0 0 4\nfinch 0 2 0\nhouse_finch 9 9 9\nred 3 0 0\nfox 0 3 0\n"


@pytest.fixture
def glove(tmp_path: Path) -> Path:
    path = tmp_path / "small.txt"
    path.write_text(TEXT)
    return path


def test_words_phrases_and_synonyms_by_hand(glove: Path) -> None:
    found = word_vectors(glove, ["robin", "Robin, American robin", "house finch", "red_fox"])
    assert found.tolist() == [[1, 0, 0], [0.75, 0.5, 0], [9, 9, 9], [1.5, 1.5, 0]]


def test_word2vecs_first_line_and_npz_say_the_same(glove: Path, tmp_path: Path) -> None:
    headed = tmp_path / "headed.txt"
    headed.write_text("7 3\n" + TEXT)
    rows = [line.split() for line in TEXT.splitlines()]
    packed = tmp_path / "packed.npz"
    vectors = np.array([row[1:] for row in rows], float)
    np.savez(packed, words=np.array([row[0] for row in rows]), vectors=vectors)
    names = ["robin", "red fox"]
    for path in (headed, packed):
        np.testing.assert_array_equal(word_vectors(path, names), word_vectors(glove, names))


def test_a_synonym_that_is_unknown_does_not_matter_if_another_is(glove: Path) -> None:
    found = word_vectors(glove, ["Turdus migratorius, robin"])
    assert found.tolist() == [[1, 0, 0]]


def test_missing_words_are_all_named(glove: Path) -> None:
    with pytest.raises(
        ValueError, match=r"small.txt has no vectors for 'red panda' \(panda\); '42nd' "
    ):
        word_vectors(glove, ["robin", "red panda", "42nd"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("robin one two", "line 1: 'robin' is not followed by numbers"),
        ("fox 1 2\nrobin 1 2 3", "line 2: 'robin' has 3 numbers, others 2"),
        ("fox 1 2\nrobin nan 2", "vector of 'robin' is not finite"),
    ],
)
def test_broken_text_is_named_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "broken.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        word_vectors(path, ["fox", "robin"])


def test_nothing_pickled_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "pickled.npz"
    np.savez(path, words=np.array(["robin", None], object), vectors=np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"pickled.npz must hold words"):
        word_vectors(path, ["robin"])
    np.savez(path, words=np.array(["robin"]), vectors=np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"words must be \(n,\) of text"):
        word_vectors(path, ["robin"])


def test_binary_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "vectors.bin"
    path.write_bytes(b"1 2\nrobin \0\0\x80\x3f\0\0\0\x40")
    with pytest.raises(ValueError, match=r"vectors.bin is neither text nor npz"):
        word_vectors(path, ["robin"])


def test_vectors_of_a_matrix_have_its_cosines() -> None:
    rows = np.random.default_rng(0).normal(size=(5, 3))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    vectors = similarity_vectors(rows @ rows.T)
    np.testing.assert_allclose(vectors @ vectors.T, rows @ rows.T, atol=1e-12)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 0.5]], r"must be \(n, n\)"),
        ([[1, 0.5], [0.2, 1]], r"similarity\[0, 1\] is 0.5, but \[1, 0\] is 0.2"),
        ([[1, 0.5], [0.5, 2]], r"similarity\[1, 1\] must be 1, got 2"),
        ([[1, np.nan], [np.nan, 1]], r"similarity\[0, 1\] is not finite"),
        ([[1, -0.9, -0.9], [-0.9, 1, -0.9], [-0.9, -0.9, 1]], "smallest eigenvalue is -0.8"),
    ],
)
def test_other_matrices_are_refused(matrix: list[list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        similarity_vectors(matrix)


def test_names_that_come_twice_are_refused() -> None:
    check_names(["red fox", "robin"], ["house finch"])
    with pytest.raises(ValueError, match="same name: red fox"):
        check_names(["Red_Fox", "robin"], ["red fox"])
    with pytest.raises(ValueError, match="novel classes are named twice: robin"):
        check_names(["fox"], ["robin", "Robin"])
