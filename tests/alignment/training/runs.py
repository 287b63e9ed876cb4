"""Small trainings that several modules of tests start."""

from __future__ import annotations

import json

from methods.alignment import TRAIN, TrainConfig
from methods.local import LocalContext

SMALL = {
    "max_pairs": 20,
    "eval_pairs": 4,
    "max_steps": 3,
    "batch_size": 6,
    "evaluate_scenes": 4,
    "learning_rate": 0.01,
}
CLOCK = ("pairs_per_second",)


def train(folder, state=None, on_progress=None, **settings):
    context = LocalContext(folder, seed=3, resume_state=state, on_progress=on_progress)
    return TRAIN.run(TrainConfig(**{**SMALL, **settings}), context), context


def without_clock(metrics):
    return {name: value for name, value in metrics.items() if name not in CLOCK}


def text_pairs(folder, count=10, **first):
    """Pairs in the small world's words, so that the tiny tokeniser knows them; `first` changes columns of the first."""
    rows = [
        {
            "prompt": "Describe the image.",
            "chosen": f"There is a small {colour} circle.",
            "rejected": f"There is a large {colour} star. There is a small {colour} ring.",
            "chosen_logits": [0.1 * index + 0.2],
            "rejected_logits": [0.1, 0.0],
        }
        for index, colour in zip(
            range(count), ["red", "blue", "green", "yellow", "purple"] * 9, strict=False
        )
    ]
    rows[0] |= first
    file = folder / "pairs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)
