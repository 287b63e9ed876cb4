"""How far each caching policy lands from the uncached images, and how fast, on the digits world.

    python benchmarks/bench_caching_digits.py [--seeds 5] [--images 80]

Every policy starts from the same noise as the uncached sampling, in one process, each seed again. Means over seeds with
95 % intervals (Student's t). Speed is the median over seeds of the ratio within a run. Writes results/caching_digits.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import torch
from scipy import stats

from methods import METHODS
from methods.caching.sampling import references
from methods.local import LocalContext

HERE = Path(__file__).parent
SAMPLE, CALIBRATE = METHODS["caching.sample"], METHODS["caching.calibrate"]
POLICIES = (
    ("fora25", {}),
    ("goc25", {}),
    ("eoc25", {}),
    ("fewer15", {}),
    ("fora50", {}),
    ("goc50", {}),
    ("goc50", {"weight": 0.5, "positions": "all"}),
    ("eoc50", {}),
    ("fewer10", {}),
    ("fora75", {}),
    ("goc50", {"interval": 4, "weight": 0.5, "positions": "all"}),
    ("goc50", {"interval": 4, "weight": 1.0, "positions": "all"}),
    ("eoc75", {}),
    ("fewer5", {}),
)
QUALITY = ("relative_l2", "psnr", "judge_class_accuracy", "judge_frechet_distance")


def main() -> None:
    parser = argparse.ArgumentParser(description="Error and speed of caching policies on digits.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--images", type=int, default=80, help="a multiple of ten")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), options.seeds, options.images // 10)
    report = {"setting": setting(options.seeds, options.images), "policies": rows}
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    (results / "caching_digits.json").write_text(json.dumps(report, indent=1) + "\n")
    sys.stdout.write(table(rows))


def setting(seeds: int, images: int) -> dict[str, Any]:
    config = SAMPLE.config()
    return {
        "model": "digits",
        "steps": 20,
        "guidance_scale": config.guidance_scale,
        "seeds": seeds,
        "images_per_seed": images,
        "device": f"cpu, 1 thread, {platform.machine()}",
        "versions": {name: version(name) for name in ("torch", "diffusers")},
        "python": platform.python_version(),
    }


def measure(folder: Path, seeds: int, images_per_class: int) -> list[dict[str, Any]]:
    guidance = SAMPLE.config().guidance_scale
    prior = LocalContext(folder / "prior")
    CALIBRATE.run(CALIBRATE.config(guidance_scale=guidance), prior)
    prior_file = str(folder / "prior" / "prior.safetensors")
    found: dict[str, list[dict[str, float]]] = {}
    for seed in range(seeds):
        for preset, changes in POLICIES:
            values = {**SAMPLE.presets[preset].values, **changes}
            if values.get("correction") == "eoc":
                values["prior"] = prior_file
            config = SAMPLE.config(**values, images_per_class=images_per_class)
            name = ", ".join([preset, *(f"{key} {value}" for key, value in changes.items())])
            context = LocalContext(folder / "run", seed=seed)
            references.clear()  # a remembered uncached batch would be timed on a few steps only
            found.setdefault(name, []).append(SAMPLE.run(config, context).metrics)
    return [summarise(name, runs) for name, runs in found.items()]


def summarise(name: str, runs: list[dict[str, float]]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "policy": name,
        "flop_share": runs[0]["flop_share"],
        "forwards": runs[0]["attn_forwards"] + runs[0]["ff_forwards"],
        "speedup_median": statistics.median(run["speedup"] for run in runs),
    }
    for metric in QUALITY:
        row[metric] = interval([run[metric] for run in runs])
    row["judge_frechet_distance_uncached"] = interval(
        [run["judge_frechet_distance_uncached"] for run in runs]
    )
    return row


def interval(values: list[float]) -> dict[str, float]:
    """Mean and half-width of its 95 % interval."""
    mean = statistics.fmean(values)
    spread = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return {"mean": mean, "half_width": float(stats.t.ppf(0.975, max(1, len(values) - 1)) * spread)}


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| policy | FLOP share | speed-up | relative L2 | PSNR, dB | judge accuracy | judge FD (uncached) |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        shown = {
            name: f"{row[name]['mean']:.3g} ± {row[name]['half_width']:.1g}" for name in QUALITY
        }
        lines.append(
            f"| {row['policy']} | {row['flop_share']:.2f} | {row['speedup_median']:.2f}x | {shown['relative_l2']} "
            f"| {shown['psnr']} | {row['judge_class_accuracy']['mean']:.1%} | {shown['judge_frechet_distance']} "
            f"({row['judge_frechet_distance_uncached']['mean']:.3g}) |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
