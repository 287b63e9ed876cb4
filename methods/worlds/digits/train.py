"""Train the digits world from nothing: `python -m methods.worlds.digits.train`.

First the judge (seconds), then the transformer (a quarter of an hour on one CPU core), then the
evaluation (ten minutes), which writes `card.json`. Stop it when you like: the same command carries
on from the last checkpoint, and as every step seeds itself, it ends with the same weights.
"""

import argparse
import logging
import math
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from methods.worlds.digits import CHANNELS, IMAGE_SIZE, NUM_CLASSES, WEIGHTS
from methods.worlds.digits.data import load_data
from methods.worlds.digits.evaluate import make_bench
from methods.worlds.digits.model import build_transformer
from methods.worlds.evaluate import write_card
from methods.worlds.judge import Judge, train_judge
from methods.worlds.training import Recipe, TransformerTraining

RECIPE = Recipe(steps=1750, batch=128)
DROPOUT = 0.1
JUDGE_EPOCHS = 60

log = logging.getLogger(__name__)


def start_training(steps: int = RECIPE.steps) -> TransformerTraining:
    """Return the training at its first step."""
    return TransformerTraining(lambda: build_transformer(DROPOUT), replace(RECIPE, steps=steps))


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the digits world and write its card.")
    parser.add_argument("--steps", type=int, default=RECIPE.steps, help="length of the training")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after that long")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of weights and card")
    settings = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    settings.out.mkdir(parents=True, exist_ok=True)
    data = load_data()

    torch.manual_seed(RECIPE.seed)
    judge = Judge(CHANNELS, IMAGE_SIZE, NUM_CLASSES)
    train_judge(judge, data.train, data.held_out, JUDGE_EPOCHS)
    save_file(judge.state_dict(), settings.out / "judge.safetensors")
    checkpoint = settings.out / "checkpoint.pt"
    training = start_training(settings.steps)
    if not training.learn(data.train, data.held_out, settings.minutes, checkpoint):
        log.info("stopped at step %d of %d: run again to carry on", training.step, settings.steps)
        return
    recipe = {**training.describe(), "dropout": DROPOUT}
    bench = make_bench(judge, data)
    write_card(bench, training.average, build_transformer(), recipe, settings.out)
    checkpoint.unlink()


if __name__ == "__main__":
    main()
