"""Fine-tune the scenes world's LLaVA: `python -m methods.worlds.llava.train`.

It starts from the shipped CLIP's tower and takes about half an hour on one CPU core; then the
evaluation, which writes `card.json`. Stop it when you like: the same command carries on from the
last checkpoint, and as every step seeds itself, it ends with the same weights.
"""

import argparse
import logging
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import LlavaForConditionalGeneration
from transformers.utils.logging import disable_progress_bar

from methods.worlds import clip
from methods.worlds.clip import PATCH_SIZE
from methods.worlds.clip.evaluate import normalise
from methods.worlds.fitting import Fit, FitRecipe
from methods.worlds.llava import IMAGE_SIZE, WEIGHTS
from methods.worlds.llava.conversations import Turn, caption_turn, question_turns
from methods.worlds.llava.data import annotation, scenes
from methods.worlds.llava.evaluate import caption_figures, describe, phantoms, write_card
from methods.worlds.llava.model import (
    END,
    PAD_ID,
    VISION_WIDTH,
    build_llava,
    build_processor,
    store_llava,
    tower_weights,
)
from methods.worlds.patches import PatchHeads, patch_labels

RECIPE = FitRecipe(steps=3500, batch=32, peak_lr=1.2e-3)
PICTURES = 40_000
QUESTIONS_EVERY = 3  # so many steps: one on questions, the others on captions
PATCH_WEIGHT = 0.5
REPORT_SCENES = 144
IGNORED = -100

log = logging.getLogger(__name__)


class DenseLlava(nn.Module):
    """The LLaVA with heads that name what each patch shows; they serve the training alone."""

    def __init__(self, llava: LlavaForConditionalGeneration) -> None:
        super().__init__()
        self.llava, self.heads = llava, PatchHeads(VISION_WIDTH)

    def loss(self, ids: Tensor, labels: Tensor, pixels: Tensor, patches: Tensor) -> Tensor:
        """Return the answers' mean cross-entropy plus the patches'.

        Args:
            ids, labels: (B, T) int64, labels IGNORED outside the answers.
            pixels: (B, 3, 48, 48) float32, normalised.
            patches: (B, 3, 6, 6) int64, as `patch_labels` makes them.
        """
        seen: list[Tensor] = []
        core = self.llava.model
        hook = core.multi_modal_projector.register_forward_pre_hook(
            lambda _, args: seen.append(args[0])
        )
        mask = (ids != PAD_ID).long()
        said: Tensor = self.llava(
            input_ids=ids, attention_mask=mask, pixel_values=pixels, labels=labels
        ).loss
        hook.remove()
        tokens = core.vision_tower.post_layernorm(seen[0])
        return said + PATCH_WEIGHT * self.heads.loss(tokens, patches)


class Encoder:
    """Tokens of conversations, equal to what the processor's chat template makes of them."""

    def __init__(self) -> None:
        processor = build_processor()
        self.tokenizer = processor.tokenizer
        self.image = processor.image_token * (IMAGE_SIZE // PATCH_SIZE) ** 2

    def encode(self, turns: list[Turn]) -> tuple[list[int], list[int]]:
        """Return ids and labels, the latter IGNORED outside the answers and their ends."""
        ids: list[int] = []
        labels: list[int] = []
        for index, (question, answer) in enumerate(turns):
            image = self.image if index == 0 else ""
            asked = self.tokenizer.encode(f"USER: {image}\n{question} ASSISTANT:")
            said = self.tokenizer.encode(f"{answer}{END}")
            ids += asked + said
            labels += [IGNORED] * len(asked) + said
        return ids, labels


class Kind(NamedTuple):
    """One conversation a scene: ids and labels (N, T) int64, padded on the right."""

    ids: Tensor
    labels: Tensor


class Lesson:
    """The loss of one step: captions, or every third step questions, about scenes of "train"."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng(seed)
        pool = scenes("train", PICTURES, seed)
        pictures = np.stack([np.asarray(item.image) for item in pool])
        self.pictures = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()
        grid = IMAGE_SIZE // PATCH_SIZE
        self.patches = torch.from_numpy(np.stack([patch_labels(item.scene, grid) for item in pool]))
        notes = [annotation(item.scene, generator) for item in pool]
        encoder = Encoder()
        self.captions = _padded([encoder.encode(caption_turn(note, generator)) for note in notes])
        self.questions = _padded(
            [encoder.encode(question_turns(note, generator)) for note in notes]
        )

    def __call__(self, model: DenseLlava, generator: torch.Generator, step: int) -> Tensor:
        kind = self.questions if step % QUESTIONS_EVERY == QUESTIONS_EVERY - 1 else self.captions
        rows = torch.randint(len(self.pictures), (RECIPE.batch,), generator=generator)
        used = int((kind.labels[rows] != IGNORED).any(dim=0).nonzero().max()) + 1
        ids, labels = kind.ids[rows, :used], kind.labels[rows, :used]
        return model.loss(ids, labels, normalise(self.pictures[rows]), self.patches[rows])


def _padded(encoded: list[tuple[list[int], list[int]]]) -> Kind:
    longest = max(len(ids) for ids, _ in encoded)
    ids = [ids + [PAD_ID] * (longest - len(ids)) for ids, _ in encoded]
    labels = [labels + [IGNORED] * (longest - len(labels)) for _, labels in encoded]
    return Kind(torch.tensor(ids), torch.tensor(labels))


def build() -> LlavaForConditionalGeneration:
    """Return an untrained LLaVA on the shipped CLIP's tower."""
    llava = build_llava()
    trained = load_file(clip.folder() / "open_clip_model.safetensors")
    llava.model.vision_tower.load_state_dict(tower_weights(trained))
    return llava


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Train the scenes world's LLaVA and write its card."
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
    disable_progress_bar()
    torch.set_num_threads(1)

    torch.manual_seed(RECIPE.seed)
    fit = Fit(DenseLlava(build()), RECIPE)
    held_out, processor = scenes("tune", REPORT_SCENES), build_processor()

    def report(average: DenseLlava) -> str:
        store_llava(average.llava, settings.out)
        texts = describe(average.llava, processor, held_out)
        named, tempted = phantoms(texts, held_out)
        figures = {**caption_figures(texts, held_out), "phantoms": named / tempted}
        return ", ".join(f"{name} {value:.3f}" for name, value in figures.items())

    checkpoint = settings.out / "checkpoint.pt"
    if not fit.run(Lesson(RECIPE.seed), report, settings.minutes, checkpoint):
        log.info("stopped at step %d of %d: run again to carry on", fit.step, RECIPE.steps)
        return
    store_llava(fit.average.llava, settings.out)
    write_card(fit.average.llava, settings.out, fit.describe())
    checkpoint.unlink()


if __name__ == "__main__":
    main()
