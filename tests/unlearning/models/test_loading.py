"""Adapters on their base: what is opened, and what is refused with which reason."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file

from methods.base import MethodError
from methods.unlearning.models.files import check_base, open_adapter_files
from methods.unlearning.models.fingerprint import fingerprint_of
from methods.unlearning.models.fitting import check_fits
from methods.unlearning.models.lineage import Base, Data, Lineage, lineage_bytes
from methods.unlearning.models.loading import load_adapter, load_base, put_on
from methods.unlearning.models.probe import probe
from methods.unlearning.rows.language import collate, per_sample_loss
from methods.unlearning.rows.reading import table_of
from tests.unlearning.tiny import llama, save_adapter, save_base

ROWS = table_of([{"prompt": "who ?", "answer": "no"}, {"prompt": "the code :", "answer": "1 2 3"}])


def copied(folder, target, **config):
    shutil.copytree(folder, target)
    if config:
        file = target / "adapter_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | config))
    return target


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_an_adapter_made_elsewhere_is_opened_and_everything_about_it_is_ready(
    name, bases, adapters
):
    adapted = load_adapter(str(bases[name]), str(adapters[name]))
    assert adapted.lineage is None
    assert adapted.window == 64
    assert not adapted.model.training
    assert adapted.model.config._attn_implementation == "eager"
    assert all("lora_" in each for each in adapted.parameters)
    trainable = {each for each, tensor in adapted.model.named_parameters() if tensor.requires_grad}
    assert set(adapted.parameters) == trainable
    with pytest.raises(MethodError, match="does not say by which template"):
        adapted.encoder()
    batch = collate([adapted.encoder("plain").encode(row) for row in ROWS])
    gradients = torch.autograd.grad(
        per_sample_loss(adapted.model, batch).sum(), list(adapted.parameters.values())
    )
    assert all(each.any() for each in gradients)


@pytest.mark.parametrize(
    "settings",
    [
        {"use_dora": True},
        {"use_rslora": True, "lora_dropout": 0.5},
        {"target_modules": ["q_proj"], "modules_to_save": ["lm_head"]},
    ],
    ids=lambda settings: "-".join(settings),
)
def test_kinds_of_lora_are_opened_with_every_tensor_that_may_change(settings, bases, tmp_path):
    folder = save_adapter(bases["llama"], tmp_path / "adapter", **settings)
    adapted = load_adapter(str(bases["llama"]), str(folder))
    saved = load_file(folder / "adapter_model.safetensors")
    assert len(adapted.parameters) == len(saved)
    if "use_dora" in settings:
        assert any("magnitude" in name for name in adapted.parameters)
    batch = collate([adapted.encoder("plain").encode(row) for row in ROWS])
    with torch.no_grad():
        first, second = (per_sample_loss(adapted.model, batch) for _ in range(2))
    assert first.equal(second)  # no dropout


def test_on_a_base_in_bfloat16_the_adapter_is_float32(bases, adapters):
    adapted = load_adapter(str(bases["llama"]), str(adapters["llama"]), precision="bfloat16")
    assert {tensor.dtype for tensor in adapted.parameters.values()} == {torch.float32}
    assert adapted.model.get_base_model().lm_head.weight.dtype == torch.bfloat16


def test_padding_changes_no_loss(bases, adapters):
    adapted = load_adapter(str(bases["llama"]), str(adapters["llama"]))
    samples = [adapted.encoder("plain").encode(row) for row in ROWS]
    with torch.no_grad():
        together = per_sample_loss(adapted.model, collate(samples))
        alone = torch.cat([per_sample_loss(adapted.model, collate([each])) for each in samples])
    assert torch.allclose(together, alone, atol=1e-6)


def test_a_quantised_base_is_refused(tmp_path, bases):
    base = copied(bases["llama"], tmp_path / "base")
    file = base / "config.json"
    file.write_text(
        json.dumps(json.loads(file.read_text()) | {"quantization_config": {"quant_method": "gptq"}})
    )
    with pytest.raises(MethodError, match=r"quantised \(gptq\).*bfloat16 or float32"):
        check_base(base)
    with pytest.raises(MethodError, match="quantised"):
        load_base(str(base), torch.device("cpu"))


def test_a_model_that_sees_is_refused(tmp_path, bases):
    base = copied(bases["llama"], tmp_path / "base")
    file = base / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"vision_config": {}}))
    with pytest.raises(MethodError, match="reads images"):
        check_base(base)


def test_a_merged_adapter_is_refused(bases):
    with pytest.raises(MethodError, match="a merged adapter cannot be edited"):
        open_adapter_files(str(bases["llama"]))


def test_a_fresh_adapter_is_refused(bases, tmp_path):
    folder = save_adapter(bases["llama"], tmp_path / "adapter", fresh=True)
    with pytest.raises(MethodError, match="never trained: every matrix B is 0"):
        load_adapter(str(bases["llama"]), str(folder))


def test_an_adapter_of_another_architecture_or_size_is_refused(bases, adapters, tmp_path):
    with pytest.raises(MethodError, match="another base"):
        load_adapter(str(bases["gpt2"]), str(adapters["llama"]))
    wide = save_base(tmp_path / "wide", lambda size: llama(size, head_dim=8))
    with pytest.raises(MethodError, match=r"another base: size mismatch for \S+lora_B"):
        load_adapter(str(wide), str(adapters["llama"]))


def test_an_adapter_of_another_base_is_told_from_the_files_alone(bases, adapters, tmp_path):
    for name, base in bases.items():
        check_fits(open_adapter_files(str(adapters[name])), base)
    with pytest.raises(MethodError, match=r"it changes .*q_proj.*no layer there is called so"):
        check_fits(open_adapter_files(str(adapters["llama"])), bases["gpt2"])
    wide = save_base(tmp_path / "wide", lambda size: llama(size, head_dim=8))
    with pytest.raises(MethodError, match=r"another base: its matrix [AB] of model\.layers\.0"):
        check_fits(open_adapter_files(str(adapters["llama"])), wide)
    folder = copied(adapters["llama"], tmp_path / "adapter")
    other = Lineage(
        base=Base(name="other", fingerprint="0" * 64),
        data=Data(sha256="", rows=0),
        template="plain",
    )
    (folder / "lineage.json").write_bytes(lineage_bytes(other))
    with pytest.raises(MethodError, match="trained on other with the fingerprint 000000000000"):
        check_fits(open_adapter_files(str(folder)), bases["llama"])


def test_an_adapter_with_fewer_layers_than_the_model_is_refused(bases, adapters, tmp_path):
    folder = copied(adapters["llama"], tmp_path / "adapter")
    file = folder / "adapter_model.safetensors"
    state = load_file(file)
    save_file({name: each for name, each in state.items() if ".layers.0." in name}, file)
    with pytest.raises(MethodError, match=r"has no .*layers\.1.*14 tensors missing, 0 too many"):
        load_adapter(str(bases["llama"]), str(folder))


def test_an_adapter_whose_lineage_names_another_base_is_refused(bases, adapters, tmp_path):
    folder = copied(adapters["llama"], tmp_path / "adapter")
    lineage = Lineage(
        base=Base(name="other", fingerprint="0" * 64),
        data=Data(sha256="", rows=0),
        template="plain",
    )
    (folder / "lineage.json").write_bytes(lineage_bytes(lineage))
    with pytest.raises(MethodError, match="trained on other with the fingerprint 000000000000"):
        load_adapter(str(bases["llama"]), str(folder))
    (folder / "lineage.json").write_text('{"version": 2}')
    with pytest.raises(MethodError, match=r"lineage\.json of the adapter: version"):
        open_adapter_files(str(folder))


def test_an_adapter_in_a_pickle_is_refused(adapters, tmp_path):
    folder = copied(adapters["llama"], tmp_path / "adapter")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(MethodError, match=r"needs .*adapter_model\.safetensors"):
        open_adapter_files(str(folder))


def test_a_model_that_cannot_be_differentiated_twice_is_refused(bases, adapters):
    adapted = load_adapter(str(bases["llama"]), str(adapters["llama"]))

    class Once(torch.autograd.Function):
        """As a kernel without a second derivative."""

        @staticmethod
        def forward(_, x):
            return x.clone()

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(_, grad):
            return grad

    base = adapted.model.get_base_model()
    hook = base.lm_head.register_forward_hook(lambda *given: Once.apply(given[-1]))
    with pytest.raises(MethodError, match="LlamaForCausalLM cannot be differentiated twice"):
        probe(adapted.model, adapted.parameters)
    hook.remove()
    before = {name: tensor.clone() for name, tensor in adapted.parameters.items()}
    probe(adapted.model, adapted.parameters)
    assert all(tensor.equal(before[name]) for name, tensor in adapted.parameters.items())


def test_the_fingerprint_is_of_the_weights_alone(bases, tmp_path):
    from transformers import AutoModelForCausalLM

    base = bases["llama"]
    shards = tmp_path / "shards"
    AutoModelForCausalLM.from_pretrained(base).save_pretrained(shards, max_shard_size="5KB")
    assert len(list(shards.glob("*.safetensors"))) > 1
    assert fingerprint_of(shards) == fingerprint_of(base) != fingerprint_of(bases["gpt2"])
    (shards / "broken.safetensors").write_bytes(b"\0" * 20)
    with pytest.raises(MethodError, match="no safetensors file"):
        fingerprint_of(shards)


def test_an_adapter_without_lora_is_refused(bases, adapters, monkeypatch):
    from methods.unlearning.models import loading

    monkeypatch.setattr(loading, "trainable", lambda _: {"head": torch.ones(1)})
    files = open_adapter_files(str(adapters["llama"]))
    with pytest.raises(MethodError, match="no LoRA matrices"):
        put_on(load_base(str(bases["llama"]), torch.device("cpu")), files)


def test_a_window_is_only_there_where_the_model_says_so():
    from methods.unlearning.models.loading import window_of

    def model(**config):
        text = SimpleNamespace(**config)
        return SimpleNamespace(config=SimpleNamespace(get_text_config=lambda: text))

    assert window_of(model()) is None
    assert window_of(model(max_position_embeddings=-1)) is None
    assert window_of(model(max_position_embeddings=9)) == 9


def test_a_new_adapter_is_on_every_linear_layer_of_the_decoder_also_on_gpt2s(bases):
    from methods.unlearning.training.fresh import add_adapter
    from methods.unlearning.training.recipe import Lora

    for name, layers in (("llama", 14), ("gpt2", 4)):
        model = load_base(str(bases[name]), torch.device("cpu")).model
        adapted = add_adapter(model, Lora(r=2, alpha=4), seed=0)
        tensors = [name for name, each in adapted.named_parameters() if each.requires_grad]
        assert len(tensors) == 2 * layers
        assert not any("lm_head" in each for each in tensors)
