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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.devices import cpu_name
from methods.fewshot.afr.mixup import MixupClassifier
from methods.fewshot.afr.regularizer import AttentiveFeatureRegularizer
from methods.fewshot.afr.relate import random_classes, related_classes
from methods.fewshot.afr.semantics import similarity_vectors
from methods.fewshot.afr.settings import AFRSettings
from methods.fewshot.episodes.evaluating import Arm, Predict, evaluate
from methods.fewshot.episodes.paired import interval, paired
from methods.fewshot.episodes.sampling import Episodes, sample_episodes

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


@dataclass(frozen=True)
class Frozen:
    """Frozen features, what is known of their classes, and the arms that they are compared by.

    Attributes:
        features: (N, D) raw.
        labels: (N,) places of classes.
        base: classes that give prototypes.
        novel: classes that episodes are drawn from.
        semantics: (C, S), rows of other classes unused; None where nothing is known, and what is related is then told by sight.
    """

    features: Tensor
    labels: NDArray[np.int64]
    base: Sequence[int]
    novel: Sequence[int]
    semantics: Tensor | None

    @cached_property
    def prototypes(self) -> Tensor:
        """(B, D)."""
        rows = torch.from_numpy(self.labels)
        return torch.stack([self.features[rows == label].mean(0) for label in self.base])

    @cached_property
    def seen(self) -> AttentiveFeatureRegularizer:
        """What takes prototypes themselves for semantic vectors, and refuses no likeness."""
        preprocessing = AttentiveFeatureRegularizer(self.prototypes, self.prototypes).preprocessing
        sight = preprocessing.apply(self.prototypes)
        return AttentiveFeatureRegularizer(self.prototypes, sight, leak=1.1)

    def regularised(self, classifier: str, **settings: Any) -> Arm:
        def arm(support: Tensor, labels: Tensor, classes: Tensor) -> Predict:
            model = self._made(classifier, **settings)
            return model.fit(support, labels, self._meaning(support, classes)).predict

        return arm

    def by_sight(self, classifier: str, **settings: Any) -> Arm:
        """The base classes whose prototypes look most like a class's shots, whatever the semantics say."""

        def arm(support: Tensor, labels: Tensor, classes: Tensor) -> Predict:
            model = self._made(classifier, **settings)
            alike = self.seen.similarity(self._sight(support, classes))
            related = related_classes(alike, model.settings.related)
            meaning = self._meaning(support, classes)
            return model.fit(support, labels, meaning, related=related).predict

        return arm

    def at_random(self, classifier: str, **settings: Any) -> Arm:
        """Base classes drawn anew for every class of every episode."""

        def arm(support: Tensor, labels: Tensor, classes: Tensor) -> Predict:
            model = self._made(classifier, **settings)
            meaning = self._meaning(support, classes)
            # The same draw for the same episode, wherever it stands in its block.
            related = torch.stack(
                [
                    random_classes(model.similarity(each), model.settings.related, _seed(rows))
                    for each, rows in zip(meaning, support, strict=True)
                ]
            )
            return model.fit(support, labels, meaning, related=related).predict

        return arm

    def mixed_up(self, classifier: str) -> Arm:
        def arm(support: Tensor, labels: Tensor, _: Tensor) -> Predict:
            model = MixupClassifier(self.prototypes, classifier=classifier)
            return model.fit(support, labels).predict

        return arm

    def _made(self, classifier: str, **settings: Any) -> AttentiveFeatureRegularizer:
        if self.semantics is None:
            sight = self.seen.preprocessing.apply(self.prototypes)
            settings = {"leak": 1.1, **settings}
            return AttentiveFeatureRegularizer(
                self.prototypes, sight, classifier=classifier, **settings
            )
        base = self.semantics[list(self.base)]
        return AttentiveFeatureRegularizer(self.prototypes, base, classifier=classifier, **settings)

    def _meaning(self, support: Tensor, classes: Tensor) -> Tensor:
        """(E, W, S)."""
        if self.semantics is None:
            return self._sight(support, classes)
        return self.semantics[classes]

    def _sight(self, support: Tensor, classes: Tensor) -> Tensor:
        """(E, W, D) means of the shots as classifiers see them."""
        rows = self.seen.preprocessing.apply(support)
        return rows.reshape(*classes.shape, -1, rows.shape[-1]).mean(2)


def photographs(path: Path) -> Frozen:
    """The features of a file: base and validation classes, and WordNet cosines."""
    with np.load(path, allow_pickle=False) as file:
        base, validation = int(file["n_base"]), int(file["n_val"])
        return Frozen(
            torch.from_numpy(file["X"].astype(np.float32)),
            file["Y"].astype(np.int64),
            range(base),
            range(base, base + validation),
            torch.from_numpy(similarity_vectors(file["semantic_cosine"])).float(),
        )


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
    photos = photographs(options.features)
    figures: dict[str, Any] = {
        "setting": {
            "features": options.features.name,
            "classes": f"{len(photos.base)} base, {len(photos.novel)} validation",
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
            episodes = draw(photos, 5, shots, options.episodes, options.seed)
            arms = every_arm(photos, classifier)
            title = f"{classifier}, {_shots(shots)}"
            rows = table(title, photos, episodes, arms)
            figures["tables"].append({"classifier": classifier, "shots": shots, "arms": rows})
            (RESULTS / "afr.json").write_text(json.dumps(figures, indent=1) + "\n")


def draw(frozen: Frozen, ways: int, shots: int, episodes: int, seed: int) -> Episodes:
    """Episodes of 15 queries a class."""
    return sample_episodes(
        frozen.labels,
        frozen.novel,
        ways=ways,
        shots=shots,
        queries=15,
        episodes=episodes,
        seed=seed,
    )


def every_arm(frozen: Frozen, classifier: str) -> dict[str, Arm]:
    arms = {name: frozen.regularised(classifier, **part) for name, part in PARTS.items()}
    return arms | {MIXUP: frozen.mixed_up(classifier), RANDOM: frozen.at_random(classifier)}


def table(
    title: str, frozen: Frozen, episodes: Episodes, arms: Mapping[str, Arm]
) -> list[dict[str, Any]]:
    """Figures of all arms on the same episodes; printed as a table too."""
    found, seconds = {}, {}
    for name, arm in arms.items():
        begun = time.process_time()
        found |= evaluate(frozen.features, episodes, {name: arm})
        seconds[name] = time.process_time() - begun
    rows = [_row(name, found, seconds[name]) for name in arms]
    lines = [f"\n### {title}, {len(episodes)} episodes\n"]
    lines += [
        "| arm | accuracy, % | difference, points | better on | CPU s |",
        "|---|---|---|---|---|",
    ]
    lines += [_line(row) for row in rows]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    return rows


def _shots(count: int) -> str:
    return f"{count} shot{'s' if count > 1 else ''}"


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
