"""The payments world: what ships is what the script makes, and what was planted is there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from methods.worlds import payments
from methods.worlds.payments.data import RING_SIZE, RINGS, World, make, write


@pytest.fixture(scope="module")
def world() -> World:
    return make()


def digest(folder: Path) -> dict[str, str]:
    return {
        each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in folder.glob("*.csv")
    }


def test_what_ships_is_what_the_script_makes(world: World, tmp_path: Path) -> None:
    write(world, tmp_path)
    assert digest(tmp_path) == digest(payments.folder())
    assert sum(each.stat().st_size for each in payments.folder().iterdir()) < 1_000_000


def test_accounts_of_a_ring_all_pay_each_other(world: World) -> None:
    rung = {place for place, kind in enumerate(world.planted) if kind == "structural"}
    assert len(rung) == RINGS * RING_SIZE
    paid = set(world.payments)
    for account in rung:
        mutual = {v for v in rung if (account, v) in paid and (v, account) in paid}
        assert len(mutual) >= RING_SIZE - 1


def test_swapped_accounts_have_the_habits_of_another(world: World) -> None:
    rows = [tuple(row) for row in world.habits.tolist()]
    swapped = [place for place, kind in enumerate(world.planted) if kind == "contextual"]
    assert len(swapped) == RINGS * RING_SIZE
    others = {row for place, row in enumerate(rows) if place not in set(swapped)}
    assert (
        sum(rows[place] in others for place in swapped) >= len(swapped) - 5
    )  # some of one another's


def test_names_differ_and_habits_are_in_range(world: World) -> None:
    assert len(set(world.names)) == len(world.names) == len(world.habits)
    assert np.isfinite(world.habits).all()
    assert (world.habits >= 0).all()
    assert (world.habits[:, 3:8] <= 100).all()
    assert (payments.folder().parent / "CARD.md").is_file()
