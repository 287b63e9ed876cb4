"""AFR by what says which classes are related, and on other features than photographs'.

    python -m benchmarks.bench_afr_sources [--data scenes attributes photographs word2vec named cifar omniglot] [--wordnet DIR] [--episodes 600]

scenes: the small world's CLIP, related by its own texts, 5 and 10 ways, all parts (without the gate by --few); attributes: the same pictures, related by a matrix
of shared colours and shapes; photographs: the features of bench_afr, related by WordNet's own files in DIR (index.noun, data.noun);
word2vec: those photographs' classes that a file of mini-ImageNet's word vectors names; named: the same classes by the features' own cosines;
cifar: CIFAR-10 through a net trained on five of its classes, related by WordNet; omniglot: characters of which nothing is known.
"By sight" takes the base classes whose prototypes look most like the shots: what semantics must beat.
All settings are defaults. Puts its tables into results/afr_sources.json, in the place of old ones of the same name.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from backend.devices import cpu_name
from benchmarks.afr_data import cifar, omniglot, scenes, word_vectors
from benchmarks.bench_afr import (
    BASE,
    FEATURES,
    MIXUP,
    PARTS,
    RESULTS,
    Frozen,
    draw,
    every_arm,
    photographs,
    table,
)
from methods.fewshot.afr.settings import AFRSettings
from methods.fewshot.afr.wordnet import wordnet_vectors
from methods.fewshot.episodes.evaluating import Arm

PICTURES = FEATURES.parents[1] / "images"
WORDS = FEATURES.parent / "word2vec_miniimagenet"
DATA = ("scenes", "attributes", "photographs", "word2vec", "named", "cifar", "omniglot")
NEEDED = {
    "photographs": ("features", ""),
    "word2vec": ("words", "mini-ImageNet_word2vec.npy"),
    "named": ("words", "mini-ImageNet_word2vec.npy"),
    "cifar": ("pictures", "cifar10_train.npz"),
    "omniglot": ("pictures", "omniglot/images_background_small1.zip"),
}
"""The option that says where a data set is, and what must be there."""
FEW = (BASE, "AFR, no gate", "AFR, uniform attention, no gate")
SIGHT, RANDOM_NO_GATE = "AFR by sight, no gate", "AFR, random base classes, no gate"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--wordnet", type=Path, default=None)
    parser.add_argument("--features", type=Path, default=FEATURES)
    parser.add_argument("--pictures", type=Path, default=PICTURES)
    parser.add_argument("--words", type=Path, default=WORDS)
    parser.add_argument("--episodes", type=int, default=600)
    parser.add_argument("--shots", type=int, nargs="*", default=[1, 5])
    parser.add_argument("--ways", type=int, nargs="*", default=None)
    parser.add_argument("--classifiers", nargs="*", default=["centroid", "cosine", "logistic"])
    parser.add_argument("--few", action="store_true", help="leave the gate out on scenes too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "afr_sources.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for data in options.data:
        begun = time.process_time()
        for title, semantics, frozen in opened(data, options):
            about = {
                "data": title,
                "semantics": semantics,
                "classes": f"{len(frozen.base)} base, {len(frozen.novel)} novel",
                "features": list(frozen.features.shape),
                "features_cpu_s": time.process_time() - begun,
            }
            measure(data, about, frozen, options)


def opened(data: str, options: argparse.Namespace) -> Iterator[tuple[str, str, Frozen]]:
    """Title, semantics and features of a data set; nothing, and a line that says why, where something is missing."""
    needed = NEEDED.get(data)
    if data in ("photographs", "cifar") and options.wordnet is None:
        sys.stdout.write(f"{data} skipped: name WordNet's dict folder by --wordnet\n")
    elif needed and not (getattr(options, needed[0]) / needed[1]).exists():
        sys.stdout.write(f"{data} skipped: it is not there; name its place by --{needed[0]}\n")
    elif data == "scenes":
        yield "scenes, tiny clutter", "CLIP's texts", scenes("text")
    elif data == "attributes":
        yield "scenes, tiny clutter", "matrix of shared colours and shapes", scenes("attributes")
    elif data == "photographs":
        with np.load(options.features, allow_pickle=False) as file:
            names = tuple(map(str, file["names"]))
        found = related_by_wordnet(photographs(options.features), names, options.wordnet)
        yield "photographs", "WordNet 3.1's files, first sense of each name", found
    elif data in ("word2vec", "named"):
        found, vectors = named(options)
        title = "photographs of the classes that mini-ImageNet has too"
        if data == "word2vec":
            yield title, "word2vec", replace(found, semantics=vectors)
        else:
            yield title, "the features' own WordNet cosines", found
    elif data == "cifar":
        frozen, names = cifar(options.pictures)
        yield "CIFAR-10", "WordNet 3.1's files", related_by_wordnet(frozen, names, options.wordnet)
    else:
        frozen, names = omniglot(options.pictures / "omniglot")
        if options.wordnet is not None:
            try:
                wordnet_vectors(options.wordnet, names)
            except ValueError as error:
                sys.stdout.write(f"omniglot: {str(error)[:120]} ...\n")
        yield "Omniglot", "none: related by sight", frozen


def named(options: argparse.Namespace) -> tuple[Frozen, torch.Tensor]:
    """The photographs of those classes that have a word vector, and these vectors (C, 1000), rows of other classes zero."""
    frozen = photographs(options.features)
    with np.load(options.features, allow_pickle=False) as file:
        vectors = word_vectors(options.words, tuple(map(str, file["names"])))
    known = vectors.any(1)
    base, novel = ([each for each in some if known[each]] for some in (frozen.base, frozen.novel))
    return replace(frozen, base=base, novel=novel), torch.from_numpy(vectors).float()


def related_by_wordnet(frozen: Frozen, names: tuple[str, ...], folder: Path) -> Frozen:
    vectors = torch.from_numpy(wordnet_vectors(folder, names)).float()
    return replace(frozen, semantics=vectors)


def measure(data: str, about: dict[str, Any], frozen: Frozen, options: argparse.Namespace) -> None:
    tables = []
    for ways in options.ways or ([5, 10] if data == "scenes" else [5]):
        for classifier in options.classifiers:
            for shots in options.shots:
                episodes = draw(frozen, ways, shots, options.episodes, options.seed)
                title = f"{about['data']}, {about['semantics']}: {classifier}, {ways} ways, {shots} shot{'s' if shots > 1 else ''}"
                asked = {"ways": ways, "classifier": classifier, "shots": shots}
                rows = table(
                    title, frozen, episodes, arms_of(data, frozen, classifier, options.few)
                )
                tables.append({"set": data, **about, **asked, "arms": rows})
                keep(tables, options)


def arms_of(data: str, frozen: Frozen, classifier: str, few: bool) -> dict[str, Arm]:
    """All parts on the scenes; elsewhere what tells how much the choice of classes is worth, without the gate."""
    if data == "scenes" and not few:
        arms = every_arm(frozen, classifier)
    else:
        arms = {name: frozen.regularised(classifier, **PARTS[name]) for name in FEW}
    if data != "photographs":  # bench_afr has it on those
        arms[MIXUP] = frozen.mixed_up(classifier)
    arms[RANDOM_NO_GATE] = frozen.at_random(classifier, gate=False)
    if frozen.semantics is not None:
        arms[SIGHT] = frozen.by_sight(classifier, gate=False)
    return arms


def keep(tables: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """Put tables in the place of old ones of the same data, ways, classifier and shots."""
    old = json.loads(options.out.read_text())["tables"] if options.out.exists() else []
    new = {_key(each) for each in tables}
    report = {
        "setting": {
            "episodes": options.episodes,
            "queries": 15,
            "seed": options.seed,
            "defaults": asdict(AFRSettings()),
            "device": cpu_name(),
            "threads": 1,
            "versions": {name: version(name) for name in ("torch", "numpy")},
        },
        "tables": [each for each in old if _key(each) not in new] + tables,
    }
    options.out.write_text(json.dumps(report, indent=1) + "\n")


def _key(found: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(found[name] for name in ("set", "ways", "classifier", "shots"))


if __name__ == "__main__":
    main()
