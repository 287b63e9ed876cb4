"""Neighbours by TF-IDF, worked by hand, and a sample that does not depend on the run."""

from __future__ import annotations

import math

import pytest

from methods.unlearning.editing.probing import choose_probe, find_neighbours
from methods.unlearning.influence.stepping import drawn
from methods.unlearning.request import Request
from methods.unlearning.rows.row import Row, Turn


def test_the_cosine_is_that_of_tf_idf():
    prompts = ["red door", "red shop", "old shop"]
    once, twice = math.log(4 / 2) + 1, math.log(4 / 3) + 1  # smooth idf: ln((1 + n) / (1 + df)) + 1
    (found,) = find_neighbours(prompts, [0], 1)
    assert (found.position, found.of) == (1, 0)
    norm = math.hypot(once, twice) * math.hypot(twice, twice)
    assert found.similarity == pytest.approx(twice**2 / norm)


def test_neither_marked_rows_nor_strangers_are_neighbours():
    prompts = ["red door", "red door", "red shop", "blue sky"]
    found = find_neighbours(prompts, [0, 1], 3)
    assert [each.position for each in found] == [2]


def test_a_shared_neighbour_stands_beside_the_one_it_resembles_most():
    prompts = ["a b", "a b c d", "a b c e"]
    found = find_neighbours(prompts, [0, 1], 1)
    assert [(each.position, each.of) for each in found] == [(2, 1)]


@pytest.mark.parametrize("prompts", [["...", "!"], ["?"]])
def test_prompts_without_words_have_none(prompts):
    assert find_neighbours(prompts, [0], 2) == ()


def test_the_sample_is_that_of_the_step_length_and_holds_no_marked_row():
    rows = [Row(f"r{k}", k, (Turn("user", f"word{k}"),), "a") for k in range(50)]
    request = Request(remove=(7,), replace={3: rows[3].edited(answer="b")})
    one, two = (choose_probe(rows, request, 10, 2, seed=4) for _ in range(2))
    assert one == two
    assert one.marked == (3, 7)
    assert one.retained == tuple(drawn(request.retained(50), 10, 4))
    assert not set(one.retained) & {3, 7}
    assert choose_probe(rows, request, 10, 2, seed=5).retained != one.retained
    everything = choose_probe(rows, request, 100, 0, seed=4).retained
    assert everything == tuple(k for k in range(50) if k not in (3, 7))
    assert one.others == one.retained
