"""New versions of an adapter: what is in them, that PEFT loads them elsewhere, and that none is ever lost."""

from __future__ import annotations

import json
import zipfile

import pytest
import torch

from methods.base import MethodError
from methods.unlearning.models.loading import load_adapter
from methods.unlearning.models.versions import moved, write_version
from methods.unlearning.rows.language import collate, per_sample_loss
from methods.unlearning.rows.reading import table_of
from methods.unlearning.rows.row import table_sha

ROWS = table_of([{"prompt": "who ?", "answer": "no"}, {"prompt": "the code :", "answer": "1 2 3"}])


@pytest.fixture(scope="module")
def adapted(bases, adapters):
    return load_adapter(str(bases["llama"]), str(adapters["llama"]))


def update_of(adapted, scale=0.05):
    generator = torch.Generator().manual_seed(1)
    return {
        name: scale * torch.randn(tensor.shape, generator=generator)
        for name, tensor in adapted.parameters.items()
    }


def losses(model, adapted):
    with torch.no_grad():
        batch = collate([adapted.encoder("plain").encode(row) for row in ROWS])
        return per_sample_loss(model, batch)


def test_a_version_is_loaded_by_peft_elsewhere_and_says_the_same(adapted, bases, tmp_path):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    update = update_of(adapted)
    before = losses(adapted.model, adapted)
    with moved(adapted.parameters, update):
        expected = losses(adapted.model, adapted)
    assert losses(adapted.model, adapted).equal(before)
    assert not expected.equal(before)
    write_version(
        adapted, update, tmp_path / "version.zip", None, "test", {}, ROWS, "rows", "plain"
    )
    assert losses(adapted.model, adapted).equal(before)
    with zipfile.ZipFile(tmp_path / "version.zip") as archive:
        archive.extractall(tmp_path / "peft")
    base = AutoModelForCausalLM.from_pretrained(bases["llama"], attn_implementation="eager")
    elsewhere = PeftModel.from_pretrained(base, tmp_path / "peft").eval()
    assert losses(elsewhere, adapted).equal(expected)
    merged = elsewhere.merge_and_unload()
    assert torch.allclose(losses(merged, adapted), expected, atol=1e-5)
    ids = adapted.encoder("plain").prompt_ids(ROWS[0])[None]
    written = [
        model.generate(input_ids=ids, max_new_tokens=8, do_sample=False)
        for model in (merged, load_adapter(str(bases["llama"]), str(tmp_path / "peft")).model)
    ]
    assert written[0].equal(written[1])


def test_a_chain_of_versions_says_where_each_comes_from(adapted, bases, tmp_path):
    settings = {"damping": 0.01}
    first = write_version(
        adapted,
        update_of(adapted),
        tmp_path / "1.zip",
        "a" * 64,
        "unlearning.erase",
        settings,
        ROWS,
        template="alpaca",
    )
    second = load_adapter(str(bases["llama"]), str(tmp_path / "1.zip"))
    assert second.files.sha256 == first
    lineage = second.lineage
    assert (lineage.parent, lineage.request) == (adapted.files.sha256, "a" * 64)
    assert (lineage.made_by, lineage.settings) == ("unlearning.erase", settings)
    assert (lineage.data.sha256, lineage.data.rows) == (table_sha(ROWS), 2)
    assert lineage.base == adapted.base
    assert lineage.template == "alpaca" == second.encoder().template
    with pytest.raises(MethodError, match="trained with alpaca"):
        second.encoder("plain")
    write_version(second, {}, tmp_path / "2.zip", None, "test", {})
    third = load_adapter(str(bases["llama"]), str(tmp_path / "2.zip"))
    assert third.lineage.parent == third.files.sha256 == first  # nothing was changed
    assert third.lineage.data == lineage.data


def test_an_update_of_zeros_leaves_the_weights_byte_for_byte(adapted, adapters, tmp_path):
    zeros = {name: torch.zeros_like(tensor) for name, tensor in adapted.parameters.items()}
    sha = write_version(adapted, zeros, tmp_path / "same.zip", template="plain")
    assert sha == adapted.files.sha256
    with zipfile.ZipFile(tmp_path / "same.zip") as archive:
        for name in ("adapter_model.safetensors", "adapter_config.json"):
            assert archive.read(name) == (adapters["llama"] / name).read_bytes()
        assert json.loads(archive.read("lineage.json"))["parent"] == sha


def test_the_same_version_has_the_same_bytes(adapted, tmp_path):
    for name in ("1.zip", "2.zip"):
        write_version(
            adapted, update_of(adapted), tmp_path / name, settings={"a": 1}, template="plain"
        )
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_no_version_is_written_over_another(adapted, tmp_path):
    target = tmp_path / "version.zip"
    target.write_bytes(b"kept")
    with pytest.raises(MethodError, match="never written over another"):
        write_version(adapted, update_of(adapted), target, template="plain")
    assert target.read_bytes() == b"kept"
    assert [file.name for file in tmp_path.iterdir()] == ["version.zip"]


def test_an_update_that_does_not_fit_is_refused(adapted, tmp_path):
    name, tensor = next(iter(adapted.parameters.items()))
    for update, message in (
        ({"nothing": torch.ones(1)}, "the adapter has no such tensor"),
        ({name: torch.ones(1)}, r"the adapter has \(2, 16\)"),
        ({name: torch.full_like(tensor, float("nan"))}, "not every number is finite"),
        ({}, "does not say by which template"),
    ):
        with pytest.raises(MethodError, match=message):
            write_version(adapted, update, tmp_path / "version.zip", None, "test", {})
    assert not list(tmp_path.iterdir())


def test_parameters_are_put_back_also_after_an_error(adapted):
    before = {name: tensor.clone() for name, tensor in adapted.parameters.items()}
    with pytest.raises(KeyError), moved(adapted.parameters, update_of(adapted, 1e6)):
        raise KeyError
    assert all(tensor.equal(before[name]) for name, tensor in adapted.parameters.items())
