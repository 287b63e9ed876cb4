"""What each ingredient of DAMO changes, against plain DPO and SFT, with paired seeds on the scenes world.

    python -m benchmarks.bench_alignment_arms                     # the arms: 5 seeds of each, on the split "test"
    python -m benchmarks.bench_alignment_arms --tune              # the grid from which the settings were taken, on the split "tune"
    python -m benchmarks.bench_alignment_arms --pairs scenes-noisy         # every fifth label turned round
    python -m benchmarks.bench_alignment_arms --learning-rate 2e-3         # where plain DPO goes too far
    python -m benchmarks.bench_alignment_arms --sft-weight .2              # with an anchor to the chosen answers

Every arm of a seed starts from the same model and sees the same pairs in the same order; the seed sets that order, the adapter's
first weights and the filter's draws. Learning rate, steps and anchor are the same for all arms; they were chosen for plain DPO
on scenes of the split "tune", which nothing reported here has touched. Figures are means over seeds with 95 % intervals by Student's t,
and differences from DPO paired by seed. Each finished run is appended to a file of lines, so that a stopped benchmark goes on
where it was. Writes results/alignment_arms_<pairs>.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import torch

from methods.alignment.hallucination.scenes import score_scenes
from methods.alignment.training.closing import RATES, describe_scenes, held_out_scenes
from methods.alignment.training.config import TrainConfig
from methods.alignment.training.models import load_model
from methods.alignment.training.run_train import run
from methods.alignment.training.sources import locate
from methods.intervals import mean_of
from methods.local import LocalContext
from methods.worlds.llava.data import PHANTOMS

RESULTS = Path(__file__).parent / "results"
ARMS = ("dpo", "data_aware", "model_aware", "damo", "sft", "beta_dpo")
CPU = torch.device("cpu")
SETTINGS: dict[str, Any] = {
    "max_pairs": 500,
    "eval_pairs": 100,
    "max_steps": 60,
    "batch_size": 16,
    "learning_rate": 5e-4,
}
"""The same for all arms."""
GRID = {"learning_rate": (5e-4, 1e-3, 2e-3), "sft_weight": (0.0, 0.2)}
SCENES = {"test": 300, "tune": 150}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS[:5]))
    parser.add_argument("--pairs", choices=("scenes", "scenes-noisy"), default="scenes")
    parser.add_argument("--learning-rate", type=float, default=SETTINGS["learning_rate"])
    parser.add_argument("--sft-weight", type=float, default=0.0, help="anchor, of all arms but SFT")
    parser.add_argument("--tune", action="store_true", help="the grid, for DPO, on the split tune")
    parser.add_argument("--lines", type=Path, default=None, help="where finished runs are appended")
    options = parser.parse_args()
    torch.set_num_threads(1)
    kind = f"tuning_{options.pairs}" if options.tune else options.pairs
    settings = {**SETTINGS, "pairs": options.pairs, "learning_rate": options.learning_rate}
    if options.learning_rate != SETTINGS["learning_rate"]:
        kind += f"_rate{options.learning_rate:g}"
    if options.sft_weight:
        kind += f"_anchor{options.sft_weight:g}"
    lines = options.lines or RESULTS / f"alignment_arms_{kind}.jsonl"
    lines.parent.mkdir(parents=True, exist_ok=True)
    split = "tune" if options.tune else "test"
    wanted = grid() if options.tune else arms(options.arms, options.seeds, options.sft_weight)
    done = finished(lines)
    measure_before(lines, done, split)
    for seed, changes in wanted:
        key = key_of(seed, changes, options.pairs)
        if not any(row["key"] == key for row in done):
            row = measure(seed, {**settings, **changes}, split)
            append(lines, {"key": key, "seed": seed, **changes, **row})
            sys.stdout.write(f"{key} {json.dumps(row)[:300]}\n")
            sys.stdout.flush()
        done = finished(lines)
    report = {"setting": setting(settings, split), "runs": done}
    if not options.tune:
        report["table"] = table(done, options.arms)
        sys.stdout.write(printed(report["table"]))
    (RESULTS / f"alignment_arms_{kind}.json").write_text(json.dumps(report, indent=1) + "\n")


def arms(names: Sequence[str], seeds: int, anchor: float) -> list[tuple[int, dict[str, Any]]]:
    """Seed by seed, so that what is there is always paired; SFT needs no anchor to itself."""
    changes = [
        {"objective": name, **({"sft_weight": anchor} if anchor and name != "sft" else {})}
        for name in names
    ]
    return [(seed, change) for seed in range(seeds) for change in changes]


def grid() -> list[tuple[int, dict[str, Any]]]:
    changes = [dict(zip(GRID, values, strict=True)) for values in product(*GRID.values())]
    return [(0, {"objective": "dpo", **each}) for each in changes] + [
        (0, {"objective": "sft", "learning_rate": rate}) for rate in GRID["learning_rate"]
    ]


def key_of(seed: int, changes: dict[str, Any], pairs: str) -> str:
    return json.dumps([seed, pairs, *sorted(changes.items())])


def measure_before(lines: Path, done: list[dict[str, Any]], split: str) -> None:
    """The untrained model, once."""
    if not any(row["key"] == "before" for row in done):
        append(lines, {"key": "before", "objective": "before", "seed": 0, **described(None, split)})


def measure(seed: int, settings: dict[str, Any], split: str) -> dict[str, Any]:
    """Train once, then count what the model makes up."""
    with tempfile.TemporaryDirectory() as folder:
        context = LocalContext(folder, seed=seed)
        begun = time.perf_counter()
        result = run(TrainConfig(evaluate_scenes=0, **settings), context)
        seconds = time.perf_counter() - begun
        with (context.folder / "held_out.csv").open() as file:
            held_out = list(csv.DictReader(file))
        found = described(context.folder / "adapter.zip", split)
    levels = {
        level: {
            "accuracy": mean(row["right"] == "True" for row in held_out if row["level"] == level),
            "gap": mean(float(row["gap"]) for row in held_out if row["level"] == level),
        }
        for level in sorted({row["level"] for row in held_out})
    }
    trained = {name: round(value, 5) for name, value in result.metrics.items()}
    return {**found, "levels": levels, "trained": trained, "seconds": round(seconds, 1)}


def described(adapter: Path | None, split: str) -> dict[str, Any]:
    """Rates on held-out scenes: all, those on a background with a phantom, and the rest."""
    loaded = load_model("scenes", CPU, adapter=adapter)
    scenes = held_out_scenes(SCENES[split], split)
    texts = describe_scenes(loaded, scenes, lambda _count: None)
    found: dict[str, Any] = rates(texts, scenes)
    for name, biased in (("biased", True), ("plain", False)):
        part = [
            (text, scene)
            for text, scene in zip(texts, scenes, strict=True)
            if (scene.scene.background in PHANTOMS) is biased
        ]
        found[name] = rates([text for text, _ in part], [scene for _, scene in part])
    return found


def rates(texts: Sequence[str], scenes: Sequence[Any]) -> dict[str, float | None]:
    scores = score_scenes(texts, scenes)
    return {name: scores[name].value for name in RATES}


def mean(values: Any) -> float:
    listed = [float(value) for value in values]
    return sum(listed) / len(listed)


def finished(lines: Path) -> list[dict[str, Any]]:
    if not lines.is_file():
        return []
    return [json.loads(line) for line in lines.read_text().splitlines() if line.endswith("}")]


def append(lines: Path, row: dict[str, Any]) -> None:
    with lines.open("a") as file:
        file.write(json.dumps(row) + "\n")


def table(runs: list[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Means over seeds, and differences from DPO paired by seed."""
    before = next(row for row in runs if row["objective"] == "before")
    by_arm = {
        name: {row["seed"]: row for row in runs if row["objective"] == name} for name in names
    }
    rows = [{"arm": "before", **{name: {"mean": before[name]} for name in RATES}}]
    for name, found in by_arm.items():
        if not found:
            continue
        row: dict[str, Any] = {"arm": name, "seeds": len(found)}
        for rate in RATES:
            row[rate] = interval([each[rate] for each in found.values()])
            shared = sorted(set(found) & set(by_arm.get("dpo", {})))
            if name != "dpo" and shared:
                row[f"{rate}_against_dpo"] = interval(
                    [found[seed][rate] - by_arm["dpo"][seed][rate] for seed in shared]
                )
        for part in ("biased", "plain"):
            row[f"chair_i_{part}"] = interval([each[part]["chair_i"] for each in found.values()])
        levels = next(iter(found.values()))["levels"]
        row["levels"] = {
            level: {
                what: interval([each["levels"][level][what] for each in found.values()])
                for what in ("accuracy", "gap")
            }
            for level in levels
        }
        rows.append(row)
    return rows


def interval(values: Sequence[float]) -> dict[str, Any]:
    found = mean_of(values)
    return {"mean": found.mean, "low": found.low, "high": found.high, "n": found.n}


def printed(rows: list[dict[str, Any]]) -> str:
    lines = ["| arm | " + " | ".join(RATES) + " | chair_i against DPO |", "|---" * 7 + "|"]
    for row in rows:
        cells = [_cell(row[name]) for name in RATES]
        against = row.get("chair_i_against_dpo")
        lines.append(
            f"| {row['arm']} | " + " | ".join([*cells, _cell(against) if against else ""]) + " |"
        )
    return "\n".join(lines) + "\n"


def _cell(found: dict[str, Any]) -> str:
    if found.get("low") is None:
        return f"{found['mean']:.3f}"
    return f"{found['mean']:.3f} ± {(found['high'] - found['low']) / 2:.3f}"


def setting(settings: dict[str, Any], split: str) -> dict[str, Any]:
    folder = locate("scenes").folder
    assert folder is not None
    return {
        **settings,
        "split": split,
        "scenes": SCENES[split],
        "model": sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:16],
        "device": f"{platform.processor() or platform.machine()}, one thread",
        "versions": {name: version(name) for name in ("torch", "transformers", "trl", "peft")},
    }


if __name__ == "__main__":
    main()
