"""How quick 100,000 instruction rows are to page, sort, filter and mark, with requests beside them.

    python -m benchmarks.bench_instructions [--rows 100000] [--rounds 9]

SQLite in a temporary folder, asked through the services; some 400 bytes of text a row, 200 requests, one of them with
1,000 marks. Writes results/instructions.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

from backend import services
from backend.services import Change, InstructionQuery, Marks
from backend.settings import settings
from benchmarks import asking
from methods import METHODS
from storage import db
from storage.kept import Erasure
from tests.toys import TOYS
from tests.toys.erasing import row, row_id

GOAL_MS = 150
MARKED = 1000
REQUESTS = 200
BATCH = 1000
MORE_TEXT = " ".join(["It opens at nine, and closes when the last bell has rung."] * 6)


def blocks(count: int) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, count, BATCH):
        found = [row(each) for each in range(start, min(start + BATCH, count))]
        yield [each | {"answer": f"{each['answer']} {MORE_TEXT}"} for each in found]


def request(count: int) -> str:
    """The id of a request with many marks; others with few stand beside it."""
    few = {row_id(0): {"position": 0, "prompt": "a", "answer": "b", "remove": True}}
    with db.writing(settings().database_url) as session:
        for number in range(REQUESTS):
            values: dict[str, Any] = {"table_run": "table", "source": {}, "file": f"{number:064x}"}
            session.add(Erasure(method="toy.erase", items=few, decision="approved", **values))
    step = max(1, count // MARKED)
    removed = [row_id(number) for number in range(0, count, step)][:MARKED]
    return services.create_request("table", marks=Marks(removed)).id


def questions(count: int, request_id: str) -> dict[str, Callable[[], Any]]:
    """What pages ask, by what it is called in the table."""

    def page(sort: str = "", descending: bool = False, offset: int = 0, **wanted: Any) -> Any:
        query = InstructionQuery("table", **wanted)
        return lambda: services.list_instructions(
            query, sort=sort, descending=descending, offset=offset, limit=50
        )

    wrong = ["kind:eq:wrong"]
    marked: dict[str, Any] = {"marked": request_id}
    return {
        "first page": page(),
        "by position": page("position"),
        "page at 90 %": page("position", offset=count * 9 // 10),
        "highest loss first": page("loss", True),
        "by self-influence, in the middle": page("self_influence", True, offset=count // 2),
        "one kind, highest loss first": page("loss", True, filters=wrong),
        "loss > 0.5 and long, by tokens": page("tokens", filters=["loss:gt:0.5", "tokens:gt:8"]),
        "two words in the texts": page(text="florist mill"),
        "a word that is nowhere": page(text="zebra"),
        "an id": page(text=row_id(7)),
        "with 1,000 marks beside": page("loss", True, **marked),
        "only the 1,000 marked, by loss": page("loss", True, which="only", **marked),
        "without the 1,000 marked, by loss": page("loss", True, which="not", **marked),
        "tables": services.instruction_tables,
        "a request with 1,000 marks": lambda: services.get_request(request_id),
        "201 requests": services.list_requests,
        "put a mark among 1,000": lambda: services.put_mark(
            request_id, row_id(0), Change(remove=True)
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    METHODS.update(TOYS)
    with asking.studio():
        figures: dict[str, Any] = {"rows": asked.rows, "rounds": asked.rounds, "goal_ms": GOAL_MS}
        asking.add_run("table")
        figures["write_instruction_ms"] = asking.write("table", "instruction", blocks(asked.rows))
        made = request(asked.rows)
        figures["asked"] = asking.ask(questions(asked.rows, made), asked.rounds)
        figures["delete_run_ms"] = asking.delete("table")
    asking.report("instructions", figures, f"{asked.rows:,} instruction rows", GOAL_MS)


if __name__ == "__main__":
    main()
