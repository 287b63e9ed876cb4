"""A CLIP as an encoder: the numbers of open_clip itself, and its traps named."""

from __future__ import annotations

import json

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from methods import clip_models
from methods.alignment.evidence.scores import hardness
from methods.base import MethodError
from methods.clip_encoder import ClipEncoder
from methods.clip_models import load_clip
from methods.clip_sources import architectures, locate
from tests.clips import CONFIG, store_tiny_clip

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return store_tiny_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def encoder(folder):
    return load_clip(str(folder), batch_size=4)


def picture(seed, side=20):
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@torch.no_grad()
def by_open_clip(folder, image, texts):
    """Cosines and factor as open_clip's own documentation computes them."""
    name = f"local-dir:{folder}"
    model, _, preprocess = open_clip.create_model_and_transforms(name)
    model.eval()
    seen = model.encode_image(preprocess(image)[None])
    read = model.encode_text(open_clip.get_tokenizer(name)(texts))
    seen, read = (each / each.norm(dim=-1, keepdim=True) for each in (seen, read))
    return (read @ seen[0]).numpy(), float(model.logit_scale.exp())


def test_a_pair_by_open_clip_itself(folder, encoder):
    image, chosen, rejected = picture(0), "A dog. It runs.", "A cat. It sleeps. It is red."
    found = hardness(image, chosen, rejected, encoder)
    texts = ["A dog.", "It runs.", "A cat.", "It sleeps.", "It is red."]
    cos, tau = by_open_clip(folder, image, texts)
    assert [piece.text for piece in found.pieces] == texts
    assert found.chosen == 2
    assert found.cos == pytest.approx(cos, abs=1e-6)
    weights = np.exp(tau * cos.astype(np.float64))
    share = weights / weights.sum()
    assert found.share == pytest.approx(share, abs=1e-5)
    assert found.delta == pytest.approx(share[:2].sum() - share[2:].sum(), abs=1e-5)
    mean = hardness(image, chosen, rejected, encoder, score="mean_cos")
    assert mean.delta == pytest.approx(cos[:2].mean() - cos[2:].mean(), abs=1e-6)
    assert mean.share == found.share


def test_batches_change_nothing_and_fixed_ones_not_a_bit(folder, encoder):
    images = [picture(seed) for seed in range(6)]
    texts = [f"number {index}" for index in range(9)]
    singly = np.concatenate([encoder.image_features([image]) for image in images])
    assert encoder.image_features(images) == pytest.approx(singly, abs=1e-6)
    fixed = load_clip(str(folder), batch_size=4, fixed_batches=True)
    for items, features in ((images, fixed.image_features), (texts, fixed.text_features)):
        together = features(items)
        assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-6)
        for place, item in enumerate(items):
            assert (features([item])[0] == together[place]).all()


def test_pictures_may_be_opened_late_and_in_any_mode(encoder):
    grey = picture(0).convert("L")
    late = encoder.image_features([lambda: grey])
    assert (late == encoder.image_features([grey.convert("RGB")])).all()
    with pytest.raises(ValueError, match="at least one picture or text"):
        encoder.text_features([])


def test_texts_beyond_the_window_are_named_and_read_as_open_clip_cuts_them(folder, encoder):
    # 20 tokens, of which a start and an end
    texts = ["a dog", " ".join(["dog"] * 18), " ".join(["dog"] * 19)]
    ids, too_long = encoder.tokens(texts)
    assert encoder.window == 20
    assert too_long == [False, False, True]
    assert torch.equal(ids, open_clip.get_tokenizer(f"local-dir:{folder}")(texts))


def test_the_id_changes_with_all_that_changes_features(folder, encoder, tmp_path):
    def id_of(**changes):
        return load_clip(str(folder), **changes).id

    assert id_of() == encoder.id
    assert id_of(precision="bfloat16") != encoder.id
    same = store_tiny_clip(tmp_path / "same")
    assert load_clip(str(same)).id == encoder.id
    for name, changes in {"seed": {"seed": 1}, "activation": {"quick_gelu": True}}.items():
        assert load_clip(str(store_tiny_clip(tmp_path / name, **changes))).id != encoder.id


def test_half_precision_is_near(folder, encoder):
    half = load_clip(str(folder), precision="bfloat16")
    texts = ["a dog", "a cat"]
    assert half.text_features(texts) == pytest.approx(encoder.text_features(texts), abs=0.05)
    assert half.text_features(texts).dtype == np.float32


def test_features_that_are_no_numbers_are_refused(folder):
    broken = load_clip(str(folder))
    broken._model.text_projection.data.fill_(float("inf"))
    with pytest.raises(MethodError, match="no numbers in float32"):
        broken.text_features(["a dog"])


def test_it_says_that_it_is_alive_after_every_batch(encoder):
    beats = []
    encoder.after_batch = lambda: beats.append(1)
    encoder.text_features(["a", "b", "c", "d", "e"])
    encoder.after_batch = lambda: None
    assert len(beats) == 2


def test_openai_weights_get_their_activation_and_it_is_said():
    notes = []
    assert clip_models._activation("ViT-B-32", "openai", notes)
    [note] = notes
    assert "trained with QuickGELU and ViT-B-32 computes GELU" in note
    for architecture, tag, quick in (
        ("ViT-L-14-336-quickgelu", "openai", True),
        ("ViT-B-32", "laion2b_s34b_b79k", False),
    ):
        notes = []
        assert clip_models._activation(architecture, tag, notes) is quick
        assert notes == []


def test_weights_whose_activation_the_architecture_lacks_are_refused(monkeypatch):
    monkeypatch.setattr(clip_models, "get_pretrained_cfg", lambda *_: {"quick_gelu": False})
    with pytest.raises(MethodError, match=r"trained with GELU .* take 'ViT-B-32'"):
        clip_models._activation("ViT-B-32-quickgelu", "some", [])


def test_a_forced_activation_is_what_is_computed(folder, tmp_path):
    quick = store_tiny_clip(tmp_path / "quick", quick_gelu=True)
    texts = ["a dog"]
    plain, other = (load_clip(str(each)).text_features(texts) for each in (folder, quick))
    assert np.abs(plain - other).max() > 1e-4  # the trap: same weights, other cosines


@pytest.mark.parametrize(
    ("clip", "pretrained", "message"),
    [
        ("nowhere", "", "there is no CLIP 'nowhere'"),
        ("ViT-B-32", "", "name its weights by open_clip's tag"),
        ("scenes", "openai", "no architecture of open_clip"),
        (
            "ViT-B-32",
            "no-such-tag",
            "open_clip has no weights 'no-such-tag' of ViT-B-32; it has: .*openai",
        ),
    ],
)
def test_what_is_no_clip_is_refused_with_what_is_allowed(clip, pretrained, message):
    with pytest.raises(MethodError, match=message):
        load_clip(clip, pretrained)


def test_folders_without_safetensors_or_with_code_are_refused(folder, tmp_path):
    with pytest.raises(MethodError, match=r"its open_clip_config\.json is missing or broken"):
        locate(str(tmp_path))
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIG}))
    (tmp_path / "open_clip_pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(MethodError, match="has no safetensors weights"):
        locate(str(tmp_path))
    own = {
        **CONFIG,
        "text_cfg": {**CONFIG["text_cfg"], "tokenizer_kwargs": {"trust_remote_code": True}},
    }
    harmful = store_tiny_clip(tmp_path / "harmful")
    (harmful / "open_clip_config.json").write_text(json.dumps({"model_cfg": own}))
    with pytest.raises(MethodError, match="never given"):
        load_clip(str(harmful))
    (harmful / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIG}))
    (harmful / "open_clip_model.safetensors").write_bytes(b"not tensors")
    with pytest.raises(MethodError, match="does not load"):
        load_clip(str(harmful))


def test_names_mean_one_source_each(folder):
    assert locate(f"local-dir:{folder}").folder == folder
    assert locate("hf-hub:laion/some-CLIP@v1.2").hub == "laion/some-CLIP@v1.2"
    assert locate("ViT-B-32", "openai").architecture == "ViT-B-32"
    assert {"ViT-L-14-336-quickgelu", "ViT-B-32"} <= architectures()


def test_the_small_world_tells_a_true_sentence_from_a_false_one():
    from methods.worlds.llava.data import scenes

    [scene] = scenes("pairs", 1, seed=3)
    encoder = load_clip("scenes")
    assert isinstance(encoder, ClipEncoder)
    assert encoder.image_features([scene.image]).shape[0] == 1
    assert 0 < encoder.tau <= 101


def test_pixels_and_raw_features_are_the_towers_own(encoder):
    images = [picture(seed) for seed in range(3)]
    pixels = torch.stack([encoder.prepared(image) for image in images])
    assert pixels.shape == (3, 3, encoder.side, encoder.side)
    raw = encoder.image_features(images, unit=False)
    assert (encoder.pixel_features([pixels], unit=False) == raw).all()
    unit = encoder.pixel_features([pixels])
    assert unit == pytest.approx(raw / np.linalg.norm(raw, axis=1, keepdims=True), abs=1e-6)
    white = encoder.prepared(Image.new("RGB", (20, 20), "white"))[:, 0, 0]
    wanted = [(1 - mean) / std for mean, std in zip(encoder.mean, encoder.std, strict=True)]
    assert white.tolist() == pytest.approx(wanted, abs=1e-5)


def test_a_checkpoint_of_an_architecture_is_a_safetensors_file(tmp_path):
    path = tmp_path / "mine.safetensors"
    with pytest.raises(MethodError, match=r"there is no checkpoint .*mine\.safetensors"):
        locate("RN50", str(path))
    path.write_bytes(b"not tensors")
    found = locate("RN50-quickgelu", str(path))
    assert (found.architecture, found.checkpoint) == ("RN50-quickgelu", path)
    assert found.name == "RN50-quickgelu/mine.safetensors"
    with pytest.raises(MethodError, match=r"mine\.pt is a pickle"):
        locate("RN50", str(tmp_path / "mine.pt"))


def test_a_checkpoint_that_does_not_load_is_named_and_one_that_does_says_its_activation(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(open_clip.factory, "_MODEL_CONFIGS", {"tiny": CONFIG})
    monkeypatch.setattr("methods.clip_sources.architectures", lambda: frozenset(["tiny"]))
    found = load_clip("tiny", str(folder / "open_clip_model.safetensors"))
    assert (found.text_features(["a dog"]) == load_clip(str(folder)).text_features(["a dog"])).all()
    [note] = found.notes
    assert "loaded with GELU" in note
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not tensors")
    with pytest.raises(
        MethodError, match=r"broken\.safetensors is no checkpoint of tiny that loads"
    ):
        load_clip("tiny", str(broken))


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("precision", "gap"), [("float32", 1e-4), ("bfloat16", 0.05), ("float16", 0.02)]
)
def test_cuda_sees_what_the_processor_sees(folder, encoder, precision, gap):
    there = load_clip(str(folder), device="cuda", precision=precision)
    pictures = [Image.new("RGB", (20, 30), (200, shade, 40)) for shade in (0, 90, 250)]
    found = there.image_features(pictures)
    assert found == pytest.approx(encoder.image_features(pictures), abs=gap)
    texts = ["a dog", "a cat"]
    assert there.text_features(texts) == pytest.approx(encoder.text_features(texts), abs=gap)
