"""Measure the shapes world: `python -m methods.worlds.shapes.evaluate` logs the shipped figures."""

import json
import logging

from methods.worlds import evaluate
from methods.worlds.judge import Judge
from methods.worlds.shapes import GUIDANCE_SCALE, NUM_INFERENCE_STEPS, PREDICTION
from methods.worlds.shapes.data import HELD_OUT_IMAGES, Shapes, load_data
from methods.worlds.shapes.judge import load_judge
from methods.worlds.shapes.model import load_transformer

log = logging.getLogger(__name__)


def make_bench(judge: Judge, data: Shapes) -> evaluate.Bench:
    """Return the setting of the card: as many images as are held out, so that distances compare."""
    return evaluate.Bench(
        world="shapes",
        judge=judge,
        train=data.train,
        held_out=data.held_out,
        guidance_scale=GUIDANCE_SCALE,
        other_guidance_scales=(1.0, 2.0, 3.0),
        num_images=HELD_OUT_IMAGES,
        num_inference_steps=NUM_INFERENCE_STEPS,
        prediction=PREDICTION,
    )


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    figures = evaluate.measure(make_bench(load_judge(), load_data()), load_transformer())
    log.info(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
