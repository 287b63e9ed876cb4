"""Train the shapes world from nothing: `python -m methods.worlds.shapes.train`.

First the transformer (about an hour on one CPU core), then the judge (minutes), then the
evaluation, which writes `card.json`; `training.log` has the losses. Stop it when you like: the same command carries on from the
last checkpoint, and as every step seeds itself, it ends with the same weights.
"""

import argparse
import logging
import math
from pathlib import Path

import torch
from safetensors.torch import save_file

from methods.worlds.evaluate import write_card
from methods.worlds.judge import Judge, train_judge
from methods.worlds.shapes import CHANNELS, IMAGE_SIZE, NUM_CLASSES, PREDICTION, WEIGHTS
from methods.worlds.shapes.data import load_data
from methods.worlds.shapes.evaluate import make_bench
from methods.worlds.shapes.judge import load_judge
from methods.worlds.shapes.model import build_transformer
from methods.worlds.training import Recipe, TransformerTraining

RECIPE = Recipe(steps=14_000, batch=32, peak_lr=2e-3, prediction=PREDICTION)
JUDGE_EPOCHS = 2

log = logging.getLogger(__name__)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the shapes world and write its card.")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after that long")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of weights and card")
    settings = parser.parse_args()
    settings.out.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        logging.StreamHandler(),
        logging.FileHandler(settings.out / "training.log"),
    ]
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=handlers)
    torch.set_num_threads(1)
    data = load_data()

    checkpoint = settings.out / "checkpoint.pt"
    training = TransformerTraining(build_transformer, RECIPE)
    if not training.learn(*data, settings.minutes, checkpoint):
        log.info("stopped at step %d of %d: run again to carry on", training.step, RECIPE.steps)
        return
    judge_file = settings.out / "judge.safetensors"
    if not judge_file.exists():
        torch.manual_seed(RECIPE.seed)
        judge = Judge(CHANNELS, IMAGE_SIZE, NUM_CLASSES)
        save_file(train_judge(judge, *data, JUDGE_EPOCHS).state_dict(), judge_file)
    judge = load_judge(file=judge_file)
    bench = make_bench(judge, data)
    recipe = training.describe()
    write_card(bench, training.average, build_transformer(), recipe, settings.out)
    checkpoint.unlink()


if __name__ == "__main__":
    main()
