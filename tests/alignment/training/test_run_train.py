"""Whole trainings: on the small world, and of every other objective on a folder of a text model."""

from __future__ import annotations

import csv
import zipfile

import pytest
import torch

from tests.alignment.training.runs import text_pairs, train


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return train(tmp_path_factory.mktemp("run"))


def test_it_measures_before_and_after_and_keeps_every_answer(finished):
    result, context = finished
    for name in ("chair_i", "recall", "mentions", "background_right"):
        assert name in result.metrics
        assert f"{name}_before" in result.metrics
    assert result.metrics["kept_share"] == pytest.approx(11 / 16)  # of 6, 6 and 4 pairs 4, 4 and 3
    answers = context.records["answer"]
    assert [row["variant"] for row in answers].count("before") == 4
    assert {row["item"] for row in answers if row["variant"] == "after"} == {
        row["item"] for row in answers if row["variant"] == "before"
    }
    shard, member = answers[0]["image"].split("/")
    with zipfile.ZipFile(context.folder / shard) as archive:
        assert member in archive.namelist()
    assert "DAMO: 3 steps over 16 pairs" in result.summary
    assert (context.folder / "figures.csv").is_file()


def test_every_step_has_a_row_a_pair_with_the_pairs_own_id(finished):
    from methods.alignment.pairs.opening import scene_pairs

    _, context = finished
    rows = context.records["pair_step"]
    source = scene_pairs(20)
    assert [row["step"] for row in rows] == [1] * 6 + [2] * 6 + [3] * 4
    for row in rows:
        assert source.at(row["position"]).id == row["pair_id"]
    factors = {row["position"]: row["factor"] for row in rows}
    assert len({round(factor, 4) for factor in factors.values()}) > 4
    held_out = list(csv.DictReader((context.folder / "held_out.csv").open()))
    assert len(held_out) == 4
    assert not {int(row["position"]) for row in held_out} & set(factors)
    assert len({row["level"] for row in held_out}) > 1


def test_curves_have_trls_names(finished):
    _, context = finished
    assert {
        "loss",
        "rewards/chosen",
        "rewards/margins",
        "logps/rejected",
        "dama/beta",
        "dama/running_mean",
    } <= context.curves.keys()
    assert [step for step, _ in context.curves["loss"]] == [1, 2, 3]


def test_plain_peft_loads_the_adapter_elsewhere_with_the_same_logits(finished, tmp_path):
    from peft import PeftModel

    from methods.alignment.training.models import load_model
    from methods.worlds import llava

    _, context = finished
    with zipfile.ZipFile(context.folder / "adapter.zip") as archive:
        assert sorted(archive.namelist()) == [
            "adapter_config.json",
            "adapter_model.safetensors",
            "dama_state.json",
        ]
        archive.extractall(tmp_path)
    model, processor = llava.load()
    before = _logits(model, processor)
    theirs = _logits(PeftModel.from_pretrained(model, tmp_path).eval(), processor)
    ours = load_model("scenes", torch.device("cpu"), adapter=context.folder / "adapter.zip")
    assert torch.equal(_logits(ours.model, ours.processor), theirs)
    with ours.without_adapter() as plain:
        assert torch.equal(_logits(plain, ours.processor), before)
    assert not torch.equal(theirs, before)
    changed = {name for name, _ in ours.model.named_parameters() if "lora" in name}
    assert changed
    assert not any("vision" in name or "projector" in name or "lm_head" in name for name in changed)


def _logits(model, processor):
    from methods.worlds.llava.data import scenes

    text = "USER: <image>\nDescribe the image. ASSISTANT: There is"
    inputs = processor(images=[scenes("test", 1)[0].image], text=[text], return_tensors="pt")
    with torch.no_grad():
        return model(**inputs).logits


@pytest.mark.parametrize("objective", ["sft", "beta_dpo", "data_aware"])
def test_other_objectives_run_on_a_text_model(text_folder, tmp_path, objective):
    pairs = text_pairs(tmp_path)
    result, context = train(tmp_path / "out", model=text_folder, pairs=pairs, objective=objective)
    assert "chair_i" not in result.metrics
    kept = {"sft": 1.0, "data_aware": 1.0, "beta_dpo": 4 / 6}[objective]
    assert result.metrics["kept_share"] == pytest.approx(kept)
    assert context.records["pair_step"]


def test_any_loss_of_trl_and_an_earlier_adapter(text_folder, tmp_path):
    settings = {"model": text_folder, "pairs": text_pairs(tmp_path), "objective": "dpo"}
    _, first = train(tmp_path / "first", **settings)
    result, second = train(
        tmp_path / "second",
        **settings,
        losses=("ipo", "sft"),
        loss_weights=(1.0, 0.5),
        adapter=str(first.folder / "adapter.zip"),
    )
    assert "DPO with the losses ipo, sft" in result.summary
    assert second.curves["rewards/margins"][0][1] == 0  # the reference is the earlier adapter
