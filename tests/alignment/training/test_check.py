"""What is refused before a training is queued, and in which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from methods.alignment import TRAIN, TrainConfig
from methods.alignment.training.objectives import Loss
from methods.base import MethodError


def check(**settings):
    TRAIN.check(TrainConfig(**{"max_pairs": 60, **settings}), Path)


def text_pairs(folder, count=4, **extra):
    file = folder / "pairs.jsonl"
    rows = [
        {"prompt": f"Say {index}.", "chosen": f"{index}", "rejected": "no", **extra}
        for index in range(count)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def test_the_defaults_and_every_arm_hold():
    check()
    for preset in TRAIN.presets.values():
        if "model" not in preset.values:
            check(**preset.values)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objective": "damo", "losses": ("ipo",)}, "losses of TRL are for the objective dpo"),
        ({"objective": "dpo", "loss_weights": (1.0, 2.0)}, "2 loss weights for 1 losses"),
        ({"objective": "dpo", "losses": ("ipo", "ipo")}, "named twice"),
        ({"objective": "sft", "sft_weight": 1.0}, "there already"),
        ({"objective": "dpo", "losses": ("exo_pair",)}, "needs label smoothing"),
        ({"objective": "damo", "label_smoothing": 0.1}, "label smoothing is for TRL's losses"),
        ({"objective": "damo", "batch_size": 1}, "a batch of 1 pair cannot be filtered"),
        ({"eval_pairs": 60}, "leaves none to train on"),
        ({"model": "nowhere"}, "there is no model 'nowhere'"),
        ({"hardness": "nowhere.parquet"}, "nowhere.parquet"),
        ({"adapter": "nowhere.zip"}, "nowhere.zip"),
    ],
)
def test_what_cannot_be_is_refused(settings, message, tmp_path):
    def opener(ref):
        if not Path(ref).exists():
            raise MethodError(f"there is no {ref}")
        return Path(ref)

    with pytest.raises(MethodError, match=message):
        TRAIN.check(TrainConfig(**{"max_pairs": 60, **settings}), opener)


def test_one_pair_a_batch_is_fine_where_nothing_is_filtered():
    check(objective="dpo", batch_size=1)
    check(objective="damo", batch_size=1, drop=0.0)


def test_hardness_has_to_come_from_somewhere(tmp_path):
    pairs = text_pairs(tmp_path)
    with pytest.raises(MethodError, match="needs the hardness of every pair"):
        check(pairs=pairs, eval_pairs=0, objective="damo")
    check(pairs=pairs, eval_pairs=0, objective="model_aware")
    scores = {"chosen_logits": [0.2], "rejected_logits": [0.1]}
    file = Path(text_pairs(tmp_path, **scores))
    check(pairs=str(file), eval_pairs=0, objective="damo")
    with file.open("a") as target:
        target.write(json.dumps({"prompt": "Say so.", "chosen": "so", "rejected": "no"}) + "\n")
    with pytest.raises(MethodError, match="row 4: the objective damo needs the hardness"):
        check(pairs=str(file), eval_pairs=0, objective="damo")


def test_a_folder_that_is_no_model_is_named(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(
        MethodError, match=r"no weights in safetensors \(pytorch_model.bin is a pickle"
    ):
        check(model=str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(MethodError, match="reads text only, and the pairs have pictures"):
        check(model=str(tmp_path))


def test_the_losses_offered_are_those_of_trl():
    from typing import get_args

    from trl import DPOConfig

    text = DPOConfig.__dataclass_fields__["loss_type"].metadata["help"]
    assert [
        loss for loss in get_args(Loss) if f"`'{loss}'`" not in text and f"'{loss}'" not in text
    ] == []
