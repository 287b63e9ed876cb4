"""Loading: what a pipeline folder gives, what stays loaded, and how the decoder is used."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from diffusers import AutoencoderKL

from methods.base import MethodError
from methods.caching import models
from methods.caching.facts import weights_hash
from methods.caching.models import forget_models, load_model

CPU = torch.device("cpu")


def test_a_pipeline_folder_decodes_as_its_vae_does(pipeline_folder):
    model = load_model(str(pipeline_folder), CPU, "float32")
    latents = torch.randn(6, 4, 4, 4)
    vae = AutoencoderKL.from_pretrained(pipeline_folder, subfolder="vae").eval()
    with torch.no_grad():
        expected = vae.decode(latents / vae.config.scaling_factor).sample.clamp(-1, 1)
    torch.testing.assert_close(model.decode(latents), expected, rtol=1e-4, atol=1e-5)
    assert model.preview(latents).shape == (6, 3, 4, 4)


def test_a_model_stays_loaded_until_its_weights_change(pipeline_folder, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(pipeline_folder, folder)
    first = load_model(str(folder), CPU, "float32")
    assert load_model(str(folder), CPU, "float32") is first
    assert load_model(str(folder), CPU, "bfloat16") is not first
    assert first.hash == load_model(str(pipeline_folder), CPU, "float32").hash
    first.transformer.save_pretrained(folder / "transformer")
    state = first.transformer.state_dict()
    state["proj_out_2.bias"] += 1
    first.transformer.save_pretrained(folder / "transformer")
    assert load_model(str(folder), CPU, "float32").hash != first.hash


def test_few_models_stay_loaded(pipeline_folder, tmp_path):
    forget_models()
    for index in range(4):
        shutil.copytree(pipeline_folder, tmp_path / str(index))
        load_model(str(tmp_path / str(index)), CPU, "float32")
    assert len(models._kept) == models.KEPT


def test_the_hash_is_of_the_weights_alone(pipeline_folder, tmp_path):
    shutil.copytree(pipeline_folder / "transformer", tmp_path / "transformer")
    (tmp_path / "transformer" / "config.json").write_text("{}")
    assert weights_hash(tmp_path / "transformer") == weights_hash(pipeline_folder / "transformer")


def test_weights_that_do_not_load_are_named(pipeline_folder, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(pipeline_folder, folder)
    (folder / "transformer" / "diffusion_pytorch_model.safetensors").write_bytes(b"broken")
    with pytest.raises(MethodError, match="transformer does not load as DiTTransformer2DModel"):
        load_model(str(folder), CPU, "float32")


def test_a_hub_id_that_cannot_be_fetched_is_named(monkeypatch):
    def fail(repository, revision, allow_patterns):
        assert (repository, revision) == ("owner/name", "v1")
        assert not any("bin" in pattern or "*" == pattern for pattern in allow_patterns)
        raise OSError("no network\nand a long story")

    monkeypatch.setattr(models, "snapshot_download", fail)
    with pytest.raises(
        MethodError, match=r"owner/name@v1 could not be fetched from the hub: no network$"
    ):
        load_model("owner/name@v1", CPU, "float32")


def test_a_hub_id_is_a_folder_once_fetched(pipeline_folder, monkeypatch):
    monkeypatch.setattr(
        models, "snapshot_download", lambda *_args, **_settings: str(pipeline_folder)
    )
    model = load_model("owner/name", CPU, "float32")
    assert model.facts.class_name(1) == "goldfish"
    assert model.hash == weights_hash(pipeline_folder / "transformer")


def larger_model(pipeline_folder, latents: int = 12):
    """The tiny pipeline on latents larger than a tile of its VAE, which has 4 x 4."""
    loaded = load_model(str(pipeline_folder), CPU, "float32")
    return loaded, torch.randn(6, 4, latents, latents, generator=torch.Generator().manual_seed(0))


def seen_by(decoder, decode):
    """Rows and height of each batch of latents that the decoder's layers get while `decode` runs."""
    shapes = []
    hook = decoder.decoder.register_forward_pre_hook(
        lambda _module, inputs: shapes.append((inputs[0].shape[0], inputs[0].shape[-1]))
    )
    try:
        decode()
    finally:
        hook.remove()
    return shapes


def test_tiles_bound_what_the_decoder_gets_at_once(pipeline_folder):
    """What memory grows with: four images of 12 x 12 as a whole, one tile of 4 x 4 at a time in tiles."""
    model, latents = larger_model(pipeline_folder)
    assert seen_by(model.decoder, lambda: model.decode(latents)) == [(4, 12), (2, 12)]
    tiles = seen_by(model.decoder, lambda: model.decode(latents, tiled=True))
    assert len(tiles) == 6 * 16  # a tile every 3 of 12, both ways
    assert max(tiles) == (1, 4)


def test_an_image_no_larger_than_a_tile_is_decoded_whole(pipeline_folder):
    model, latents = larger_model(pipeline_folder, latents=4)
    tiles = seen_by(model.decoder, lambda: model.decode(latents, tiled=True))
    assert tiles == [(1, 4)] * 6
    whole = model.decode(latents)
    torch.testing.assert_close(model.decode(latents, tiled=True), whole, rtol=1e-4, atol=1e-5)


def test_the_decoder_is_left_as_it_was(pipeline_folder):
    model, latents = larger_model(pipeline_folder)
    whole = model.decode(latents)
    model.decode(latents, tiled=True)
    assert torch.equal(model.decode(latents), whole)
    with pytest.raises(MethodError):
        model.decode(torch.full((1, 4, 12, 12), 3e38), tiled=True)
    assert not model.decoder.use_tiling
    model.decoder.enable_tiling()
    model.decode(latents, tiled=True)
    assert model.decoder.use_tiling
    model.decoder.disable_tiling()


def test_inside_a_tile_pixels_are_those_of_the_whole_image():
    """A decoder without attention and norms is local: away from a tile's edges it cannot tell it from the whole.

    Tiles of 32 start every 24 latents. What lies 20 and more from the first one's far edges is none of the others'.
    """
    torch.manual_seed(0)
    blocks = {
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "up_block_types": ("UpDecoderBlock2D",) * 2,
    }
    decoder = AutoencoderKL(
        block_out_channels=(4, 4), latent_channels=4, norm_num_groups=4, sample_size=64,
        mid_block_add_attention=False, **blocks,
    ).eval()  # fmt: skip
    for module in list(decoder.decoder.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.GroupNorm):
                setattr(module, name, torch.nn.Identity())
    model = models.LoadedModel("local", None, "", torch.nn.Identity(), decoder, None, CPU)
    latents = torch.randn(1, 4, 48, 48) * 0.1
    whole, tiled = model.decode(latents), model.decode(latents, tiled=True)
    assert whole.shape == tiled.shape == (1, 3, 96, 96)
    inside = (..., slice(0, 24), slice(0, 24))
    torch.testing.assert_close(tiled[inside], whole[inside], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(tiled, whole, rtol=1e-4, atol=1e-5)  # but for the seams
    assert whole[inside].std() > 0.01


def test_what_a_model_predicts_is_read_from_its_scheduler(pipeline_folder, tmp_path):
    assert load_model(str(pipeline_folder), CPU, "float32").facts.prediction == "epsilon"
    folder = tmp_path / "copy"
    shutil.copytree(pipeline_folder, folder)
    file = folder / "scheduler" / "scheduler_config.json"
    said = json.loads(file.read_text())
    file.write_text(json.dumps({**said, "prediction_type": "v_prediction"}))
    assert load_model(str(folder), CPU, "float32").facts.prediction == "v_prediction"
    file.write_text(json.dumps({**said, "prediction_type": "sample"}))
    with pytest.raises(
        MethodError, match="prediction_type 'sample'; epsilon and v_prediction are known"
    ):
        load_model(str(folder), CPU, "float32")
    shutil.rmtree(folder / "scheduler")
    assert load_model(str(folder), CPU, "float32").facts.prediction == "epsilon"
