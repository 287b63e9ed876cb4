"""Frozen features to measure AFR on beside photographs: the small world's scenes, CIFAR-10 and Omniglot."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from zipfile import ZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from benchmarks.bench_afr import Frozen
from methods.fewshot.afr.semantics import similarity_vectors
from methods.fewshot.regularising.check import open_all
from methods.fewshot.regularising.config import RegulariseConfig
from methods.fewshot.regularising.world import build_world
from methods.local import LocalContext

Labels = NDArray[np.int64]
BATCH = 128


def scenes(semantics: Literal["text", "attributes"]) -> Frozen:
    """Tiny objects amid clutter through the small world's CLIP, 30 pictures of each of 48 classes, every third of them novel.

    text: CLIP's texts of the class names. attributes: cosine .5 of two classes of one colour or one shape, 0 otherwise.
    """
    config = RegulariseConfig(kind="tiny clutter", pictures=30, ways=5)
    with TemporaryDirectory() as folder:
        context = LocalContext(folder)
        opened = open_all(config, context.open)
        world = build_world(config, opened, context, lambda *_: None)
    vectors = world.semantics
    if semantics == "attributes":
        words = [name.split() for name in world.classes.names]
        alike = [[len({*one} & {*other}) / 2 for other in words] for one in words]
        vectors = torch.from_numpy(similarity_vectors(alike)).float()
    return Frozen(
        world.features, opened.source.labels, world.classes.base, world.classes.novel, vectors
    )


def cifar(folder: Path, epochs: int = 2) -> tuple[Frozen, tuple[str, ...]]:
    """CIFAR-10 without semantics, and its names: the first five classes are base and train the net, the others are novel.

    Novel rows are test pictures, base rows training pictures.
    """
    with np.load(folder / "cifar10_train.npz", allow_pickle=False) as file:
        base, labels = _jpegs(file, range(5))
        names = tuple(map(str, file["names"]))
    with np.load(folder / "cifar10_test.npz", allow_pickle=False) as file:
        novel, others = _jpegs(file, range(5, 10))
    net = trained(base, labels, epochs)
    features = seen_by(net, torch.cat([base, novel]))
    return Frozen(features, np.concatenate([labels, others]), range(5), range(5, 10), None), names


def omniglot(folder: Path, epochs: int = 12) -> tuple[Frozen, tuple[str, ...]]:
    """Characters: small1's are base and train the net, those of small2 are novel. Nothing is known of them but their pictures."""
    base, names = _characters(folder / "images_background_small1.zip")
    novel, others = _characters(folder / "images_background_small2.zip")
    every = [*names, *others]
    labels = np.repeat(np.arange(len(every), dtype=np.int64), 20)
    net = trained(base, labels[: len(base)], epochs)
    return Frozen(
        seen_by(net, torch.cat([base, novel])),
        labels,
        range(len(names)),
        range(len(names), len(every)),
        None,
    ), tuple(every)


def word_vectors(folder: Path, names: Sequence[str]) -> NDArray[np.float64]:
    """Word2vec of class names (C, 1000), zero where mini-ImageNet has no class of a name: its names are lists of synonyms."""
    lines = (folder / "mini-ImageNet_words.txt").read_text().splitlines()
    known = [line.partition(" : ")[2].lower().split(",") for line in lines if " : " in line]
    place = {word.strip(): row for row, words in enumerate(known) for word in words}
    vectors = np.load(folder / "mini-ImageNet_word2vec.npy", allow_pickle=False)
    if len(vectors) != len(known):
        raise ValueError(f"{folder}: {len(vectors)} vectors of {len(known)} names")
    found = np.zeros((len(names), vectors.shape[1]))
    for row, name in enumerate(names):
        if name.lower() in place:
            found[row] = vectors[place[name.lower()]]
    return found


def trained(pictures: Tensor, labels: Labels, epochs: int) -> nn.Sequential:
    """Four convolutions to 128 channels, averaged over the picture; trained to tell the base classes apart."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for inputs, outputs in ((pictures.shape[1], 32), (32, 64), (64, 128)):
        layers += [_convolution(inputs, outputs), nn.MaxPool2d(2)]
    net = nn.Sequential(*layers, _convolution(128, 128), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    head = nn.Linear(128, int(labels.max()) + 1)
    adam = torch.optim.AdamW([*net.parameters(), *head.parameters()], 2e-3)
    steps = epochs * (len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 4e-3, total_steps=steps)
    targets = torch.from_numpy(labels)
    for _ in range(epochs):
        for rows in torch.randperm(len(labels))[: len(labels) // BATCH * BATCH].split(BATCH):
            loss = nn.functional.cross_entropy(head(net(_floats(pictures[rows]))), targets[rows])
            adam.zero_grad()
            loss.backward()
            adam.step()
            schedule.step()
    return net.eval()


@torch.no_grad()
def seen_by(net: nn.Module, pictures: Tensor) -> Tensor:
    """(N, 128)."""
    return torch.cat([net(_floats(part)) for part in pictures.split(512)])


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())


def _floats(pictures: Tensor) -> Tensor:
    return pictures.float() / 127.5 - 1


def _jpegs(file: np.lib.npyio.NpzFile, classes: Sequence[int]) -> tuple[Tensor, Labels]:
    """(N, 3, 32, 32) uint8 of these classes, and their labels."""
    data, offsets, labels = file["jpeg"], file["offsets"], file["labels"].astype(np.int64)
    rows = np.flatnonzero(np.isin(labels, classes))
    pictures = [
        np.asarray(Image.open(io.BytesIO(data[offsets[row] : offsets[row + 1]].tobytes())))
        for row in rows
    ]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(), labels[rows]


def _characters(path: Path) -> tuple[Tensor, list[str]]:
    """(20 C, 1, 28, 28) uint8, ink white, ordered by character, and the characters' names."""
    pictures, names = [], []
    with ZipFile(path) as archive:
        for member in sorted(each for each in archive.namelist() if each.endswith(".png")):
            name = " ".join(member.split("/")[1:3])
            if name not in names:
                names.append(name)
            ink = Image.open(io.BytesIO(archive.read(member))).convert("L")
            pictures.append(255 - np.asarray(ink.resize((28, 28), Image.Resampling.BOX)))
    if len(pictures) != 20 * len(names):
        raise ValueError(
            f"{path.name} must hold 20 pictures of each of its {len(names)} characters"
        )
    return torch.from_numpy(np.stack(pictures))[:, None], names
