"""Which layers an adapter changes, and what is refused as a model or an adapter."""

from __future__ import annotations

import json
import re
import zipfile
from types import SimpleNamespace

import pytest
import torch

from methods.alignment.training.config import TrainConfig
from methods.alignment.training.models import load_model
from methods.alignment.training.sources import locate
from methods.base import MethodError
from methods.model_sources import kind_of
from methods.peft_files import language_linears, open_adapter

CPU = torch.device("cpu")


def adapted(model, pattern):
    return {name for name, _ in model.named_modules() if re.fullmatch(pattern, name)}


def test_an_image_text_model_is_adapted_in_its_language_model_alone(build_llava):
    model = build_llava()
    names = adapted(model, language_linears(model))
    assert len(names) == 7  # four of the attention, three of the feed-forward, one layer
    assert all("language_model" in name for name in names)
    some = adapted(model, language_linears(model, ("q_proj", "v_proj")))
    assert {name.rpartition(".")[2] for name in some} == {"q_proj", "v_proj"}
    with pytest.raises(MethodError, match="no linear layer nope; it has down_proj"):
        language_linears(model, ("nope",))


def test_a_text_model_is_adapted_but_for_its_output(build_llama):
    model = build_llama()
    names = adapted(model, language_linears(model))
    assert len(names) == 7
    assert "lm_head" not in names


@pytest.mark.parametrize("name", ["nowhere", "../etc/passwd", "owner/../name", "a/b/c"])
def test_what_is_no_model_is_said(name):
    with pytest.raises(MethodError, match="there is no model"):
        locate(name)


def test_a_hub_id_and_the_small_world_are_told_apart():
    assert locate("owner/name@main").origin == "hub"
    assert locate("scenes").origin == "world"
    assert kind_of({"vision_config": {}}) == "image-text"
    assert kind_of({"model_type": "llama"}) == "text"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"adapter_config.json": "{}"}, "needs adapter_config.json and adapter_model.safetensors"),
        (
            {"adapter_config.json": '{"peft_type": "IA3"}', "adapter_model.safetensors": ""},
            "is a IA3 adapter",
        ),
        ({"adapter_config.json": "[", "adapter_model.safetensors": ""}, "cannot be read"),
        ({"adapter_config.json": "[]", "adapter_model.safetensors": ""}, "cannot be read"),
    ],
)
def test_what_is_no_adapter_is_refused(files, message, tmp_path):
    archive = tmp_path / "adapter.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for name, text in files.items():
            target.writestr(name, text)
    with pytest.raises(MethodError, match=message):
        open_adapter(archive, tmp_path)


def test_only_known_members_are_unpacked(tmp_path):
    archive = tmp_path / "adapter.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("adapter_config.json", json.dumps({"peft_type": "LORA"}))
        target.writestr("adapter_model.safetensors", b"x")
        target.writestr("adapter_model.bin", b"x")
    folder = open_adapter(archive, tmp_path / "scratch")
    assert sorted(path.name for path in folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(MethodError, match="neither a folder nor a zip"):
        open_adapter(tmp_path / "text.zip", tmp_path)


def test_an_adapter_in_a_folder_of_the_archive_is_found(tmp_path):
    archive = tmp_path / "adapter.zip"
    files = {"adapter_config.json": json.dumps({"peft_type": "LORA"})}
    files |= {"adapter_model.safetensors": "x", "lineage.json": "{}"}
    with zipfile.ZipFile(archive, "w") as target:
        for name, text in files.items():
            target.writestr(f"runs/last/{name}", text)
    folder = open_adapter(archive, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == sorted(files)
    with zipfile.ZipFile(archive, "a") as target:
        target.writestr("runs/first/adapter_config.json", "{}")
    with pytest.raises(MethodError, match="several adapters: runs/first/, runs/last/"):
        open_adapter(archive, tmp_path / "two")
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as target:
        target.writestr("model.safetensors", "x")
    with pytest.raises(
        MethodError, match=r"needs adapter_config\.json.*there is model\.safetensors"
    ):
        open_adapter(tmp_path / "model.zip", tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("../escaped.txt", b"x", "leaves the archive"),
        ("adapter_model.safetensors", bytes(10**7), "times its size"),
    ],
)
def test_an_archive_that_could_do_harm_is_refused(name, content, message, tmp_path):
    archive = tmp_path / "adapter.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("adapter_config.json", json.dumps({"peft_type": "LORA"}))
        target.writestr(name, content)
    with pytest.raises(MethodError, match=message):
        open_adapter(archive, tmp_path / "scratch")
    assert not (tmp_path / "escaped.txt").exists()


def test_a_damaged_archive_is_refused(tmp_path):
    archive = tmp_path / "adapter.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("adapter_config.json", json.dumps({"peft_type": "LORA"}))
        target.writestr("adapter_model.safetensors", b"weights as they were")
    archive.write_bytes(archive.read_bytes().replace(b"weights as", b"weights at"))
    with pytest.raises(MethodError, match="is damaged"):
        open_adapter(archive, tmp_path)


def test_an_adapter_of_another_model_is_refused(build_llama, tokenizer, tmp_path):
    from peft import LoraConfig, get_peft_model

    build_llama().save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    other = build_llama()
    other.resize_token_embeddings(len(tokenizer) + 5)
    lora = LoraConfig(r=2, target_modules=["lm_head"], task_type="CAUSAL_LM")
    get_peft_model(other, lora).save_pretrained(tmp_path / "adapter")
    with pytest.raises(MethodError, match="does not fit the model"):
        load_model(str(tmp_path / "model"), CPU, adapter=tmp_path / "adapter")


def test_steps_are_those_of_the_trainer():
    config = TrainConfig(batch_size=16, epochs=2)
    assert config.steps(100) == 14  # 7 batches an epoch
    assert config.model_copy(update={"gradient_accumulation": 2}).steps(100) == 8
    assert config.model_copy(update={"epochs": 0.5}).steps(100) == 4
    assert config.model_copy(update={"max_steps": 3}).steps(100) == 3
    assert config.model_copy(update={"epochs": 0.01}).steps(3) == 1


def test_gradients_of_several_processes_average_to_that_of_the_global_batch():
    from methods.alignment.training.trainer import DamaTrainer, _across

    weights = torch.tensor([0.5, -1.0, 2.0, 0.3], requires_grad=True)
    scale = torch.tensor([1.0, 3.0, 0.2, 5.0])
    whole = (weights * scale).square().sum() / 3
    [expected] = torch.autograd.grad(whole, weights)
    found, reported = torch.zeros(4), []
    for rank in range(2):
        values = weights * scale

        def gather(local, everything=values):
            return everything.detach()

        accelerator = SimpleNamespace(num_processes=2, process_index=rank, gather=gather)
        local = values[2 * rank : 2 * rank + 2]
        everywhere = DamaTrainer._everywhere(SimpleNamespace(accelerator=accelerator), local)
        assert torch.equal(everywhere, values)
        loss = _across(everywhere.square().sum() / 3, 2)
        reported.append(float(loss))
        found += torch.autograd.grad(loss, weights)[0] / 2
    torch.testing.assert_close(found, expected)
    assert reported == pytest.approx([float(whole)] * 2, rel=1e-5)
