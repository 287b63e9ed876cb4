"""`vitrine sweep`: every combination of some settings, as a request; its plan as lines to read."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.values import Fields, axis_of, pairs_of, settings_from

if TYPE_CHECKING:
    from backend.services import SweepPlan, SweepRequest

EXAMPLE = "vitrine sweep caching.sample --set correction=goc --axis interval=2,4 --axis weight=.3,.6 --seeds 0,1,2,3"


def add_sweep(commands: Any) -> None:
    """Give the command line its `sweep`."""
    parser = commands.add_parser(
        "sweep",
        help="queue every combination of some settings, over several seeds",
        epilog=EXAMPLE,
    )
    parser.add_argument("method", help="such as caching.sample")
    repeated: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument("--set", **repeated, metavar="NAME=VALUE", help="a setting of all runs")
    parser.add_argument("--axis", **repeated, metavar="NAME=A,B", help="values to combine")
    parser.add_argument("--seeds", default="0", metavar="A,B", help="seeds of each combination")
    parser.add_argument("--title", default="")
    parser.add_argument(
        "--no-controls", action="store_true", help="without plain reuse, fewer steps and the like"
    )
    parser.add_argument("--plan", action="store_true", help="say what would run, queue nothing")
    parser.set_defaults(command=sweep)


def sweep(options: argparse.Namespace) -> None:
    """Print the plan and, unless only that was asked for, queue it; workers of a running studio take it up."""
    from backend import services
    from backend.settings import settings

    try:
        request = request_of(options)
        services.open_database()  # a prior may be another run's, so the plan needs it too
        print(*lines_of(services.plan_sweep(request), len(request.seeds)), sep="\n")
        if not options.plan:
            made = services.launch_sweep(request)
            print(f"queued: {settings().address}/sweep?id={made.id}")
    except (services.MethodError, services.ServiceError, ValueError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)


def request_of(options: argparse.Namespace) -> SweepRequest:
    """What a person typed as a request.

    Raises:
        ValueError: a pair is no NAME=VALUE, a name is given twice, or a seed is no whole number.
    """
    from backend.services import SweepRequest

    fields = fields_of(options.method)
    return SweepRequest(
        method=options.method,
        config=settings_from(fields, options.set),
        axes=pairs_of(
            "--axis", options.axis, lambda name, text: axis_of(fields.get(name, {}), text)
        ),
        seeds=[_seed(part) for part in options.seeds.split(",")],
        controls=not options.no_controls,
        title=options.title,
    )


def settings_of(method: str, texts: Sequence[str]) -> dict[str, Any]:
    """What --set gave, as the settings of the method want it.

    Raises:
        ValueError: one is no NAME=VALUE, or a name is given twice.
    """
    return settings_from(fields_of(method), texts)


def fields_of(method: str) -> Fields:
    """The JSON schema of each setting; empty where there is no such method."""
    from backend import services

    known = services.methods().get(method)
    return {} if known is None else known.config.model_json_schema()["properties"]


def lines_of(plan: SweepPlan, seeds: int) -> list[str]:
    """A plan in words, one thing a line."""
    return [
        f"{_count(len(plan.cells), 'cell')} x {_count(seeds, 'seed')} = {_count(plan.runs, 'run')}",
        f"about {plan.seconds:.0f} s in all, up to {plan.memory_mb:,.0f} MB",
        *(f"  {cell.title}" for cell in plan.cells),
        *(f"  left out, {x.count} of {plan.combinations}: {x.reason}" for x in plan.left_out),
    ]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"seeds: whole numbers are allowed, got {text!r}") from None
