"""Train the scenes world's CLIP from nothing: `python -m methods.worlds.clip.train`.

About half an hour on one CPU core; then the evaluation, which writes `card.json`. Stop it when you
like: the same command carries on from the last checkpoint, and as every step seeds itself, it
ends with the same weights.
"""

import argparse
import logging
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import open_clip
import torch
from torch import Tensor, nn
from torch.nn import functional

from methods.worlds.clip import WEIGHTS
from methods.worlds.clip.data import Pool, any_scene, big_scene, make_pool
from methods.worlds.clip.evaluate import normalise, write_card, zero_shot
from methods.worlds.clip.losses import multi_positive_loss
from methods.worlds.clip.model import build_clip, build_tokenizer, model_config, store_clip
from methods.worlds.clip.statements import STATEMENTS
from methods.worlds.fitting import Fit, FitRecipe
from methods.worlds.patches import PatchHeads

RECIPE = FitRecipe(steps=8000, batch=64, peak_lr=1.5e-3)
BIG_STEPS = 400  # the curriculum: so many steps on single big objects first
BIG_PICTURES, PICTURES = 6_000, 60_000
PATCH_WEIGHT = 1.0
REPORT_TASKS, REPORT_IMAGES = ("large", "small", "clutter"), 240

log = logging.getLogger(__name__)


class DenseClip(nn.Module):
    """A CLIP with heads that name what each patch shows; they serve the training alone."""

    def __init__(self, clip: open_clip.CLIP) -> None:
        super().__init__()
        clip.visual.output_tokens = True  # pooled features and the patches' tokens
        self.clip = clip
        self.heads = PatchHeads(model_config()["vision_cfg"]["width"])


class Lesson:
    """The loss of one step: pictures of the step's pool against one wording of every statement."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self.big = make_pool([big_scene(generator) for _ in range(BIG_PICTURES)], generator)
        self.mix = make_pool([any_scene(generator) for _ in range(PICTURES)], generator)
        tokenizer = build_tokenizer()
        wordings = [statement.wordings() for statement in STATEMENTS]
        flat = tokenizer([text for texts in wordings for text in texts], padding="max_length")[
            "input_ids"
        ]
        self.tokens = torch.tensor(flat)
        self.counts = torch.tensor([len(texts) for texts in wordings])
        self.starts = self.counts.cumsum(0) - self.counts

    def __call__(self, model: DenseClip, generator: torch.Generator, step: int) -> Tensor:
        pool = self.big if step < BIG_STEPS else self.mix
        rows = torch.randint(len(pool.images), (RECIPE.batch,), generator=generator)
        images, truth, patches = mirrored(Pool(*(part[rows] for part in pool)), generator)
        pooled, tokens = model.clip.visual(normalise(images))
        features = functional.normalize(pooled, dim=-1)
        # The caption's own wording half of the time, one of all else.
        draws = (torch.rand(len(self.counts), generator=generator) * 2 - 1).clamp(min=0)
        texts = self.tokens[self.starts + (draws * self.counts).long()]
        sentences = model.clip.encode_text(texts, normalize=True)
        logits = model.clip.logit_scale.exp().clamp(max=100) * features @ sentences.T
        contrast = multi_positive_loss(logits, truth)
        return contrast + PATCH_WEIGHT * model.heads.loss(tokens, patches)


def mirrored(pool: Pool, generator: torch.Generator) -> Pool:
    """Return the pool, each picture mirrored or not: every shape equals its left-right mirror image."""
    flip = torch.rand(len(pool.images), generator=generator) < 0.5
    flip = flip.view(-1, 1, 1, 1)
    images = torch.where(flip, pool.images.flip(-1), pool.images)
    return Pool(images, pool.truth, torch.where(flip, pool.patches.flip(-1), pool.patches))


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Train the scenes world's CLIP and write its card."
    )
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after that long")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of weights and card")
    settings = parser.parse_args()
    settings.out.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        logging.StreamHandler(),
        logging.FileHandler(settings.out / "training.log"),
    ]
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=handlers)
    logging.getLogger("methods").setLevel(logging.INFO)
    torch.set_num_threads(1)

    torch.manual_seed(RECIPE.seed)
    fit = Fit(DenseClip(build_clip()), RECIPE)

    def report(average: DenseClip) -> str:
        store_clip(average.clip, settings.out)
        right = zero_shot(f"local-dir:{settings.out}", REPORT_TASKS, REPORT_IMAGES, seed=1)
        shares = [f"{name} {count / REPORT_IMAGES:.3f}" for name, count in right.items()]
        return "zero-shot " + ", ".join(shares)

    checkpoint = settings.out / "checkpoint.pt"
    if not fit.run(Lesson(RECIPE.seed), report, settings.minutes, checkpoint):
        log.info("stopped at step %d of %d: run again to carry on", fit.step, RECIPE.steps)
        return
    store_clip(fit.average.clip, settings.out)
    with TemporaryDirectory() as full:
        store_clip(fit.average.clip, Path(full), torch.float32)
        write_card(Path(full), settings.out, fit.describe())
    checkpoint.unlink()


if __name__ == "__main__":
    main()
