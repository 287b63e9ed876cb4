"""Attentive feature regularisation against its base classifiers and mixup, its parts switched off one by one.

    python -m benchmarks.bench_afr --features FILE [--episodes 600] [--shots 1 5] [--classifiers centroid cosine logistic]

FILE is an npz: X (N, D) frozen features, Y (N,) labels, semantic_cosine (C, C), n_base and n_val. Classes below n_base give
prototypes; episodes are drawn from the n_val behind them. Every arm of a row of the tables has the same episodes, preprocessing and
classifier; differences are paired with the base classifier. All settings are the defaults but what an arm's name says;
nothing is chosen by these accuracies here. But the defaults of k, kappa and temperature come from earlier trials on these same
validation classes: figures of classes never seen before may be lower. Writes results/afr.json, after each table.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from backend.devices import cpu_name
from methods.fewshot.afr.mixup import MixupClassifier
from methods.fewshot.afr.regularizer import AttentiveFeatureRegularizer
from methods.fewshot.afr.relate import random_classes
from methods.fewshot.afr.semantics import similarity_vectors
from methods.fewshot.afr.settings import AFRSettings
from methods.fewshot.episodes.evaluating import Arm, Predict, evaluate
from methods.fewshot.episodes.paired import interval, paired
from methods.fewshot.episodes.sampling import sample_episodes

RESULTS = Path(__file__).parent / "results"
FEATURES = Path(__file__).parents[2] / "shared/data/fewshot/photo_features_dev.npz"
BASE = "base classifier"
PARTS: dict[str, dict[str, Any]] = {
    BASE: {"kappa": 0, "gate": False},
    "AFR": {},
    "AFR, no gate": {"gate": False},
    "AFR, gate only": {"kappa": 0},
    "AFR, uniform attention": {"attention": "uniform"},
    "AFR, uniform attention, no gate": {"attention": "uniform", "gate": False},
    "AFR, no cross-entropy": {"cross_entropy": 0},
    "AFR, no contrast": {"contrastive": 0},
    "AFR, no squared error": {"squared": 0},
    "AFR, 1 related class, no gate": {"related": 1, "gate": False},
    "AFR, 10 related classes, no gate": {"related": 10, "gate": False},
}
MIXUP, RANDOM = "base classifier + manifold mixup", "AFR, random base classes"


class Photos:
    """Features of base and validation classes, and what is known of the base classes."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as file:
            self.features = torch.from_numpy(file["X"].astype(np.float32))
            self.labels = file["Y"].astype(np.int64)
            self.base, validation = int(file["n_base"]), int(file["n_val"])
            vectors = similarity_vectors(file["semantic_cosine"])
        self.validation = range(self.base, self.base + validation)
        self.semantics = torch.from_numpy(vectors).float()
        rows = torch.from_numpy(self.labels)
        self.prototypes = torch.stack(
            [self.features[rows == label].mean(0) for label in range(self.base)]
        )

    def regularised(self, classifier: str, **settings: Any) -> Arm:
        def arm(support: Tensor, labels: Tensor, classes: Tensor) -> Predict:
            model = self._made(classifier, **settings)
            return model.fit(support, labels, self.semantics[classes]).predict

        return arm

    def at_random(self, classifier: str) -> Arm:
        """Base classes drawn anew for every class of every episode."""

        def arm(support: Tensor, labels: Tensor, classes: Tensor) -> Predict:
            model = self._made(classifier)
            semantics = self.semantics[classes]
            # The same draw for the same episode, wherever it stands in its block.
            related = torch.stack(
                [
                    random_classes(model.similarity(each), model.settings.related, _seed(rows))
                    for each, rows in zip(semantics, support, strict=True)
                ]
            )
            return model.fit(support, labels, semantics, related=related).predict

        return arm

    def mixed_up(self, classifier: str) -> Arm:
        def arm(support: Tensor, labels: Tensor, _: Tensor) -> Predict:
            model = MixupClassifier(self.prototypes, classifier=classifier)
            return model.fit(support, labels).predict

        return arm

    def _made(self, classifier: str, **settings: Any) -> AttentiveFeatureRegularizer:
        base = self.semantics[: self.base]
        return AttentiveFeatureRegularizer(self.prototypes, base, classifier=classifier, **settings)


def _seed(rows: Tensor) -> int:
    return int.from_bytes(hashlib.sha256(rows.numpy().tobytes()).digest()[:4], "big")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--features", type=Path, default=FEATURES)
    parser.add_argument("--episodes", type=int, default=600)
    parser.add_argument("--shots", type=int, nargs="*", default=[1, 5])
    parser.add_argument("--classifiers", nargs="*", default=["centroid", "cosine", "logistic"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if not options.features.exists():
        sys.stdout.write(f"skipped: {options.features.name} is not there; name it by --features\n")
        return
    torch.set_num_threads(options.threads)
    photos = Photos(options.features)
    figures: dict[str, Any] = {
        "setting": {
            "features": options.features.name,
            "classes": f"{photos.base} base, {len(photos.validation)} validation",
            "semantics": "WordNet cosine",
            "episodes": options.episodes,
            "ways": 5,
            "queries": 15,
            "seed": options.seed,
            "defaults": asdict(AFRSettings()),
            "device": cpu_name(),
            "threads": options.threads,
            "load_average": os.getloadavg()[0],
            "versions": {name: version(name) for name in ("torch", "numpy")},
        },
        "tables": [],
    }
    for classifier in options.classifiers:
        for shots in options.shots:
            figures["tables"].append(table(photos, classifier, shots, options))
            (RESULTS / "afr.json").write_text(json.dumps(figures, indent=1) + "\n")


def table(
    photos: Photos, classifier: str, shots: int, options: argparse.Namespace
) -> dict[str, Any]:
    """All arms of one classifier; printed, and given as figures."""
    episodes = sample_episodes(
        photos.labels,
        photos.validation,
        ways=5,
        shots=shots,
        queries=15,
        episodes=options.episodes,
        seed=options.seed,
    )
    arms = {name: photos.regularised(classifier, **part) for name, part in PARTS.items()}
    arms |= {MIXUP: photos.mixed_up(classifier), RANDOM: photos.at_random(classifier)}
    found, seconds = {}, {}
    for name, arm in arms.items():
        begun = time.process_time()
        found |= evaluate(photos.features, episodes, {name: arm})
        seconds[name] = time.process_time() - begun
    rows = [_row(name, found, seconds[name]) for name in arms]
    title = f"{classifier}, {shots} shot{'s' if shots > 1 else ''}"
    lines = [f"\n### {title}, {len(episodes)} episodes\n"]
    lines += [
        "| arm | accuracy, % | difference, points | better on | CPU s |",
        "|---|---|---|---|---|",
    ]
    lines += [_line(row) for row in rows]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    return {"classifier": classifier, "shots": shots, "arms": rows}


def _row(name: str, found: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    against = paired(found[BASE], found[name])
    return {
        "arm": name,
        "accuracy": asdict(interval(found[name])),
        "difference": asdict(against.difference),
        "win_rate": against.win_rate,
        "cpu_s": seconds,
    }


def _line(row: Mapping[str, Any]) -> str:
    def said(estimate: Mapping[str, Any], sign: str) -> str:
        half = 100 * (estimate["high"] - estimate["mean"])
        return f"{100 * estimate['mean']:{sign}.2f} ± {half:.2f}"

    accuracy = said(row["accuracy"], "")
    if row["arm"] == BASE:
        return f"| {row['arm']} | {accuracy} | | | {row['cpu_s']:.1f} |"
    difference = said(row["difference"], "+")
    return (
        f"| {row['arm']} | {accuracy} | {difference} | {row['win_rate']:.0%} | {row['cpu_s']:.1f} |"
    )


if __name__ == "__main__":
    main()
