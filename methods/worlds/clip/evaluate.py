"""Measure the scenes world's CLIP: `python -m methods.worlds.clip.evaluate` logs the shipped figures."""

import json
import logging
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from torch import Tensor

from methods.intervals import wilson_interval
from methods.worlds.captions import OBJECTS, draw_scene, with_article
from methods.worlds.clip import IMAGE_SIZE, folder
from methods.worlds.clip.data import TASKS, task_images
from methods.worlds.clip.statements import STATEMENTS, near_misses, truth
from methods.worlds.scenes import render

PROMPT = "a photo of {}."
COUNT = 960  # pictures of a task: 20 of each class
SCENES = 500
SEED = 3  # of pictures that no report during the training has seen

log = logging.getLogger(__name__)


def normalise(images: Tensor) -> Tensor:
    """Return uint8 images (N, 3, H, W) as open_clip's preprocessing leaves them, float32."""
    mean, std = (torch.tensor(x).view(3, 1, 1) for x in (OPENAI_DATASET_MEAN, OPENAI_DATASET_STD))
    return (images.float() / 255 - mean) / std


@torch.no_grad()
def zero_shot(name: str, tasks: tuple[str, ...], count: int, seed: int) -> dict[str, int]:
    """Return how many of each task's `count` pictures have their colour and shape named right.

    Args:
        name: an open_clip name, such as "local-dir:" and a folder.
        tasks: of `data.TASKS`.
    """
    model, _, preprocess = open_clip.create_model_and_transforms(name)
    prompts = [PROMPT.format(with_article(name)) for name in OBJECTS]
    texts = model.eval().encode_text(open_clip.get_tokenizer(name)(prompts), normalize=True)
    right = {}
    for task in tasks:
        pictures, labels = task_images(task, count, seed)
        images = torch.stack([preprocess(picture) for picture in pictures])
        logits = model.encode_image(images, normalize=True) @ texts.T
        right[task] = int((logits.argmax(dim=1) == torch.tensor(labels)).sum())
    return right


@torch.no_grad()
def sentence_scores(name: str, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return cosines (N, S) of `count` captioned scenes and the STATEMENTS' sentences, and their truth."""
    model = open_clip.create_model(name).eval()
    sentences = [statement.sentence for statement in STATEMENTS]
    texts = model.encode_text(open_clip.get_tokenizer(name)(sentences), normalize=True)
    generator = np.random.default_rng(seed)
    scenes = [draw_scene(generator) for _ in range(count)]
    pictures = torch.from_numpy(np.stack([render(scene, IMAGE_SIZE) for scene in scenes]))
    images = model.encode_image(normalise(pictures.permute(0, 3, 1, 2)), normalize=True)
    return images @ texts.T, torch.from_numpy(np.stack([truth(scene) for scene in scenes]))


def told_apart(cosines: Tensor, true: Tensor) -> dict[str, float]:
    """Return how often a true sentence has a greater cosine than a false one that differs in one word.

    Args:
        cosines, true: (N, S), of pictures and STATEMENTS.
    Returns:
        the share of such pairs of a picture, by the kind of word: "size", "colour", "shape", "background".
    """
    shares = {}
    for kind, pairs in near_misses().items():
        first, second = torch.tensor(pairs).T
        asked = true[:, first] & ~true[:, second]
        greater = cosines[:, first] > cosines[:, second]
        shares[kind] = round((greater & asked).sum().item() / asked.sum().item(), 4)
    return shares


def measure(name: str) -> dict[str, Any]:
    """Return the figures of the card."""
    right = zero_shot(name, tuple(TASKS), COUNT, SEED)
    return {
        "setting": {
            "zero_shot": f"48 classes, {COUNT} pictures a task, prompt {PROMPT!r}, seed {SEED}",
            "told_apart": f"{SCENES} scenes of one to three objects, seed {SEED}",
            "interval": "Wilson, 95%",
        },
        "zero_shot": {
            task: {
                "right": count,
                "accuracy": round(count / COUNT, 4),
                "interval": [round(end, 4) for end in wilson_interval(count, COUNT)],
            }
            for task, count in right.items()
        },
        "told_apart": told_apart(*sentence_scores(name, SCENES, SEED)),
    }


def write_card(full: Path, out: Path, training: dict[str, Any]) -> None:
    """Write `card.json`.

    Args:
        full: folder of the model in float32, as trained.
        out: folder of the model as shipped, which receives the card.
        training: what the card says of the training.
    """
    names = {"float32": f"local-dir:{full}", "float16": f"local-dir:{out}"}
    cosines = {kind: sentence_scores(name, SCENES, SEED)[0] for kind, name in names.items()}
    difference = (cosines["float32"] - cosines["float16"]).abs().max()
    card = {
        "world": "scenes, CLIP",
        **measure(names["float16"]),
        "storage": {
            "right_in_float32": zero_shot(names["float32"], tuple(TASKS), COUNT, SEED),
            "largest_difference_of_a_cosine": round(float(difference), 6),
        },
        "training": training,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "open_clip_torch", "transformers")},
        },
        "device": "cpu, one thread",
    }
    (out / "card.json").write_text(json.dumps(card, indent=2) + "\n")


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    torch.set_num_threads(1)
    log.info(json.dumps(measure(f"local-dir:{folder()}"), indent=2))


if __name__ == "__main__":
    main()
