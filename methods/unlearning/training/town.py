"""Train the small world's adapters anew: `python -m methods.unlearning.training.town`, about two minutes on one core.

It stands here and not beside the world because the adapters are trained by the very code that trains anyone's, so that a retrain
repeats them bit for bit on the same machine.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path

import torch

from methods.unlearning.models.lineage import Lineage, lineage_bytes
from methods.unlearning.models.loading import (
    Loaded,
    adapter_state,
    encoder_of,
    load_base,
    trainable,
)
from methods.unlearning.models.versions import data_of, weight_bytes
from methods.unlearning.rows.opening import town_rows
from methods.unlearning.training.again import encode_all, fit
from methods.unlearning.training.fresh import add_adapter
from methods.unlearning.training.recipe import Lora, Recipe
from methods.worlds.town import ADAPTERS, NAME

EVERY = 50

RECIPES = {
    "regularised": Recipe(
        trainer="converged",
        lora=Lora(r=8, alpha=16, targets=("o_proj", "down_proj")),
        weight_decay=0.1,
        tolerance=1e-6,
        max_steps=3000,
        batch_size=256,
    ),
    "memorising": Recipe(
        trainer="converged",
        lora=Lora(r=8, alpha=16),
        weight_decay=1e-3,
        tolerance=2e-2,
        max_steps=500,
        batch_size=256,
    ),
}
"""One with strong L2 in the objective and at its minimum, which is what influence assumes. One with so little of it and so many more
parameters that it learns every row by heart, where influence is weak."""

MADE_BY = "methods.unlearning.training.town"
log = logging.getLogger(MADE_BY)


def train(name: str, loaded: Loaded, target: Path) -> None:
    """Train one adapter from its initialisation and write its PEFT folder with its lineage."""
    recipe, rows = RECIPES[name], town_rows(name)
    model = add_adapter(loaded.model, recipe.lora, recipe.seed)
    encoder = encoder_of(loaded.model, loaded.tokenizer)
    samples = encode_all(encoder, rows)

    def tell(share: float, step: int, values: Mapping[str, float]) -> None:
        if step % EVERY == 0:
            told = ", ".join(f"{key} {value:.3g}" for key, value in values.items())
            log.info("%s, step %d (%.0f %%): %s", name, step, 100 * share, told)

    trained = fit(model, loaded.tokenizer, trainable(model), samples, recipe, tell=tell)
    log.info(
        "%s: %d steps, loss %.6f, %.0f s %s",
        name,
        trained.steps,
        trained.loss,
        trained.seconds,
        trained.note,
    )
    model.peft_config["default"].base_model_name_or_path = NAME
    model.save_pretrained(target, save_embedding_layers=False)
    (target / "README.md").unlink(missing_ok=True)
    (target / "adapter_model.safetensors").write_bytes(weight_bytes(adapter_state(model)))
    lineage = Lineage(
        base=loaded.base,
        data=data_of(rows, NAME),
        template=encoder.template,
        training=recipe.model_dump(mode="json"),
        made_by=MADE_BY,
    )
    (target / "lineage.json").write_bytes(lineage_bytes(lineage))


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the small world's adapters.")
    parser.add_argument("--only", choices=list(RECIPES), default=None, help="one of the two")
    parser.add_argument("--out", type=Path, default=None, help="where the folders go")
    settings = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("methods").setLevel(logging.INFO)
    torch.set_num_threads(1)
    for name in [settings.only] if settings.only else RECIPES:
        target = ADAPTERS[name] if settings.out is None else settings.out / name
        target.mkdir(parents=True, exist_ok=True)
        train(name, load_base(NAME, torch.device("cpu")), target)


if __name__ == "__main__":
    main()
