"""Accuracy of every classifier with and without view refinement, and with each control, on every kind of scene.

    python -m benchmarks.bench_vcr_accuracy [--pictures 240] [--shots 1 4] [--draws 3] [--preset normal] [--kinds ...] [--work DIR]

The small world's CLIP on pictures of 96 pixels that it sees at 48. One run of `fewshot.evaluate` for each kind and number of shots:
the same test pictures for every classifier, refinement and number of shots, and shots of their own; alpha, beta and GDA's weight by
leave-one-out, or folds, of the shots, so that nothing is chosen on test pictures. Intervals of 95 % are over pictures and draws of
shots at once, differences paired by picture with the same classifier on the whole picture alone. Features are kept in DIR, so that a
stopped benchmark goes on. Writes results/vcr_accuracy.json after each run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import torch

from methods.fewshot.evaluating.config import EvaluateConfig
from methods.fewshot.evaluating.records import SCORE
from methods.fewshot.evaluating.run_evaluate import run
from methods.fewshot.vcr.presets import PRESETS
from methods.local import LocalContext

RESULTS = Path(__file__).parent / "results"
KINDS = ("tiny", "tiny clutter", "small", "clutter", "large")
CLASSIFIERS = ("zero_shot", "tip", "tip_f", "gda", "linear")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=240)
    parser.add_argument("--shots", type=int, nargs="+", default=[4, 1])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--preset", choices=tuple(PRESETS), default="normal")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--work", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=RESULTS / "vcr_accuracy.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    report: dict[str, Any] = {"setting": setting(options), "tables": []}
    with TemporaryDirectory() as folder:
        work = options.work or Path(folder)
        for shots in options.shots:
            for kind in options.kinds:
                report["tables"].append(measured(kind, shots, work, options))
                options.out.write_text(json.dumps(report, indent=1) + "\n")
                sys.stdout.write(table(report["tables"][-1]))
                sys.stdout.flush()


def measured(kind: str, shots: int, work: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All classifiers and refinements on one kind of scene."""
    views = PRESETS[options.preset]
    config = EvaluateConfig(
        kinds=(kind,),
        shots=shots,
        draws=options.draws,
        test_pictures=options.pictures,
        classifiers=CLASSIFIERS,
        scales=views.scales,
        views=views.views,
        whole=views.whole,
        merge_norm="official_raw" if options.preset == "official" else "unit",
        set_seed=options.seed,
        batch_size=32,
    )
    name = f"{kind} {shots}".replace(" ", "-")
    context = LocalContext(work / name, seed=options.seed, shared=work / "shared")
    metrics = run(config, context).metrics
    scores: Sequence[Any] = [dict(row) for row in context.records[SCORE]]
    return {"kind": kind, "shots": shots, "scores": scores, "metrics": dict(metrics)}


def table(found: dict[str, Any]) -> str:
    lines = [
        f"\n### {found['kind']}, {found['shots']} shots\n",
        "| classifier | refinement | accuracy, % | difference, points | fixed | broken | p |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in found["scores"]:
        accuracy = (
            f"{100 * row['accuracy']:.1f} ({100 * row['low']:.1f} to {100 * row['high']:.1f})"
        )
        difference = counted = ""
        if row["difference"] is not None:
            ends = f"{100 * row['difference_low']:+.1f} to {100 * row['difference_high']:+.1f}"
            difference = f"{100 * row['difference']:+.1f} ({ends})"
            counted = f"{row['fixed']} | {row['broken']} | {row['p']:.2g}"
        lines.append(
            f"| {row['classifier']} | {row['refinement']} | {accuracy} | {difference} | {counted or ' | | '} |"
        )
    return "\n".join(lines) + "\n"


def setting(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "clip": "small world CLIP (scenes)",
        "test_pictures": options.pictures,
        "classes": 48,
        "draws": options.draws,
        "preset": options.preset,
        "margin": "cosine",
        "seed": options.seed,
        "device": f"cpu, 1 thread, {platform.machine()}",
        "versions": {name: version(name) for name in ("torch", "open_clip_torch", "numpy")},
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
