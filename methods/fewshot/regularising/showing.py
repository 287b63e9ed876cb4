"""One episode looked at closely: whom every support feature attends to, what the gate does, where features move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from methods.fewshot.afr.regularizer import AttentiveFeatureRegularizer
from methods.fewshot.episodes.sampling import Episodes
from methods.fewshot.regularising.arms import PLAIN, regulariser
from methods.fewshot.regularising.config import RegulariseConfig
from methods.fewshot.regularising.world import World

Row = Mapping[str, Any]
Points = NDArray[np.float64]
BINS = 40
STRONGEST = 5
"""Channels that the gate raises, or lowers, most."""


@dataclass(frozen=True)
class Shown:
    """Rows of the shown episode; `gate` is None where there is none."""

    attention: Row
    gate: Row | None
    projection: Row


@dataclass(frozen=True)
class _Episode:
    """A fitted episode.

    Attributes:
        number: which of the run's it is.
        ways: (W,) places of its classes.
        support: (N, D) raw, queries: (M, D) raw.
    """

    number: int
    ways: NDArray[np.int64]
    names: list[str]
    support: Tensor
    queries: Tensor
    support_labels: list[int]
    query_labels: list[int]
    model: AttentiveFeatureRegularizer
    plain: AttentiveFeatureRegularizer


def show(config: RegulariseConfig, world: World, episodes: Episodes, seed: int) -> Shown:
    """Fit AFR and its base classifier on one episode, and tell what they did."""
    one = _fitted(config, world, episodes, seed)
    gate = _gate(one) if config.gate else None
    return Shown(_attention(world, one), gate, _projection(world, one))


def _fitted(config: RegulariseConfig, world: World, episodes: Episodes, seed: int) -> _Episode:
    part = episodes.part(config.shown, config.shown + 1)
    ways = part.classes[0]
    support = world.features[torch.from_numpy(part.support[0])]
    labels = torch.from_numpy(part.support_labels)
    semantics, veto = world.semantics[torch.from_numpy(ways)], world.struck[torch.from_numpy(ways)]
    return _Episode(
        config.shown,
        ways,
        [world.classes.names[place] for place in ways],
        support,
        world.features[torch.from_numpy(part.queries[0])],
        part.support_labels.tolist(),
        part.query_labels.tolist(),
        regulariser(config, world, seed).fit(support, labels, semantics, veto=veto),
        regulariser(config, world, seed, **PLAIN).fit(support, labels, semantics, veto=veto),
    )


def _attention(world: World, one: _Episode) -> Row:
    model = one.model
    columns = model.related_.unique().tolist()
    weights: list[list[float | None]] = []
    for label, attention in zip(one.support_labels, model.attention_.tolist(), strict=True):
        own = dict(zip(model.related_[label].tolist(), attention, strict=True))
        weights.append([own.get(column) for column in columns])
    names = _numbered([one.names[label] for label in one.support_labels])
    return {
        "episode": one.number,
        "rows": [
            {"name": name, "class": one.names[label], "share": share}
            for name, label, share in zip(
                names, one.support_labels, model.weight_.tolist(), strict=True
            )
        ],
        "columns": [world.classes.base_names[column] for column in columns],
        "weights": weights,
    }


def _gate(one: _Episode) -> Row:
    """How the gate weighs channels of the queries: a histogram of all weights, and the channels of extreme means."""
    weights = one.model.gate_weights(one.queries).double().cpu().numpy()
    low, high = float(weights.min()), float(weights.max())
    counts, edges = np.histogram(weights, BINS, (min(low, 1.0), max(high, 1.0 + 1e-9)))
    means = weights.mean(0)
    order = np.argsort(-means, kind="stable")
    return {
        "bins": edges.tolist(),
        "counts": counts.tolist(),
        "min": low,
        "max": high,
        "channels": len(means),
        "boosted": [[int(at), float(means[at])] for at in order[:STRONGEST]],
        "damped": [[int(at), float(means[at])] for at in order[::-1][:STRONGEST]],
    }


def _projection(world: World, one: _Episode) -> Row:
    model = one.model
    related = model.related_.unique()
    named = [one.names[answer] for answer in model.predict(one.queries).tolist()]
    before = [one.names[answer] for answer in one.plain.predict(one.queries).tolist()]
    support_classes = [one.names[label] for label in one.support_labels]
    query_classes = [one.names[label] for label in one.query_labels]
    base = [world.classes.base_names[place] for place in related.tolist()]
    centres = torch.stack(
        [
            model.regularised_[torch.tensor(one.support_labels) == label].mean(0)
            for label in range(len(one.names))
        ]
    )
    groups: list[tuple[str, Tensor, list[str]]] = [
        ("support", model.support_, support_classes),
        ("regularised", model.regularised_, support_classes),
        ("query", model.preprocessing.apply(one.queries), query_classes),
        ("base", model.preprocessing.apply(world.prototypes[related]), base),
        ("prototype", centres, one.names),
    ]
    rows = torch.cat([features for _, features, _ in groups]).double().cpu().numpy()
    places, explained = pca(rows)
    points: list[dict[str, Any]] = []
    for kind, _, classes in groups:
        for name, each in zip(_numbered(classes), classes, strict=True):
            x, y = places[len(points)].tolist()
            answered = kind == "query"
            point = {"kind": kind, "class": each, "name": name, "x": x, "y": y}
            points.append(point | {"named": None, "named_base": None} if not answered else point)
    for point, after, plain in zip(
        [each for each in points if each["kind"] == "query"], named, before, strict=True
    ):
        point |= {"named": after, "named_base": plain}
    count = len(support_classes)
    return {
        "method": "PCA",
        "explained": explained,
        "points": points,
        "arrows": [[place, place + count] for place in range(count)],
    }


def pca(rows: Points) -> tuple[Points, list[float]]:
    """The two principal components (N, 2) of rows (N, D), and their shares of the variance.

    Of each axis' two directions the one is taken in which its largest entry is positive, so that equal rows are drawn alike.
    """
    centred = rows - rows.mean(0)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    kept = np.zeros((2, rows.shape[1]))
    kept[: min(2, len(axes))] = axes[:2]
    largest = np.abs(kept).argmax(1)
    signs = np.where(kept[np.arange(2), largest] < 0, -1.0, 1.0)
    variance = np.zeros(2)
    variance[: min(2, len(lengths))] = lengths[:2] ** 2
    total = float((lengths**2).sum())
    return centred @ (kept * signs[:, None]).T, (variance / total if total else variance).tolist()


def _numbered(classes: Sequence[str]) -> list[str]:
    """The name of each row: its class, with a number where the class has several."""
    seen: dict[str, int] = {}
    for each in classes:
        seen[each] = seen.get(each, 0) + 1
    counts: dict[str, int] = {}
    names = []
    for each in classes:
        counts[each] = counts.get(each, 0) + 1
        names.append(each if seen[each] == 1 else f"{each} {counts[each]}")
    return names
