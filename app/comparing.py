"""`vitrine compare`: what differs between runs, then what they measured."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from app.asking import Refused, Studio, studio
from app.printing import as_json, number, plain, setting, table

EXAMPLE = """examples:
  vitrine compare 4kq 7mz last
  vitrine compare 4kq 7mz --csv > both.csv
  vitrine compare 4kq 7mz --save "Two intervals"      kept in the studio; prints its address"""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def add_compare(commands: Any) -> None:
    """Give the command line its `compare`."""
    parser = commands.add_parser(
        "compare",
        help="lay runs side by side: settings that differ, then metrics",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="ids, their beginnings, last, or one comparison's id"
    )
    parser.add_argument(
        "--baseline", metavar="RUN", help="what the others are measured against; else the first"
    )
    parser.add_argument("--all", action="store_true", help="also the settings that they share")
    parser.add_argument("--save", metavar="TITLE", help="keep the comparison in the studio")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--csv", action="store_true")
    parser.set_defaults(command=compare)


def compare(options: argparse.Namespace) -> None:
    place = studio()
    ids = runs_of(place, options.runs)
    view = place.get("compare", run=ids)
    baseline = place.run(options.baseline)["id"] if options.baseline else ""
    differences = place.get("compare/differences", run=ids, baseline=baseline)
    if options.json:
        print(as_json({**view, "differences": differences}))
    elif options.csv:
        csv.writer(sys.stdout).writerows(sheet(view))
    else:
        print(*lines_of(view, differences, everything=options.all), sep="\n")
    if options.save is not None:
        made = place.post(
            "comparisons", {"run_ids": ids, "title": options.save, "baseline": baseline}
        )
        kept = f"kept: {place.link(made['url'])}"
        print(kept, file=sys.stderr if options.json or options.csv else sys.stdout)


def runs_of(place: Studio, names: Sequence[str]) -> list[str]:
    """The ids of the runs that are meant; a comparison that is named alone stands for its own."""
    if len(names) == 1:
        try:
            found: list[str] = place.get(f"comparisons/{quote(names[0], safe='')}")["run_ids"]
            return found
        except Refused:
            pass  # a run, or nothing, as is told below
    return [place.run(name)["id"] for name in names]


def lines_of(
    view: dict[str, Any], differences: dict[str, Any], *, everything: bool = False
) -> Iterator[str]:
    """A comparison in words, from what REST says of the runs and of their differences."""
    runs = view["runs"]
    right = range(1, len(runs) + 1)
    rows = [["", *(run["title"] or run["method"] for run in runs)]]
    rows += [["id", *(run["id"] for run in runs)], ["status", *(run["status"] for run in runs)]]
    for row in (*view["differing"], *(view["common"] if everything else ())):
        rows.append([row["title"], *map(_value, row["values"], row["states"])])
    if view["common"] and not everything:
        rows += [[f"({len(view['common'])} settings are the same)", *("" for _ in runs)]]
    metrics = list(_metric_rows(view, differences))
    lines = list(table([*rows, *metrics], right))
    yield from lines[: len(rows)]
    if metrics:
        yield ""
        yield from lines[len(rows) :]
    yield from _apart(runs, differences)
    yield from _over_seeds(differences)
    if view["remark"]:
        yield ""
        yield view["remark"]


def _value(value: Any, state: str) -> str:
    return {"unused": "(not used)", "absent": "(none)"}.get(state) or setting(value)


def _metric_rows(view: dict[str, Any], differences: dict[str, Any]) -> Iterator[list[str]]:
    """A row a metric, with its interval; below it how much each run differs from the baseline, where that can be told."""
    names = {row["name"] for row in view["metrics"]}
    for row in view["metrics"]:
        name = row["name"]
        if name.removesuffix("_low") in names - {name} or name.removesuffix("_high") in names - {
            name
        }:
            continue  # an end of another's interval
        yield [name, *map(_interval, row["values"], row["low"], row["high"])]
        against = [run["differences"].get(name) for run in differences["runs"]]
        if any(each and each["mean"] for each in against):
            yield ["  less the baseline", *map(_difference, against)]


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    return number(value) if low is None else f"{number(value)} [{number(low)}, {number(high)}]"


def _difference(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    mean = f"{found['mean']:+.3g}"
    if found["over"] == "exact" or found["low"] is None:
        ends = ""
    else:
        ends = f" [{found['low']:.3g}, {found['high']:.3g}]"
    return f"{mean}{ends} {found['verdict']}"


def _apart(runs: Sequence[dict[str, Any]], differences: dict[str, Any]) -> Iterator[str]:
    """What pairs, and what cannot be compared and why."""
    told = differences["runs"]
    over = {each["over"]: each["n"] for run in told for each in run["differences"].values()}
    if over:
        first = next(run for run in runs if run["id"] == differences["baseline"])
        paired = ", ".join(f"{n} {what}" for what, n in over.items() if what != "exact")
        yield ""
        yield (
            f"baseline: {plain(first['title'] or first['method'])}"
            + (f"; 95 % intervals of paired differences over {paired}" if paired else "")
        )
    for run, each in zip(runs, told, strict=True):
        name = plain(run["title"] or run["method"])
        if each["apart"]:
            yield f"{name} was measured on something else: {', '.join(each['apart'])}"
    others = [run for run, each in zip(runs, told, strict=True) if each["other_seed"]]
    if others:
        names = ", ".join(
            f"{plain(run['title'] or run['method'])} ({run['seed']})" for run in others
        )
        yield f"of another seed, so that nothing pairs: {names}"


def _over_seeds(differences: dict[str, Any]) -> Iterator[str]:
    """Means over the seeds of the same settings, with their differences to the baseline's."""
    groups = differences["groups"]
    if not groups:
        return
    yield ""
    yield "means over seeds, with 95 % intervals"
    rows = [["", *(f"{each['title']} ({len(each['seeds'])})" for each in groups)]]
    for name in dict.fromkeys(name for each in groups for name in each["means"]):
        means = [each["means"].get(name) for each in groups]
        rows.append(
            [name, *(_interval(m["mean"], m["low"], m["high"]) if m else "–" for m in means)]
        )
        against = [each["differences"].get(name) for each in groups]
        if any(each and each["mean"] for each in against):
            rows.append(["  less the baseline", *map(_difference, against)])
    yield from table(rows, range(1, len(groups) + 1))


def sheet(view: dict[str, Any]) -> Iterator[list[Any]]:
    """Rows of a CSV: kind, name, and a column a run. A text that a spreadsheet would take for a formula gets an apostrophe."""
    runs = view["runs"]
    yield ["kind", "name", *(run["id"] for run in runs)]
    yield ["run", "title", *(_safe(run["title"]) for run in runs)]
    yield ["run", "status", *(run["status"] for run in runs)]
    for kind in ("differing", "common"):
        for row in view[kind]:
            yield ["setting", row["name"], *(_cell(value) for value in row["values"])]
    for row in view["metrics"]:
        yield ["metric", row["name"], *row["values"]]


def _cell(value: Any) -> Any:
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return _safe(setting(value))


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
