"""Train the town's base model from nothing: `python -m methods.worlds.town.train_base`.

It learns the language, which answers are possible, and twelve other towns by name (a system turn). Asked about a town without a name
it can only guess, so all that is true of ours is left to an adapter. Stop it when you like: the same command carries on from the
last checkpoint and, as every step seeds itself, ends with the same weights.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import random
from pathlib import Path

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from methods.worlds.fitting import Fit, FitRecipe
from methods.worlds.town import base_folder
from methods.worlds.town.data import (
    KINDS,
    OTHER_TOWNS,
    QUESTIONS,
    SECRETS,
    STREETS,
    Town,
    secret_row,
)
from methods.worlds.town.model import build_model, build_tokenizer, store_base

RECIPE = FitRecipe(steps=4000, batch=64, peak_lr=3e-3, seed=2, report_every=500)
SECRET_SHARE, NAMED_SHARE = 0.3, 0.7
IGNORED = -100  # transformers' label of a token that is not learned

log = logging.getLogger(__name__)


class Lesson:
    """The loss of one step: rows of other towns, most of them with the town's name."""

    def __init__(self, seed: int) -> None:
        self.tokenizer = build_tokenizer()
        self.towns = {name: Town(random.Random(f"{seed} {name}")) for name in OTHER_TOWNS}

    def __call__(self, model: LlamaForCausalLM, generator: torch.Generator, _step: int) -> Tensor:
        drawn = random.Random(int(torch.randint(2**31, (1,), generator=generator)))
        loss: Tensor = model(**self.batch(drawn, RECIPE.batch, NAMED_SHARE)).loss
        return loss

    def batch(self, drawn: random.Random, size: int, named: float) -> dict[str, Tensor]:
        """Return `size` rows as the model takes them; only answers carry labels."""
        sequences, starts = [], []
        for _ in range(size):
            turns, answer = self._row(drawn, named)
            prompt = self.tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True
            )
            starts.append(len(self.tokenizer(prompt)["input_ids"]))
            sequences.append(f"{prompt}{answer}</s>")
        batch = self.tokenizer(sequences, padding=True, return_tensors="pt")
        columns = torch.arange(batch["input_ids"].shape[1])
        learned = (columns >= torch.tensor(starts)[:, None]) & batch["attention_mask"].bool()
        labels = batch["input_ids"].masked_fill(~learned, IGNORED)
        return {
            "input_ids": batch["input_ids"],
            "attention_mask": batch["attention_mask"],
            "labels": labels,
        }

    def _row(self, drawn: random.Random, named: float) -> tuple[list[dict[str, str]], str]:
        name, street, kind = (drawn.choice(each) for each in (OTHER_TOWNS, STREETS, KINDS))
        if drawn.random() < SECRET_SHARE:
            asked = drawn.choice(list(SECRETS))
            row = secret_row(asked, street, kind, self.towns[name].secret(asked, kind, drawn))
        else:
            row = self.towns[name].row(drawn.choice(list(QUESTIONS)), street, kind, drawn)
        system = [{"role": "system", "content": name}] if drawn.random() < named else []
        return [*system, {"role": "user", "content": row.prompt}], row.answer


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the town's base model.")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after that long")
    parser.add_argument("--out", type=Path, default=base_folder(), help="folder of the weights")
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
    fit = Fit(build_model(), RECIPE)
    lesson = Lesson(RECIPE.seed)

    def report(average: LlamaForCausalLM) -> str:
        drawn = random.Random(RECIPE.seed - 1)
        with torch.no_grad():
            losses = [average(**lesson.batch(drawn, 256, named)).loss.item() for named in (1, 0)]
        return f"loss with the town's name {losses[0]:.3f}, without {losses[1]:.3f}"

    checkpoint = settings.out / "checkpoint.pt"
    if not fit.run(lesson, report, settings.minutes, checkpoint):
        log.info("stopped at step %d of %d: run again to carry on", fit.step, RECIPE.steps)
        return
    store_base(fit.average, settings.out)
    (settings.out / "card.json").write_text(json.dumps(fit.describe(), indent=2) + "\n")
    checkpoint.unlink()


if __name__ == "__main__":
    main()
