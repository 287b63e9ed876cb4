"""How quick a million nodes are to record, page, weigh anew, search, review, export and delete.

    python -m benchmarks.bench_nodes [--nodes 1000000] [--rounds 5]

SQLite in a temporary folder. Rows are recorded through the `Context` of a run, while a second run with as many nodes is there
already; pages are asked of the services, 1,000 nodes have a review. Writes results/nodes.json.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from backend import lifecycle, services
from backend.context import RunContext
from backend.services import NodeCut, NodeQuery
from backend.settings import settings
from benchmarks import asking
from methods import METHODS
from storage import db
from storage.models import Run
from tests.toys import TOYS

GOAL_MS = 500
FIRST_GOAL_MS = 150
SHARD = 20_000
REVIEWED = 1000
OLD, NEW = "old", "new"


def node_id(position: int) -> str:
    return hashlib.sha256(b"node %d" % position).hexdigest()[:16]


def shards(count: int) -> Iterator[list[dict[str, Any]]]:
    """Rows as a detection gives them, best first, positions in no order."""
    draw = random.Random(0)
    positions = list(range(count))
    draw.shuffle(positions)
    for start in range(0, count, SHARD):
        yield [
            _row(position, start + place + 1, count, draw)
            for place, position in enumerate(positions[start : start + SHARD])
        ]


def _row(position: int, rank: int, count: int, draw: random.Random) -> dict[str, Any]:
    attribute, structure = draw.random(), draw.expovariate(1.0)
    percentile = 1 - (rank - 0.5) / count
    numbers = ("plain", "degree", "norm", "forest", "peer")
    return {
        "position": position,
        "rank": rank,
        "node_id": node_id(position),
        "name": f"Account {position * 7919 % count} of town {position % 977}",
        "score": percentile,
        "percentile": percentile,
        "error": 0.5 * attribute + 0.5 * structure,
        "attribute": attribute,
        "structure": structure,
        "degree": int(structure * 10),
        "in_degree": position % 13,
        **{f"{name}_percentile": draw.random() for name in numbers},
        "stability": 0.1 * draw.random(),
        "apart": draw.uniform(-1, 1),
        "flagged_neighbours": position % 3,
        "label": None,
    }


def record(run_id: str, count: int) -> tuple[float, float]:
    """Record nodes as a run does; gives seconds of CPU and by the clock, making the rows not counted."""
    with db.writing(settings().database_url) as session:
        run = session.get_one(Run, run_id)
        claim = lifecycle.claim(session, "bench", ["bench"], 3600.0, {})
    if claim is None or claim.run_id != run_id:
        raise RuntimeError(f"run {run_id} cannot be claimed")
    context = RunContext(claim, run, "cpu")
    spent = by_clock = 0.0
    for rows in shards(count):
        begun = time.process_time(), time.perf_counter()
        context.record("node", rows)
        context.tick()
        spent += time.process_time() - begun[0]
        by_clock += time.perf_counter() - begun[1]
    with db.writing(settings().database_url) as session:
        figures = {"nodes": float(count), "flagged": float(count // 100)}
        lifecycle.finish(session, claim, "succeeded", metrics=figures)
    return spent, by_clock


def queue(run_id: str) -> None:
    values: dict[str, Any] = {"params_hash": "0", "seed": 0, "code_version": "0"}
    config = {"detector": "diffgad", "graph": "bench"}
    with db.writing(settings().database_url) as session:
        session.add(Run(id=run_id, method="b", family="b", queue="bench", config=config, **values))


def review(count: int) -> None:
    """A verdict on every tenth of the first nodes, and on others anywhere."""
    draw = random.Random(1)
    rows = services.list_nodes(NodeQuery(NodeCut(NEW)), limit=1000).rows
    subjects = [row["node_id"] for row in rows[::2]]
    subjects += [node_id(draw.randrange(count)) for _ in range(REVIEWED - len(subjects))]
    services.put_reviews("node", subjects, {"verdict": "confirm"})


def questions(count: int) -> dict[str, Callable[[], Any]]:
    """What pages ask, by what it is called in the table."""

    def page(
        sort: str = "",
        descending: bool = False,
        offset: int = 0,
        weight: float | None = None,
        **wanted: Any,
    ) -> Any:
        query = NodeQuery(NodeCut(NEW, weight), **wanted)
        return lambda: services.list_nodes(
            query, sort=sort, descending=descending, offset=offset, limit=50
        )

    draw = random.Random(2)
    return {
        "first page": page(),
        "page at 90 %": page(offset=count * 9 // 10),
        "one node by its position": page(filters=["position:eq:7"]),
        "by degree": page("degree", True),
        "by degree, page at 90 %": page("degree", True, offset=count * 9 // 10),
        "by stability, in the middle": page("stability", offset=count // 2),
        "a weight that is new": lambda: page(weight=draw.random())(),
        "weight .3": page(weight=0.3),
        "weight .3, page 20": page(weight=0.3, offset=1000),
        "weight .3, page at 90 %": page(weight=0.3, offset=count * 9 // 10),
        "weight .3, in the middle": page(weight=0.3, offset=count // 2),
        "weight .3, flagged only": page(weight=0.3, filters=["flagged:eq:true"]),
        "two words of names": page(text="account town 77"),
        "a word that is nowhere": page(text="zebra"),
        "an id": page(text=node_id(7)),
        "apart > .9 and degree < 3": page(filters=["apart:gt:0.9", "degree:lt:3"]),
        "confirmed": page(review="confirm"),
        "not reviewed": page(review="none"),
        "confirmed, weight .3": page(review="confirm", weight=0.3),
        "not reviewed, weight .3": page(review="none", weight=0.3),
        "next unreviewed": lambda: services.next_node(NodeCut(NEW), 7),
        "next unreviewed, weight .3": lambda: services.next_node(NodeCut(NEW, 0.3), 7),
        "next unreviewed, a weight that is new": lambda: services.next_node(
            NodeCut(NEW, draw.random()), 7
        ),
        "runs": services.node_runs,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    METHODS.update(TOYS)
    count = options.nodes
    with asking.studio():
        figures: dict[str, Any] = {"nodes": count, "rounds": options.rounds, "goal_ms": GOAL_MS}
        for run_id in (OLD, NEW):
            before = services.disk().database_bytes
            queue(run_id)
            spent, by_clock = record(run_id, count)
        figures["record"] = {"cpu_s": spent, "clock_s": by_clock, "rows_per_cpu_s": count / spent}
        figures["bytes_a_node"] = (services.disk().database_bytes - before) / count
        review(count)
        figures["asked"] = asking.ask(questions(count), options.rounds)
        figures["delete_run_ms"] = asking.delete(NEW)
    asking.report("nodes", figures, f"{count:,} nodes", GOAL_MS)


if __name__ == "__main__":
    main()
