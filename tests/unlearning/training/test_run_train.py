"""`unlearning.train`: what it leaves, that it is the same every time, and how it goes on after being killed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import torch

from methods.base import Cancelled, MethodError
from methods.local import LocalContext
from methods.unlearning import TRAIN
from methods.unlearning.models.files import open_adapter_files
from methods.unlearning.models.loading import load_adapter
from methods.unlearning.models.versions import write_version
from methods.unlearning.rows.config import AdapterSettings
from methods.unlearning.rows.language import collate, per_sample_loss
from methods.unlearning.rows.opening import open_rows
from methods.unlearning.rows.row import table_sha
from methods.unlearning.rows.writing import write_rows
from methods.unlearning.training import run_train
from methods.unlearning.training.again import retrain
from methods.unlearning.training.config import TrainConfig
from methods.unlearning.training.recipe import read_recipe

SMALL = {"learning_rate": 0.05, "epochs": 4.0, "batch_size": 4, "lora_r": 2, "held_out_share": 0.2}
CONVERGED = {**SMALL, "trainer": "converged", "weight_decay": 0.3, "tolerance": 1e-2}


def train(folder, base, rows_file, settings, state=None, on_progress=None):
    context = LocalContext(folder, seed=5, resume_state=state, on_progress=on_progress)
    config = TrainConfig(model=base, data=rows_file, **settings)
    return TRAIN.run(config, context), context


@pytest.fixture(scope="module", params=["sft", "converged"])
def trained(request, tmp_path_factory, base, rows_file):
    """A training by each trainer: its result and context."""
    settings = SMALL if request.param == "sft" else CONVERGED
    return train(tmp_path_factory.mktemp(request.param), base, rows_file, settings)


def files_of(context, base):
    """Adapter and rows as an edit opens them."""
    adapter = str(context.folder / "adapter.zip")
    settings = AdapterSettings(model=base, adapter=adapter)
    return open_rows(settings, context.open, open_adapter_files(adapter)), adapter


def test_it_leaves_an_adapter_with_its_rows_and_every_rows_loss(trained, base):
    result, context = trained
    table, adapter = files_of(context, base)
    assert (len(table.rows), len(table.held_out)) == (10, 2)
    adapted = load_adapter(base, adapter)
    assert adapted.lineage.data.sha256 == table_sha(table.rows)
    assert adapted.lineage.template == "chat"
    assert adapted.lineage.made_by == "unlearning.train"
    batch = collate([adapted.encoder().encode(row) for row in table.rows])
    with torch.no_grad():
        losses = per_sample_loss(adapted.model, batch).tolist()
    told = context.records["instruction"]
    assert [row["row_id"] for row in told] == [row.id for row in table.rows]
    assert [row["position"] for row in told] == list(range(10))
    assert [row["loss"] for row in told] == pytest.approx(losses, abs=1e-5)
    assert {row["tokens"] for row in told} == {6}
    assert result.metrics["loss"] == pytest.approx(sum(losses) / 10, abs=1e-5)
    first = context.curves["loss"][0][1]
    assert result.metrics["loss"] < first
    fractions = [done / total for done, total, _ in context.steps]
    assert fractions == sorted(fractions)


def test_a_retrain_repeats_the_recipe_bit_for_bit_and_leaves_the_adapter_alone(trained, base):
    _, context = trained
    table, adapter = files_of(context, base)
    adapted = load_adapter(base, adapter)
    before = {name: tensor.detach().clone() for name, tensor in adapted.parameters.items()}
    recipe = read_recipe(adapted.lineage.training)
    told = []
    again = retrain(adapted, table.rows, recipe, tell=lambda *said: told.append(said))
    assert all(tensor.equal(before[name]) for name, tensor in again.parameters.items())
    shares = [share for share, _, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    short = recipe.model_copy(update={"max_steps": 3, "epochs": 1.0})
    other = retrain(adapted, table.rows[:9], short, seed=9)
    assert not any(other.parameters[name].equal(tensor) for name, tensor in before.items())

    def stop(*_):
        raise Cancelled

    with pytest.raises(Cancelled):
        retrain(adapted, table.rows, recipe, tell=stop)
    assert all(tensor.equal(before[name]) for name, tensor in adapted.parameters.items())
    assert "forward" not in adapted.model.get_base_model().__dict__
    assert not adapted.model.training


def test_sft_is_adamw_on_the_mean_over_rows(base, rows_file, tmp_path):
    """Two steps over all rows, against a loop written out: warm-up over none, cosine to 0, gradients clipped at 1."""
    settings = {
        **SMALL,
        "epochs": 2.0,
        "batch_size": 12,
        "held_out_share": 0.0,
        "weight_decay": 0.1,
    }
    _, context = train(tmp_path / "run", base, rows_file, settings)
    table, adapter = files_of(context, base)
    adapted = load_adapter(base, adapter)
    ends = {name: tensor.detach().clone() for name, tensor in adapted.parameters.items()}
    from methods.unlearning.training.fresh import initialise

    initialise(adapted.parameters, 5)
    tensors = list(adapted.parameters.values())
    optimiser = torch.optim.AdamW(tensors, lr=0.05, weight_decay=0.1)
    batch = collate([adapted.encoder().encode(row) for row in table.rows])
    for rate in (0.05, 0.025):
        optimiser.param_groups[0]["lr"] = rate
        loss = sum(per_sample_loss(adapted.model, batch)) / 12
        for tensor, gradient in zip(tensors, torch.autograd.grad(loss, tensors), strict=True):
            tensor.grad = gradient
        torch.nn.utils.clip_grad_norm_(tensors, 1.0)
        optimiser.step()
    for name, tensor in adapted.parameters.items():
        assert torch.allclose(tensor, ends[name], atol=1e-5), name


def test_the_converged_trainer_ends_where_the_gradient_is_small(base, rows_file, tmp_path):
    result, context = train(tmp_path / "run", base, rows_file, CONVERGED)
    assert context.curves["gradient_norm"][-1][1] <= 1e-2
    assert "Careful" not in result.summary
    settings = {**CONVERGED, "max_steps": 2}
    result, context = train(tmp_path / "short", base, rows_file, settings)
    assert "has not converged: after 2 steps" in result.summary
    assert ("warning", True) in [(level, "converged" in text) for level, text, _ in context.events]


def test_a_killed_training_goes_on_and_ends_with_the_same_bytes(
    base, rows_file, tmp_path, monkeypatch
):
    monkeypatch.setattr(run_train, "CHECKPOINT_S", 0.0)
    whole, first = train(tmp_path / "whole", base, rows_file, {**SMALL, "lora_dropout": 0.2})

    def kill(_done, _total, message):
        if "step 7," in message:
            raise InterruptedError

    killed = LocalContext(tmp_path / "killed", seed=5, on_progress=kill)
    config = TrainConfig(model=base, data=rows_file, **{**SMALL, "lora_dropout": 0.2})
    with pytest.raises(InterruptedError):
        TRAIN.run(config, killed)
    assert not killed.artefacts  # nothing half written
    settings = {**SMALL, "lora_dropout": 0.2}
    resumed, second = train(tmp_path / "resumed", base, rows_file, settings, killed.state)
    assert second.curves["loss"] == first.curves["loss"][6:]
    assert resumed.metrics["loss"] == whole.metrics["loss"]
    parts = [(each.folder / "adapter.zip").read_bytes() for each in (first, second)]
    assert parts[0] == parts[1]
    with pytest.raises(MethodError, match="not those that this training began with"):
        train(tmp_path / "other", base, rows_file, {**settings, "max_rows": 11}, killed.state)


def test_it_stops_when_asked_to(base, rows_file, tmp_path):
    def stop(_done, _total, message):
        if "step 2," in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        train(tmp_path, base, rows_file, SMALL, on_progress=stop)
    assert not (tmp_path / "adapter.zip").exists()


def test_rows_that_are_not_the_adapters_are_refused(trained, base, rows_file, tmp_path):
    _, context = trained
    adapter = str(context.folder / "adapter.zip")
    files = open_adapter_files(adapter)
    settings = AdapterSettings(model=base, adapter=adapter, data=rows_file)
    with pytest.raises(MethodError, match=r"rows\.jsonl \(12 rows\) are not the rows.*10 rows"):
        open_rows(settings, context.open, files)
    held_out = AdapterSettings(
        model=base, adapter=adapter, held_out=str(context.folder / "rows.jsonl")
    )
    with pytest.raises(MethodError, match=r"held-out row 0 .* is among the rows trained on"):
        open_rows(held_out, context.open, files)
    elsewhere = tmp_path / "adapter.zip"
    elsewhere.write_bytes((context.folder / "adapter.zip").read_bytes())
    settings = AdapterSettings(model=base, adapter=str(elsewhere))
    with pytest.raises(MethodError, match="are not beside it; choose them"):
        open_rows(settings, context.open, open_adapter_files(str(elsewhere)))


def test_a_version_made_by_an_edit_has_the_held_out_rows_of_its_parent(trained, base, tmp_path):
    _, context = trained
    table, adapter = files_of(context, base)
    for name, rows in (("one", table.rows[1:]), ("two", table.rows[2:])):
        folder = tmp_path / name
        folder.mkdir()
        parent = load_adapter(base, adapter)
        write_version(
            parent, {}, folder / "adapter.zip", "0" * 64, "test", {"adapter": adapter}, rows
        )
        write_rows(rows, folder / "rows.jsonl")
        adapter = str(folder / "adapter.zip")
        again = open_rows(AdapterSettings(adapter=adapter), Path, open_adapter_files(adapter))
        assert [row.id for row in again.rows] == [row.id for row in rows]
        assert list(again.held_out) == list(table.held_out)


def test_an_adapter_without_a_recipe_cannot_be_trained_again():
    with pytest.raises(MethodError, match="does not say how it was trained"):
        read_recipe(None)
    with pytest.raises(MethodError, match="recipe: trainer"):
        read_recipe({"trainer": "magic"})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trainer": "converged", "lora_dropout": 0.1}, "a loss without chance"),
        ({"model": "nowhere"}, "there is no model 'nowhere'"),
        ({"data": "nowhere.jsonl"}, "there is no 'nowhere.jsonl'"),
        ({"format": "sharegpt"}, r"12 of 12 rows cannot be read.*row 0, conversations"),
        ({"target_modules": ("nope",)}, "no linear layer nope"),
        ({"template": "chat", "model": "BARE"}, "no chat template"),
    ],
    ids=str,
)
def test_what_cannot_work_is_said_before_anything_runs(
    settings, message, base, rows_file, tmp_path
):
    from tests.unlearning.tiny import save_base

    given = {"model": base, "data": rows_file, **SMALL, **settings}
    if given["model"] == "BARE":
        given["model"] = str(save_base(tmp_path / "bare"))
    context = LocalContext(tmp_path / "run")
    with pytest.raises(MethodError, match=message):
        TRAIN.run(TrainConfig(**given), context)
    assert not context.artefacts


def test_a_row_too_long_for_the_model_is_named(base, tmp_path):
    file = tmp_path / "rows.jsonl"
    long = {"prompt": "the " * 70, "answer": "no"}
    file.write_text(f'{{"prompt": "who ?", "answer": "no"}}\n{json.dumps(long)}\n')
    with pytest.raises(MethodError, match=r"row 1 \(id [0-9a-f]{16}\): 74 tokens; .* reads 64"):
        train(tmp_path / "run", base, str(file), {**SMALL, "held_out_share": 0.0})


def test_a_held_out_row_too_long_for_the_model_is_named_before_the_training(
    base, rows_file, tmp_path
):
    file = tmp_path / "held.jsonl"
    file.write_text(json.dumps({"prompt": "the " * 70, "answer": "no"}))
    context = LocalContext(tmp_path / "run")
    config = TrainConfig(model=base, data=rows_file, held_out=str(file), **SMALL)
    with pytest.raises(MethodError, match="74 tokens"):
        TRAIN.run(config, context)
    assert not context.artefacts


def test_the_zip_holds_a_peft_folder_and_its_lineage(trained, base):
    _, context = trained
    with zipfile.ZipFile(context.folder / "adapter.zip") as archive:
        names = archive.namelist()
        lineage = json.loads(archive.read("lineage.json"))
        config = json.loads(archive.read("adapter_config.json"))
    assert config["base_model_name_or_path"] == base  # as it was chosen
    assert names == ["adapter_config.json", "adapter_model.safetensors", "lineage.json"]
    assert lineage["training"]["seed"] == 5
    assert lineage["parent"] is None


def test_settings_that_the_trainer_does_not_look_at_make_no_other_run():
    values = {"trainer": "converged", "learning_rate": 1.0, "tolerance": 1e-3, "lora_r": 2}
    same = {"trainer": "converged", "tolerance": 1e-3, "lora_r": 2}
    assert TRAIN.simplify(values) == same
    assert TRAIN.simplify({**values, "trainer": "sft"}) == {
        "trainer": "sft",
        "learning_rate": 1.0,
        "lora_r": 2,
    }
