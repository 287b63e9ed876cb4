"""Measure the digits world: `python -m methods.worlds.digits.evaluate` logs the shipped figures."""

import json
import logging

from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch import Tensor

from methods.worlds import evaluate
from methods.worlds.digits import GUIDANCE_SCALE, NUM_INFERENCE_STEPS
from methods.worlds.digits.data import Digits, load_data
from methods.worlds.digits.judge import load_judge
from methods.worlds.digits.model import load_transformer
from methods.worlds.judge import Judge

NUM_IMAGES = 1000

log = logging.getLogger(__name__)


def draw(
    transformer: DiTTransformer2DModel,
    num_images: int = NUM_IMAGES,
    num_inference_steps: int = NUM_INFERENCE_STEPS,
    guidance_scale: float = GUIDANCE_SCALE,
    seed: int = 0,
) -> tuple[Tensor, Tensor]:
    """Return images (N, 1, 8, 8), clamped to [-1, 1], and labels (N,): the classes in turn."""
    return evaluate.draw(transformer, num_images, num_inference_steps, guidance_scale, seed)


def make_bench(judge: Judge, data: Digits) -> evaluate.Bench:
    """Return the setting of the card."""
    return evaluate.Bench(
        world="digits",
        judge=judge,
        train=data.train,
        held_out=data.held_out,
        guidance_scale=GUIDANCE_SCALE,
        other_guidance_scales=(1.0, 1.25, 2.0, 3.0),
        num_images=NUM_IMAGES,
        num_inference_steps=NUM_INFERENCE_STEPS,
    )


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    figures = evaluate.measure(make_bench(load_judge(), load_data()), load_transformer())
    log.info(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
