"""A WordNet of seven nouns, in the layout of its files."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from methods.fewshot.afr.wordnet import wordnet_vectors

#     entity - animal - dog - lap_dog
#                     - cat
#            - tool  - hammer - claw_hammer (an instance, for the pointer's sake)
DATA = """  1 This line is the licence.
00000001 03 n 01 entity 0 002 ~ 00000002 n 0000 ~ 00000003 n 0000 | that which is
00000002 05 n 02 animal 0 beast 0 001 @ 00000001 n 0000 | a living thing | or so
00000003 06 n 01 tool 0 001 @ 00000001 n 0000 | a thing to work with
00000004 05 n 01 dog 0 002 @ 00000002 n 0000 #m 00000003 n 0000 | it barks
00000005 05 n 01 cat 0 001 @ 00000002 n 0000 | it purrs
00000006 06 n 01 hammer 0 001 @ 00000003 n 0000 | for nails
00000007 05 n 0a lap_dog 0 a 0 b 0 c 0 d 0 e 0 f 0 g 0 h 0 i 0 001 @ 00000004 n 0000 | a small one
00000008 06 n 01 claw_hammer 0 001 @i 00000006 n 0000 | this one
"""
INDEX = """  1 This line is the licence.
animal n 1 1 @ 1 0 00000002
cat n 2 1 @ 2 1 00000005 00000003
claw_hammer n 1 1 @i 1 0 00000008
dog n 1 2 @ #m 1 1 00000004
entity n 1 1 ~ 1 0 00000001
hammer n 1 1 @ 1 1 00000006
lap_dog n 1 1 @ 1 0 00000007
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dict").mkdir()
    (tmp_path / "dict/index.noun").write_text(INDEX)
    (tmp_path / "dict/data.noun").write_text(DATA)
    return tmp_path


def cosine(vectors, one, other):
    return vectors[one] @ vectors[other] / np.prod(np.linalg.norm(vectors[[one, other]], axis=1))


def test_cosines_are_shares_of_rare_ancestors_worked_by_hand(folder):
    vectors = wordnet_vectors(folder, ["dog", "cat", "claw hammer"])
    # Of three classes: entity is above all and weighs 0; animal is above two; dog and cat stand alone.
    two, one = np.log(3 / 2), np.log(3)
    assert cosine(vectors, 0, 1) == pytest.approx(two**2 / (two**2 + one**2))
    assert cosine(vectors, 0, 2) == 0


def test_deeper_classes_are_nearer_to_their_own_parent(folder):
    vectors = wordnet_vectors(folder, ["lap_dog", "dog", "cat", "hammer"])
    assert cosine(vectors, 0, 1) > cosine(vectors, 0, 2) > cosine(vectors, 0, 3) == 0


def test_names_may_be_ids_synonyms_or_capitals(folder):
    named = wordnet_vectors(folder, ["Lap dog", "xylograph, cat", "hammer"])
    np.testing.assert_array_equal(
        named, wordnet_vectors(folder, ["n00000007", "tool (n00000005)", "n00000006_nail"])
    )


def test_a_zip_is_read_as_a_folder_is(folder, tmp_path):
    path = tmp_path / "wordnet.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("wordnet/index.noun", INDEX)
        archive.writestr("wordnet/data.noun", DATA)
    names = ["dog", "cat", "hammer"]
    np.testing.assert_array_equal(wordnet_vectors(path, names), wordnet_vectors(folder, names))


def test_all_missing_names_are_told(folder):
    with pytest.raises(ValueError, match="has no noun for 'unicorn', 'n99999999'"):
        wordnet_vectors(folder, ["dog", "unicorn", "n99999999"])


def test_missing_and_broken_files_are_named(folder):
    (folder / "dict/data.noun").write_text(DATA + "00000009 rubbish\n")
    with pytest.raises(ValueError, match=r"data\.noun, line 10 is no line of WordNet's data"):
        wordnet_vectors(folder, ["dog", "cat"])
    (folder / "dict/index.noun").write_text("dog n\n")
    with pytest.raises(ValueError, match=r"index\.noun, line 1 is no line of a WordNet index"):
        wordnet_vectors(folder, ["dog", "cat"])
    (folder / "dict/data.noun").unlink()
    with pytest.raises(ValueError, match=r"has no data\.noun"):
        wordnet_vectors(folder, ["dog", "cat"])
