"""Small sets of pictures that the small world's CLIP knows, as folders, and evaluations of them."""

from __future__ import annotations

import shutil

import pytest

from methods import METHODS
from methods.local import LocalContext

EVALUATE = METHODS["fewshot.evaluate"]
TINY = {
    "shots": 2,
    "draws": 2,
    "test_pictures": 18,
    "augmentations": 2,
    "scales": (0.2, 0.5),
    "views": 3,
    "classifiers": ("zero_shot", "tip", "gda"),
    "template": "a photo of {a}.",
}
NAMES = ("red circle", "red square", "blue star", "green ring")
COUNTS = {"train": 3, "val": 2, "test": 5}


@pytest.fixture(scope="session")
def toys(tmp_path_factory):
    """A folder with train, val and test, of four classes of tiny shapes; file names say nothing of the class."""
    from methods.worlds.captions import OBJECTS
    from methods.worlds.clip.data import task_images

    root = tmp_path_factory.mktemp("toys") / "toys"
    images, labels = task_images("tiny", 48 * sum(COUNTS.values()), seed=9)
    parts = [part for part, count in COUNTS.items() for _ in range(count)]
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        if OBJECTS[label] in NAMES:
            folder = root / parts[place // 48] / OBJECTS[label].replace(" ", "_")
            folder.mkdir(parents=True, exist_ok=True)
            image.save(folder / f"{place:04d}.png")
    return root


@pytest.fixture(scope="session")
def evaluate(toys, tmp_path_factory):
    """Run an evaluation, (folder or None for the toys, settings) -> result, context; features are kept from one to the next."""
    shared, done = tmp_path_factory.mktemp("shared"), {}

    def run(pictures=toys, *, seed=3, anew=False, on_progress=None, **settings):
        key = repr((pictures, seed, sorted(settings.items())))
        if key in done and not (anew or on_progress):
            return done[key]
        context = LocalContext(
            tmp_path_factory.mktemp("run"), seed, on_progress=on_progress, shared=shared
        )
        config = EVALUATE.config(pictures=str(pictures), **{**TINY, **settings})
        found = EVALUATE.run(config, context), context
        done.setdefault(key, found)
        return found

    return run


@pytest.fixture
def copy_of_toys(toys, tmp_path):
    """The toys, to be spoilt."""
    return shutil.copytree(toys, tmp_path / "toys")
