"""`vitrine nodes`: what it takes, does and prints."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.services import NodeRun

EXAMPLE = "vitrine nodes RUN --top 50 > flagged.csv; vitrine nodes RUN --format labels > labels.csv"


def add_nodes(commands: Any) -> None:
    """Give the command line its `nodes`."""
    parser = commands.add_parser(
        "nodes", help="print the nodes that a run ranked, the most anomalous first", epilog=EXAMPLE
    )
    parser.add_argument("run", nargs="?", metavar="RUN", help="without it: the runs there are")
    parser.add_argument("--top", type=int, default=0, help="only so many, the first; 0 for all")
    parser.add_argument(
        "--weight",
        type=float,
        help="of the attribute part, 0 to 1; without it: the run's own order",
    )
    parser.add_argument(
        "--review", default="", help="only those: none, any, confirm, dismiss or unsure"
    )
    parser.add_argument(
        "--format",
        choices=("csv", "json", "labels"),
        default="csv",
        help="labels: the reviewed nodes as a table of labels",
    )
    parser.add_argument("--labels", action="store_true", help="also what the graph's labels say")
    parser.set_defaults(command=print_nodes)


def print_nodes(options: argparse.Namespace) -> None:
    """Print as much as the reader takes; code 2 for what cannot be asked."""
    from backend import services

    services.open_database()
    try:
        pieces = lines_of_runs(services.node_runs()) if options.run is None else asked(options)
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()
    except services.ServiceError as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # as `head` ends it
        sys.stderr.close()
        sys.exit(1)


def asked(options: argparse.Namespace) -> Iterator[str]:
    """The pieces of what was asked for."""
    from backend import services

    run = services.find_run(options.run).id
    if options.format == "labels":
        return services.reviews_csv(run)
    cut = services.NodeCut(run, options.weight, options.top)
    filters = ["flagged:eq:true"] if options.top else []
    query = services.NodeQuery(cut, filters=filters, review=options.review, labels=options.labels)
    return services.nodes_json(query) if options.format == "json" else services.nodes_csv(query)


def lines_of_runs(runs: list[NodeRun]) -> Iterator[str]:
    """A line a run."""
    for run in runs:
        yield f"{run.id}  {run.status:<9}  {run.nodes:>9,} nodes  {run.detector or run.method} on {run.graph}  {run.title}\n"
