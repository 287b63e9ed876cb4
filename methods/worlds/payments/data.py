"""Makes the accounts, their payments, and what is planted among them.

    python -m methods.worlds.payments.data            # a second; writes files/

An account lives in one of twelve districts and is a person's, a shop's or a firm's. Habits follow from the district, a little from
the kind, and the rest is chance; payments stay within the district mostly. So an account's habits can be guessed from those it
deals with, and no district is further from the average than another: being unusual for where one lives is what is odd, not being
unusual.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from methods.worlds.payments import FILES

Array = npt.NDArray[Any]

SEED = 5
NUMBERS = {"person": 1400, "shop": 260, "firm": 140}
KINDS = tuple(NUMBERS)
DISTRICTS = 12
HABITS: dict[str, tuple[float, float]] = {
    "turnover [EUR per month]": (2600, 0.45),
    "payments [per week]": (14, 0.45),
    "typical payment [EUR]": (55, 0.45),
    "night share [%]": (8, 0.6),
    "weekend share [%]": (24, 0.4),
    "cash share [%]": (14, 0.6),
    "foreign share [%]": (4, 0.7),
    "new counterparties [%]": (15, 0.45),
    "account age [days]": (2300, 0.5),
}
"""Median, and the spread of the logarithm that goes with one unit of what follows."""
OF_KIND = 0.4 * np.array(
    [
        [-0.3, -0.3, 0, 0, 0, 0, 0, 0, 0],
        [0.8, 1.2, -0.5, 0, 0.2, 0.3, 0, 0.8, 0],
        [1.5, 0.8, 1.2, -0.8, -1.2, -1, 0.4, -0.5, 0.5],
    ]
)
CHANCE = 0.4
PAYEES = np.array([[0.35, 0.5, 0.15], [0.3, 0.2, 0.5], [0.6, 0.1, 0.3]])
"""Share of payees of each kind, by the payer's kind."""
PAID, PAID_SPREAD = 6.0, 0.75
"""Payees of an account: median and spread of the logarithm of their mean number."""
KNOWN_SPREAD = 0.9
"""Spread of the logarithm of how well known an account is as a payee."""
LOCAL = 0.85
"""Share of payments that stay within the district."""
RINGS, RING_SIZE = 4, 10
CANDIDATES = 50
"""Accounts among which the furthest is sought, whose habits an account then has (k of BOND's protocol)."""

FIRST_NAMES = (
    "Ada Bo Cleo Dag Elin Finn Greta Hal Ines Jory Kaia Lorn Mira Nils Oda Pell Runa Sten Tove Ulf Vida Wim Yrsa Zeno"
).split()
ONSETS = "Br D F G H K L M N P R S T V St Kr".split()
ENDINGS = "andt elsen igsby omarr unden ellow irken ostad".split()
SHOPS = "Bakery Books Cycles Florist Grocer Hardware Café Pharmacy Shoes Toys".split()
FIRMS = "Timber Freight Foundry Energy Textiles Instruments Dairy Masonry".split()


@dataclass
class World:
    """All accounts: names, habits (n, 9), payments (payer, payee), and what was planted: kinds by account, "" for none."""

    names: list[str]
    habits: Array
    payments: list[tuple[int, int]]
    planted: list[str]


def make(seed: int = SEED) -> World:
    """The whole world; the same for a seed."""
    rng = np.random.default_rng(seed)
    kinds = np.repeat(range(len(KINDS)), list(NUMBERS.values()))
    district = rng.integers(0, DISTRICTS, len(kinds))
    names = _names(rng, kinds)
    habits = _habits(rng, kinds, district)
    payments = _payments(rng, kinds, district)
    planted = [""] * len(kinds)
    chosen = rng.choice(len(kinds), 2 * RINGS * RING_SIZE, replace=False)
    rings, swapped = np.split(chosen, 2)
    for ring in rings.reshape(RINGS, RING_SIZE).tolist():
        payments |= set(permutations(ring, 2))
    for account, other in _furthest(rng, habits, swapped):
        habits[account] = other
    for account in rings:
        planted[account] = "structural"
    for account in swapped:
        planted[account] = "contextual"
    return World(names, habits, sorted(payments), planted)


def _names(rng: np.random.Generator, kinds: Array) -> list[str]:
    found: dict[str, None] = {}
    for kind in kinds:
        name = _name(rng, kind)
        while name in found:
            name = _name(rng, kind)
        found[name] = None
    return list(found)


def _name(rng: np.random.Generator, kind: int) -> str:
    last = f"{rng.choice(ONSETS)}{rng.choice(ENDINGS)}"
    if KINDS[kind] == "person":
        return f"{rng.choice(FIRST_NAMES)} {last}"
    if KINDS[kind] == "shop":
        return f"{last}'s {rng.choice(SHOPS)}"
    return f"{last} {rng.choice(FIRMS)} Ltd"


def _habits(rng: np.random.Generator, kinds: Array, district: Array) -> Array:
    of_district = rng.normal(size=(DISTRICTS, len(HABITS)))
    of_district -= of_district.mean(axis=0)
    of_district *= len(HABITS) ** 0.5 / np.linalg.norm(of_district, axis=1, keepdims=True)
    chance = rng.normal(size=(len(kinds), len(HABITS)))
    median, spread = np.array(list(HABITS.values())).T
    habits = median * np.exp(spread * (of_district[district] + OF_KIND[kinds] + CHANCE * chance))
    shares = [name.endswith("[%]") for name in HABITS]
    habits[:, shares] = np.minimum(habits[:, shares], 100)
    rounded: Array = np.round(habits, 1)
    return rounded


def _payments(rng: np.random.Generator, kinds: Array, district: Array) -> set[tuple[int, int]]:
    known = rng.lognormal(0, KNOWN_SPREAD, len(kinds))
    mean = rng.lognormal(np.log(PAID), PAID_SPREAD, len(kinds))
    everywhere = np.ones(len(kinds), bool)
    pools = {
        (where, kind): np.flatnonzero(
            (everywhere if where < 0 else district == where) & (kinds == kind)
        )
        for where in range(-1, DISTRICTS)
        for kind in range(len(KINDS))
    }
    found: set[tuple[int, int]] = set()
    for payer in range(len(kinds)):
        for _ in range(1 + rng.poisson(mean[payer])):
            kind = rng.choice(len(KINDS), p=PAYEES[kinds[payer]])
            where = district[payer] if rng.random() < LOCAL else -1
            pool = pools[where, kind]
            payee = int(rng.choice(pool, p=known[pool] / known[pool].sum()))
            if payee != payer:
                found.add((payer, payee))
    return found


def _furthest(rng: np.random.Generator, habits: Array, accounts: Array) -> list[tuple[int, Array]]:
    """For each account the habits of the furthest of some others, by standardised logarithms."""
    scaled = np.log(np.maximum(habits, 0.05))
    scaled = (scaled - scaled.mean(axis=0)) / scaled.std(axis=0)
    found = []
    for account in accounts.tolist():
        others = rng.choice(len(habits), CANDIDATES, replace=False)
        far = others[np.argmax(((scaled[others] - scaled[account]) ** 2).sum(axis=1))]
        found.append((account, habits[far].copy()))
    return found


def write(world: World, folder: Path = FILES) -> None:
    """Write nodes.csv, edges.csv and labels.csv."""
    folder.mkdir(exist_ok=True)
    names, planted = world.names, world.planted
    accounts = ([name, *row] for name, row in zip(names, world.habits.tolist(), strict=True))
    _write(folder / "nodes.csv", ["name", *HABITS], accounts)
    ends = ([names[payer], names[payee]] for payer, payee in world.payments)
    _write(folder / "edges.csv", ["source", "target"], ends)
    labels = ([name, int(bool(kind)), kind] for name, kind in zip(names, planted, strict=True))
    _write(folder / "labels.csv", ["name", "label", "kind"], labels)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    write(make())
