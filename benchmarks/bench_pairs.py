"""How quick 100,000 preference pairs are to page, sort, filter and plot, with a training run and reviews beside them.

    python -m benchmarks.bench_pairs [--pairs 100000] [--rounds 9]

SQLite in a temporary folder, asked through the services; one row of steps a pair, 500 reviews, some 2 kB of text and
pieces a pair. Writes results/pairs.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

from backend import services
from backend.services import PairQuery
from benchmarks import asking
from tests.toys.pairs import TrainingConfig, pair, pair_id, pair_steps

GOAL_MS = 200
REVIEWS = 500
BATCH = 1000
MORE_TEXT = " ".join(["Behind it stands a wall, and nobody knows who built it."] * 6)


def pair_blocks(count: int) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, count, BATCH):
        found = [pair(each) for each in range(start, min(start + BATCH, count))]
        yield [
            row | {"chosen": f"{row['chosen']} {MORE_TEXT}", "spare": MORE_TEXT * 2}
            for row in found
        ]


def step_blocks(count: int) -> Iterator[list[dict[str, Any]]]:
    config = TrainingConfig(pairs=count, batch=min(BATCH, count))
    for number in range(-(-count // BATCH)):
        yield list(pair_steps(config, number))


def questions(count: int) -> dict[str, Callable[[], Any]]:
    """What pages ask, by what it is called in the table."""

    def page(sort: str = "", descending: bool = False, offset: int = 0, **wanted: Any) -> Any:
        query = PairQuery("hardness", **wanted)
        return lambda: services.list_pairs(
            query, sort=sort, descending=descending, offset=offset, limit=50
        )

    trained: dict[str, Any] = {"training": "training"}
    both = PairQuery("hardness", **trained)
    contested = ["delta:lt:0"]
    return {
        "first page": page(),
        "page at 90 %": page(offset=count * 9 // 10),
        "sorted by delta": page("delta"),
        "contested, hardest first": page("delta", filters=contested),
        "one level, sorted by length gap": page("length_gap", filters=["level:eq:hard"]),
        "sorted by gap of the training": page("gap", **trained),
        "contested and gap > 1, by weight": page(
            "weight", True, filters=[*contested, "gap:gt:1"], **trained
        ),
        "sorted by kept share, in the middle": page("kept_share", offset=count // 2, **trained),
        "not reviewed, by delta": page("delta", review="none"),
        "flipped": page(review="flip"),
        "with a tag": page(tag="blurry"),
        "two words in the texts": page(text="purple ring"),
        "a word that is nowhere": page(text="zebra"),
        "5,000 points with gap": lambda: services.pair_points(both, 5000),
        "histogram of delta": lambda: services.pair_histogram(PairQuery("hardness")),
        "histogram of gap": lambda: services.pair_histogram(both, "gap"),
        "steps of a pair": lambda: services.pair_steps("training", pair_id(7)),
        "heaviest pairs of the last 20 steps": lambda: services.heaviest_pairs("training"),
        "trainings of a set": lambda: services.pair_trainings("hardness"),
        "sets": services.pair_sets,
    }


def review(count: int) -> None:
    for number in range(min(REVIEWS, count)):
        tags = ["blurry"] if number % 5 == 0 else []
        verdict = ("keep", "flip", "drop")[number % 3]
        place = number * (count // min(REVIEWS, count))
        services.put_review("pair", pair_id(place), {"verdict": verdict, "tags": tags})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    count = asked.pairs
    with asking.studio():
        figures: dict[str, Any] = {"pairs": count, "rounds": asked.rounds, "goal_ms": GOAL_MS}
        asking.add_run("hardness")
        asking.add_run("training")
        figures["write_pair_ms"] = asking.write("hardness", "pair", pair_blocks(count))
        figures["write_pair_step_ms"] = asking.write("training", "pair_step", step_blocks(count))
        review(count)
        figures["asked"] = asking.ask(questions(count), asked.rounds)
        figures["delete_both_runs_ms"] = asking.delete("training", "hardness")
    asking.report("pairs", figures, f"{count:,} pairs", GOAL_MS)


if __name__ == "__main__":
    main()
