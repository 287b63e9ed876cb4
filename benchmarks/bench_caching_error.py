"""How far each cache lands from the uncached images at the same number of executed forwards, on every shipped model.

    python benchmarks/bench_caching_error.py [--models digits shapes] [--seeds 5] [--images 80]

Every policy starts from the same noise as the uncached sampling, in one process, each seed again. Means over seeds with
95 % intervals (Student's t); "against FORA" is the paired difference in percent of FORA's distance at the same interval.
Rows of one share execute the same forwards, but for cache-dit: it takes a threshold, which is searched on a seed of its own
so that it executes as many forwards as it can up to FORA's, and its first block always runs. Speed is another script's.
Writes results/caching_error.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import torch

from methods import METHODS
from methods.caching.facts import WORLDS, locate, read_facts
from methods.caching.sampling import references
from methods.intervals import mean_of
from methods.local import LocalContext

RESULTS = Path(__file__).parent / "results"
SAMPLE, CALIBRATE = METHODS["caching.sample"], METHODS["caching.calibrate"]
STEPS = 20
TUNING_SEED = 1000
SEARCHED = 8
SHARES = {"50 %": 2, "75 %": 4}
"""Share of the cells that an interval reuses."""
QUALITY = ("relative_l2", "psnr", "judge_class_accuracy", "judge_frechet_distance")
Values = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=tuple(WORLDS), default=tuple(WORLDS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--images", type=int, default=80, help="about so many a seed, as many of each class"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = {}
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(model, Path(folder), options.images)
            found[model] = bench.rows(options.seeds)
        sys.stdout.write(f"\n{model}\n\n{table(found[model])}")
    report = {"setting": setting(options.seeds), "models": found}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "caching_error.json").write_text(json.dumps(report, indent=1) + "\n")


def setting(seeds: int) -> Values:
    return {
        "steps": STEPS,
        "seeds": seeds,
        "device": f"cpu, 1 thread, {platform.machine()}",
        "versions": {name: version(name) for name in ("torch", "diffusers", "cache-dit")},
        "python": platform.python_version(),
    }


class Bench:
    """One model, its prior, and the runs that are compared on it."""

    def __init__(self, model: str, folder: Path, images: int) -> None:
        world = WORLDS[model]
        self.layers = read_facts(locate(model), world.WEIGHTS / "dit").layers
        self.folder = folder
        self.common: Values = {
            "model": model,
            "steps": STEPS,
            "guidance_scale": world.GUIDANCE_SCALE,
            "images_per_class": max(1, round(images / world.NUM_CLASSES)),
            "batch_size": 128,
        }
        calibration = CALIBRATE.config(
            model=model, steps=STEPS, guidance_scale=world.GUIDANCE_SCALE
        )
        CALIBRATE.run(calibration, LocalContext(folder / "prior"))
        self.prior = str(folder / "prior" / "prior.safetensors")

    def run(self, values: Values, seed: int) -> dict[str, float]:
        config = SAMPLE.config(**self.common | values)
        return SAMPLE.run(config, LocalContext(self.folder / "run", seed=seed)).metrics

    def rows(self, seeds: int) -> list[Values]:
        policies = list(self.policies())
        runs: dict[str, list[dict[str, float]]] = {name: [] for name, _, _ in policies}
        for seed in range(seeds):  # a seed's uncached images are remembered until the next
            references.clear()
            for name, _, values in policies:
                runs[name].append(self.run(values, seed))
        made = []
        for name, share, _ in policies:
            fora = runs.get(f"FORA, {share}")
            made.append({"policy": name, "share": share, **summarise(runs[name], fora)})
        return made

    def policies(self) -> Iterator[tuple[str, str, Values]]:
        """Name, share of the cells, settings; those of one share beside each other."""
        for share, interval in SHARES.items():
            plain = {"schedule": "interval", "interval": interval}
            goc = plain | {"correction": "goc"}
            eoc = plain | {"correction": "eoc", "prior": self.prior}
            taylor = {"schedule": "taylorseer", "interval": interval}
            yield f"FORA, {share}", share, plain
            yield f"EOC .01, {share}", share, eoc
            yield f"EOC .3, {share}", share, eoc | {"weight": 0.3}
            yield f"GOC 1.2, published steps, {share}", share, goc | {"positions": "published"}
            for weight in (-0.3, 0.3, 0.6):
                yield f"GOC {weight:g}, {share}", share, goc | {"weight": weight}
            for order in (1, 2):
                yield f"TaylorSeer order {order}, {share}", share, taylor | {"order": order}
            budget = 2 * self.layers * (STEPS // interval)
            for order in (0, 1):
                threshold = self.threshold(budget, order)
                values = {"schedule": "cache_dit", "order": order, "threshold": threshold}
                yield f"cache-dit order {order}, threshold {threshold:.3g}, {share}", share, values
            steps = STEPS // interval
            yield (
                f"{steps} steps, {share}",
                share,
                {"schedule": "none", "steps": steps, "reference_steps": STEPS},
            )

    def threshold(self, budget: int, order: int) -> float:
        """The smallest threshold with which cache-dit executes at most `budget` forwards on the tuning seed."""
        low, high = 0.0, 1.0
        for _ in range(SEARCHED):
            middle = (low + high) / 2
            values = {"schedule": "cache_dit", "order": order, "threshold": middle, "judge": False}
            found = self.run(values, TUNING_SEED)
            enough = found["attn_forwards"] + found["ff_forwards"] <= budget
            low, high = (low, middle) if enough else (middle, high)
        return high


def summarise(runs: list[dict[str, float]], fora: list[dict[str, float]] | None) -> Values:
    row: Values = {
        "flop_share": runs[0]["flop_share"],
        "forwards": interval([run["attn_forwards"] + run["ff_forwards"] for run in runs]),
        "images_per_seed": runs[0]["images"],
    }
    for metric in QUALITY:
        row[metric] = interval([run[metric] for run in runs])
        row[f"{metric}_uncached"] = interval(
            [run[f"{metric}_uncached"] for run in runs if f"{metric}_uncached" in run]
        )
    if fora is not None:
        changes = [
            run["relative_l2"] / base["relative_l2"] - 1
            for run, base in zip(runs, fora, strict=True)
        ]
        row["against_fora"] = interval(changes)
    return row


def interval(values: list[float]) -> dict[str, float] | None:
    """Mean and half-width of its 95 % interval; None of nothing."""
    if not values:
        return None
    found = mean_of(values)
    return {
        "mean": found.mean,
        "half_width": float("nan") if found.high is None else found.high - found.mean,
    }


def table(rows: list[Values]) -> str:
    lines = [
        "| policy | forwards | relative L2 | against FORA | PSNR, dB | judge accuracy | judge FD (uncached) |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        said = {
            name: f"{row[name]['mean']:.3g} ± {row[name]['half_width']:.1g}" for name in QUALITY
        }
        change = row["against_fora"]
        lines.append(
            f"| {row['policy']} | {row['forwards']['mean']:.0f} | {said['relative_l2']} "
            f"| {change['mean']:+.0%} ± {change['half_width']:.0%} | {said['psnr']} "
            f"| {row['judge_class_accuracy']['mean']:.1%} | {said['judge_frechet_distance']} "
            f"({row['judge_frechet_distance_uncached']['mean']:.3g}) |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
