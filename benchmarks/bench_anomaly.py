"""How well detectors find the labelled nodes of graphs whose labels choose nothing: ours, PyGOD's, and scores without training.

    python -m benchmarks.bench_anomaly --graphs FOLDER              # books, disney, reddit, inj_cora, gen_500, gen_1000 as .pt
    python -m benchmarks.bench_anomaly --graphs FOLDER --only books disney --seeds 5
    python -m benchmarks.bench_anomaly --report                     # only writes the tables from the finished fits

A fit is a graph, a detector and a seed that starts everything afresh; finished ones are kept in results/anomaly.jsonl. One DiffGAD
fit gives several scores: its errors combined as the mean over the views, as mean ranks and as evidence, and the same of its plain
autoencoder, which is bit for bit the one that would be trained alone. Labels are read after all scores are there. Means and
standard deviations over seeds; the interval is a stratified bootstrap over the nodes for the first seed. Recall is at as many
nodes as there are positives.

"Oracle" is the best single noise level of the published settings by the labels themselves, the protocol of the authors' code: in a
column of its own, for it cannot be had without labels.

"Chosen elsewhere" takes, for each graph, the one of our scores that has the best mean AUC on all other graphs (the three of
one generator count as one, and neither of them is used for another of them), and reports it on this graph. Writes results/anomaly.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import numpy as np
import torch

from methods.anomaly.detectors.forest import isolation_forest
from methods.anomaly.detectors.pygod import Training, pygod_scores
from methods.anomaly.detectors.trivial import feature_norm, link_counts
from methods.anomaly.detectors.untrained import untrained_evidence
from methods.anomaly.diffgad import DiffGAD
from methods.anomaly.evaluation.judge import judge, point
from methods.anomaly.evidence import as_evidence, discordance
from methods.anomaly.graphs.graph import Graph
from methods.anomaly.graphs.reading import read_graph
from methods.anomaly.outcome import Outcome
from methods.anomaly.scaling import FeatureScale
from methods.anomaly.settings import FAST, OFFICIAL, hidden_width

RESULTS = Path(__file__).parent / "results"
KEPT = RESULTS / "anomaly.jsonl"
NAMES = ("disney", "books", "reddit", "inj_cora", "gen_500", "gen_1000")
INJECTED = frozenset({"inj_cora", "gen_500", "gen_1000"})
"""Labels by one generator: its habits on one of them say what to expect on the others."""
LARGE: Mapping[str, Mapping[str, Any]] = {
    "reddit": {**FAST, "hidden": 32},
    "inj_cora": {**FAST, "hidden": 64},
}
"""Fewer levels and steps where a fit would take an hour; the authors' width for reddit, and 64 instead of 512 for 1,433 features."""
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "z-scored": {},
    "raw, decay .01": {"scaling": "none", "weight_decay": 0.01},
}
"""Of DiffGAD, beside its defaults; all are fixed before any label is read."""
PYGOD = ("dominant", "gae", "cola", "conad")
DENSE = 6000
"""Nodes up to which detectors with n x n matrices are run here."""
FIGURES = ("auc", "ap", "recall")
SEEDS = 5

Scores = Mapping[str, np.ndarray[Any, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--graphs", type=Path)
    parser.add_argument("--only", nargs="*", choices=NAMES, default=list(NAMES))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--dense", type=int, default=DENSE, help="nodes up to which dense detectors run"
    )
    parser.add_argument("--pygod-device", default="cpu", help="where PyGOD's detectors are trained")
    parser.add_argument(
        "--pygod-only", nargs="*", choices=PYGOD, help="only these, and nothing else"
    )
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if not options.report:
        if options.graphs is None:
            parser.error("--graphs: the folder with the .pt files is needed")
        for name in options.only:
            measure(name, options.graphs / f"{name}.pt", range(options.seeds), options)
    report()


def measure(name: str, path: Path, seeds: Sequence[int], options: argparse.Namespace) -> None:
    """Run what is not there yet."""
    opened = read_graph(path)
    assert opened.labels is not None
    labels = opened.labels.anomalous
    done = {(each["graph"], each["fit"], each["seed"]) for each in finished()}
    asked = fits(name, opened.graph, options.dense, torch.device(options.pygod_device))
    wanted = options.pygod_only and {f"PyGOD {each}" for each in options.pygod_only}
    for fit, make in asked:
        if wanted and fit not in wanted:
            continue
        for seed in seeds if fit not in UNTRAINED else [0]:
            if (name, fit, seed) in done:
                continue
            begun = time.perf_counter()
            scores, oracle = make(seed)
            seconds = time.perf_counter() - begun
            row = {"graph": name, "fit": fit, "seed": seed, "seconds": seconds}
            row["scores"] = {each: figures(values, labels) for each, values in scores.items()}
            row["oracle"] = max((figures(each, labels)["auc"] for each in oracle), default=None)
            if seed == 0:
                row["intervals"] = {
                    each: intervals(values, labels) for each, values in scores.items()
                }
            with KEPT.open("a") as file:
                file.write(json.dumps(row) + "\n")
            best = ", ".join(f"{each} {value['auc']:.3f}" for each, value in row["scores"].items())
            say(f"{name} {fit} seed {seed}: {seconds:.1f} s; {best}")


UNTRAINED = ("without training",)
Made = tuple[Scores, Sequence[np.ndarray[Any, Any]]]
"""Scores by name, and those that an oracle may choose from."""


def fits(
    name: str, graph: Graph, dense: int, device: torch.device
) -> Iterator[tuple[str, Callable[[int], Made]]]:
    """All fits of one graph, by the name of what is fitted."""
    yield "without training", lambda _seed: (untrained(graph), ())
    for title, settings in SETTINGS.items():
        chosen = {**settings, **LARGE.get(name, {})}
        yield title, lambda seed, chosen=chosen: (combinations(graph, chosen, seed), ())
    if name in OFFICIAL:
        published = {**OFFICIAL[name], **LARGE.get(name, {})}
        yield "published", lambda seed: official(graph, published, seed)
    for each in PYGOD:
        if each in ("dominant", "conad") and graph.nodes > dense:
            continue
        yield f"PyGOD {each}", lambda seed, each=each: (pygod(each, graph, seed, device), ())


def untrained(graph: Graph) -> Scores:
    """What needs no training."""
    links = graph.csr()
    return {
        "out-degree": link_counts(links.indptr),
        "feature norm": feature_norm(graph.x),
        "discordance": discordance(graph.x, links).evidence,
        "Isolation Forest": isolation_forest(graph.x, 0),
        "untrained evidence": untrained_evidence(graph).score,
    }


def combinations(graph: Graph, settings: Mapping[str, Any], seed: int) -> Scores:
    """All scores that one fit of DiffGAD gives."""
    found = DiffGAD(seed, combine="mean", **settings).fit(graph).outcome_
    assert found.percentiles is not None
    plain = replace(found, attribute=found.plain_attribute, structure=found.plain_structure)
    return {
        "plain, mean": _weighted(plain),
        "plain, evidence": _evidence(plain, graph),
        "DiffGAD, mean": _weighted(found),
        "DiffGAD, ranks": found.percentiles.mean(0, dtype=np.float64),
        "DiffGAD, evidence": _evidence(found, graph),
    }


def official(graph: Graph, settings: Mapping[str, Any], seed: int) -> Made:
    """The authors' settings, label-free by mean ranks; and each level's score for the oracle."""
    found = DiffGAD(seed, **settings).fit(graph).outcome_
    assert found.percentiles is not None
    return {"published, ranks": found.score}, list(found.percentiles)


def pygod(name: str, graph: Graph, seed: int, device: torch.device) -> Scores:
    """One of PyGOD's at the settings of BOND that we hold fixed: 300 epochs, learning rate .01, decay .01, dropout .1."""
    scale = FeatureScale.of(graph.x, "none", 0.0)
    width = min(hidden_width(graph.x.shape[1]), 64)
    training = Training(
        hidden=width, epochs=300, dropout=0.1, learning_rate=0.01, weight_decay=0.01, alpha=0.5
    )
    try:
        scores = pygod_scores(
            name, scale.apply(graph.x), graph.edges, training, seed=seed, device=device
        )
    except ValueError as error:
        say(f"PyGOD {name}: {error}")
        return {}
    return {f"PyGOD {name}": scores}


def _weighted(found: Outcome) -> np.ndarray[Any, Any]:
    assert found.attribute is not None
    assert found.structure is not None
    return found.alpha * found.attribute + (1 - found.alpha) * found.structure


def _evidence(found: Outcome, graph: Graph) -> np.ndarray[Any, Any]:
    links = graph.csr()
    bare = replace(found, reasons=None)
    return as_evidence(bare, discordance(graph.x, links), links.sources()).score


def figures(scores: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> dict[str, float]:
    """AUC, AP, and recall at the number of positives."""
    measured = point(scores, labels, int((labels == 1).sum()))
    return {name: getattr(measured, name) for name in FIGURES}


def intervals(
    scores: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]
) -> dict[str, tuple[float, float]]:
    """95 % intervals of the same."""
    judged = judge(scores, labels, int((labels == 1).sum()))
    return {name: (getattr(judged, name).low, getattr(judged, name).high) for name in FIGURES}


def finished() -> list[dict[str, Any]]:
    """All fits so far."""
    if not KEPT.exists():
        return []
    return [json.loads(line) for line in KEPT.read_text().splitlines()]


def report() -> None:
    """Write and print the tables."""
    table = tabled(finished())
    chosen = chosen_elsewhere(table)
    setting = {
        "device": platform.processor() or platform.machine(),
        "versions": {name: version(name) for name in ("torch", "numpy", "scikit-learn", "pygod")},
    }
    written = {"setting": setting, "scores": table, "chosen elsewhere": chosen}
    (RESULTS / "anomaly.json").write_text(json.dumps(written, indent=1) + "\n")
    for figure in FIGURES:
        say(wide(table, figure))
    say(
        "\n| graph | chosen elsewhere | its AUC | plain, mean | best single score without training |"
    )
    say("|---|---|---|---|---|")
    for graph, row in chosen.items():
        trivial = f"{row['trivial']:.3f} ({row['trivial name']})"
        say(f"| {graph} | {row['score']} | {row['auc']:.3f} | {row['plain']:.3f} | {trivial} |")


def wide(table: Mapping[str, Mapping[str, Any]], figure: str) -> str:
    """A figure of every score on every graph: mean and deviation over seeds, interval of the first; oracles of AUC at the end."""
    names = list(dict.fromkeys(name for scores in table.values() for name in scores))
    names.sort(
        key=lambda name: -np.mean([s[name][figure]["mean"] for s in table.values() if name in s])
    )
    lines = [f"\n| {figure} | {' | '.join(table)} |", "|---|" + "---|" * len(table)]
    for name in names:
        cells = [_cell(scores[name], figure) if name in scores else "" for scores in table.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    if figure == "auc":
        best = [scores.get("published, ranks", {}).get("oracle") for scores in table.values()]
        cells = [f"{each:.3f}" if each else "" for each in best]
        lines.append(f"| *oracle: published, level chosen by labels* | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(entry: Mapping[str, Any], figure: str) -> str:
    low, high = entry[figure]["interval"]
    spread = f" ± {entry[figure]['sd']:.3f}" if entry["seeds"] > 1 else ""
    few = f" ({entry['seeds']} seeds)" if 1 < entry["seeds"] < SEEDS else ""
    return f"{entry[figure]['mean']:.3f}{spread} [{low:.2f}, {high:.2f}]{few}"


def say(text: str) -> None:
    """A line of the log."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def tabled(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Of each graph and score: mean, standard deviation, interval of the first seed."""
    found: dict[str, dict[str, Any]] = {}
    gathered: dict[tuple[str, str], list[tuple[Mapping[str, Any], str]]] = {}
    for row in rows:
        for name in row["scores"]:
            ours = row["fit"] in SETTINGS
            gathered.setdefault(
                (row["graph"], f"{name}, {row['fit']}" if ours else name), []
            ).append((row, name))
    for (graph, title), each in gathered.items():
        first = next((row for row, _ in each if "intervals" in row), None)
        oracles = [row["oracle"] for row, _ in each if row["oracle"] is not None]
        entry: dict[str, Any] = {
            "seeds": len(each),
            "seconds": float(np.median([row["seconds"] for row, _ in each])),
            "oracle": float(np.mean(oracles)) if oracles else None,
        }
        for figure in FIGURES:
            values = [row["scores"][name][figure] for row, name in each]
            entry[figure] = {
                "mean": float(np.mean(values)),
                "sd": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
                "interval": first["intervals"][each[0][1]][figure] if first else (0.0, 1.0),
            }
        found.setdefault(graph, {})[title] = entry
    return found


def chosen_elsewhere(table: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """For each graph the one of our scores that is best on the other graphs, and what it does here."""
    found: dict[str, dict[str, Any]] = {}
    for graph in table:
        others = [
            each for each in table if each != graph and not (graph in INJECTED and each in INJECTED)
        ]
        ours = [
            name
            for name in table[graph]
            if name.partition(", ")[0] in ("plain", "DiffGAD", "untrained evidence")
            and all(name in table[each] for each in others)
        ]
        if not others or not ours:
            continue
        best = max(ours, key=lambda name: _mean_auc(table, others, name))
        trivial = ("out-degree", "feature norm", "discordance", "Isolation Forest")
        strongest = max(trivial, key=lambda name: table[graph][name]["auc"]["mean"])
        found[graph] = {
            "score": best,
            "auc": table[graph][best]["auc"]["mean"],
            "plain": table[graph]["plain, mean, z-scored"]["auc"]["mean"],
            "trivial": table[graph][strongest]["auc"]["mean"],
            "trivial name": strongest,
        }
    return found


def _mean_auc(table: Mapping[str, Mapping[str, Any]], graphs: Sequence[str], name: str) -> float:
    """Mean over graphs, where those of one generator count as one."""
    injected = [table[each][name]["auc"]["mean"] for each in graphs if each in INJECTED]
    others = [table[each][name]["auc"]["mean"] for each in graphs if each not in INJECTED]
    return float(np.mean([*others, *([np.mean(injected)] if injected else [])]))


if __name__ == "__main__":
    main()
