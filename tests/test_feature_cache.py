"""Features kept on disk: computed once, checked when read, begun anew when broken."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from methods.feature_cache import FeatureCache, picture_key, text_key

WORDS = ["a", "b", "c", "b", "a"]
KEYS = [text_key(word) for word in WORDS]


class Computer:
    """Gives each place a feature of its word, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, places):
        self.asked.append([WORDS[place] for place in places])
        return np.stack([np.full(4, ord(WORDS[place]), np.float32) for place in places])


@pytest.fixture
def compute():
    return Computer()


def check(found):
    assert {key: float(vector[0]) for key, vector in found.items()} == {
        text_key(word): float(ord(word)) for word in WORDS
    }


def test_each_is_computed_once_over_runs(tmp_path, compute):
    for _ in range(2):
        cache = FeatureCache(tmp_path, "id")
        check(cache.features(KEYS, compute))
        check(cache.features(KEYS, compute))
        cache.close()
    assert compute.asked == [["a", "b", "c"]]
    assert (cache.hits, cache.misses) == (6, 0)


def test_scorers_never_share_and_kinds_never_meet(tmp_path, compute):
    for scorer in ("one", "two"):
        FeatureCache(tmp_path, scorer).features(KEYS, compute)
    assert len(compute.asked) == 2
    same = text_key("a")[1:]
    assert picture_key(same.hex()) != text_key("a")


def test_a_broken_entry_is_computed_again(tmp_path, compute):
    cache = FeatureCache(tmp_path, "id")
    cache.features(KEYS, compute)
    cache.close()
    with sqlite3.connect(cache.path) as database:
        wrong = np.full(4, 7, np.float32).tobytes()
        database.execute("UPDATE feature SET vector = ? WHERE key = ?", (wrong, text_key("b")))
    cache = FeatureCache(tmp_path, "id")
    check(cache.features(KEYS, compute))
    check(cache.features(KEYS, compute))
    assert compute.asked[1:] == [["b"]]
    assert cache.damaged == 1


@pytest.mark.parametrize("place", [0, 4096])
def test_a_broken_file_is_put_aside(tmp_path, compute, place):
    cache = FeatureCache(tmp_path, "id")
    cache.features(KEYS, compute)
    cache.close()
    content = bytearray(cache.path.read_bytes())
    content[place : place + 2000] = b"\xff" * 2000
    cache.path.write_bytes(content)
    cache = FeatureCache(tmp_path, "id")
    check(cache.features(KEYS, compute))
    assert cache.damaged >= 1
    assert cache.path.with_suffix(".sqlite.damaged").exists()
    check(cache.features(KEYS, compute))
    assert len(compute.asked) == 2


def test_many_keys_are_asked_for_in_parts(tmp_path):
    keys = [text_key(str(number)) for number in range(1203)]
    cache = FeatureCache(tmp_path, "id")
    asked = []

    def compute(places):
        asked.append(len(places))
        return np.array(places, np.float32)[:, None]

    for _ in range(2):
        found = cache.features(keys, compute)
        assert [float(found[key][0]) for key in keys] == list(range(1203))
    assert asked == [1203]
