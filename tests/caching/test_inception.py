"""FID and Inception score: exact where there is an exact answer, and files that are no network are refused."""

from __future__ import annotations

import math
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.interpolate_compat_tensorflow import (
    interpolate_bilinear_2d_like_tensorflow1x,
)

from methods.base import MethodError
from methods.caching import SampleConfig
from methods.caching.check import check_sample
from methods.caching.images import to_levels
from methods.caching.inception import (
    BATCH,
    Inception,
    Seen,
    build_inception,
    load_network,
    load_statistics,
    told,
)
from methods.caching.run_sample import run
from methods.local import LocalContext
from methods.worlds.scores import Gaussian, fit_gaussian

CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def state():
    """Random weights that keep the size of what passes through, so that features differ from image to image."""
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "load", lambda *_args, **_settings: None)
        patch.setattr(nn.Module, "load_state_dict", lambda *_args, **_settings: None)
        network = FeatureExtractorInceptionV3("random", ["2048"], "no file")
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    return OrderedDict(network.state_dict())


@pytest.fixture(scope="session")
def weights(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("inception") / "weights.pth"
    torch.save(state, path)
    return path


@pytest.fixture(scope="session")
def network(weights):
    return load_network(weights)


@pytest.fixture(scope="session")
def statistics(tmp_path_factory):
    """In the layout of guided-diffusion's files: other entries beside mu and sigma."""
    path = tmp_path_factory.mktemp("reference") / "reference.npz"
    draw = np.random.default_rng(0)
    features = draw.normal(size=(40, 2048))
    np.savez(
        path,
        arr_0=np.zeros((2, 8, 8, 3), dtype=np.uint8),
        mu=features.mean(axis=0),
        sigma=np.cov(features, rowvar=False),
        mu_s=np.zeros(2023),
        sigma_s=np.zeros((3, 3)),
    )
    return path


def pictures(number=4, size=8, channels=3):
    return (
        torch.rand(number, channels, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    )


def nothing(_done):
    pass


def test_features_are_those_of_torch_fidelity_whatever_the_batches(network, monkeypatch):
    images = pictures(5, size=16)
    done = []
    seen = Inception(network, None).look(images, CPU, done.append)
    features, logits = network(to_levels(images))
    assert seen.features.shape == (5, 2048)
    assert seen.logits.shape == (5, 1008)
    assert torch.equal(seen.features, features)
    assert torch.equal(seen.logits, logits)
    assert seen.features.std(dim=0).mean() > 1e-3  # the images are told apart
    monkeypatch.setattr("methods.caching.inception.BATCH", 2)
    parts = Inception(network, None).look(images, CPU, done.append)
    assert done == [5, 2, 4, 5]
    torch.testing.assert_close(parts.features, features, rtol=1e-4, atol=1e-5)


def test_pixels_are_levels_and_grey_is_three_equal_channels():
    levels = to_levels(torch.tensor([-2.0, -1.0, 0.0, 1.0]).reshape(1, 1, 2, 2))
    assert levels.dtype == torch.uint8
    assert levels.tolist() == [[[[0, 0], [128, 255]]] * 3]


def test_an_image_is_enlarged_as_tensorflow_1_did():
    """Two pixels on four: TensorFlow 1 samples at 0, .5, 1, 1.5 with no half-pixel shift and repeats the border."""
    row = torch.tensor([0.0, 10.0]).reshape(1, 1, 1, 2)
    larger = interpolate_bilinear_2d_like_tensorflow1x(row, (1, 4), align_corners=False)
    assert larger.flatten().tolist() == [0, 5, 10, 10]


def test_fid_of_identical_sets_is_zero(network):
    features = Inception(network, None).look(pictures(6), CPU, nothing).features
    found = Inception(network, fit_gaussian(features)).metrics(Seen(features, torch.zeros(6, 1008)))
    assert found["inception_fid"] == pytest.approx(0, abs=1e-5)


def test_fid_is_that_of_a_hand_worked_mean_and_covariance():
    """Features +-1 in the first coordinate: mean 0, variance 2. The reference: mean 3, variance 8 there, 1 in another.

    9 + 2 + 8 + 1 - 2 sqrt(2 x 8) = 12
    """
    features = torch.zeros(2, 2048)
    features[0, 0], features[1, 0] = 1, -1
    mean, covariance = torch.zeros(2048).double(), torch.zeros(2048, 2048).double()
    mean[0], covariance[0, 0], covariance[1, 1] = 3, 8, 1
    inception = Inception(nn.Identity(), Gaussian(mean, covariance))
    found = inception.metrics(Seen(features, torch.zeros(2, 1008)))
    assert found["inception_fid"] == pytest.approx(12)


def test_the_inception_score_of_a_constant_is_one_and_of_distinct_classes_their_number():
    inception = Inception(nn.Identity(), None)
    features = torch.zeros(200, 2048)
    constant = inception.metrics(Seen(features, torch.full((200, 1008), 0.3)))
    assert constant == {
        "inception_is": pytest.approx(1),
        "inception_is_low": pytest.approx(1),
        "inception_is_high": pytest.approx(1),
    }
    few = inception.metrics(Seen(features[:4], 100 * torch.eye(1008)[:4]))
    assert few == {"inception_is": pytest.approx(4)}  # too few for splits: no interval


def test_the_interval_of_the_score_is_that_of_ten_splits():
    """Against the textbook: mean and sample standard error of the ten splits that torch-fidelity makes, by hand."""
    logits = torch.randn(100, 1008, generator=torch.Generator().manual_seed(0)) * 3
    found = Inception(nn.Identity(), None).metrics(Seen(torch.zeros(100, 2048), logits))
    order = np.random.RandomState(2020).permutation(100)
    scores = []
    for split in logits[order].double().softmax(dim=1).split(10):
        marginal = split.mean(dim=0)
        scores.append(float((split * (split / marginal).log()).sum(dim=1).mean().exp()))
    margin = 2.262157 * np.std(scores, ddof=1) / math.sqrt(10)
    assert found["inception_is"] == pytest.approx(np.mean(scores))
    assert found["inception_is_high"] - found["inception_is"] == pytest.approx(margin)


@pytest.mark.parametrize("layout", ["new", "old", "safetensors"])
def test_weights_load_from_every_layout(state, network, tmp_path, layout):
    path = tmp_path / "ab12"  # what is stored has no suffix
    if layout == "safetensors":
        save_file(state, path)
    else:  # pytorch-fid's published file is of the old layout
        torch.save(state, path, _use_new_zipfile_serialization=layout == "new")
    config = settings(inception_weights=str(path))
    check_sample(config, LocalContext(tmp_path).open)
    images = pictures(2)
    features = Inception(load_network(path), None).look(images, CPU, nothing).features
    assert torch.equal(features, Inception(network, None).look(images, CPU, nothing).features)


class Evil:
    def __reduce__(self):
        return (print, ("a pickle was run",))


@pytest.mark.parametrize("layout", ["pickle", "new", "old"])
def test_a_pickle_of_code_is_refused_and_not_run(tmp_path, capsys, layout):
    path = tmp_path / "weights.pth"
    if layout == "pickle":
        path.write_bytes(pickle.dumps(Evil()))
    else:
        torch.save({"fc.bias": Evil()}, path, _use_new_zipfile_serialization=layout == "new")
    with pytest.raises(MethodError, match=r"weights\.pth is refused"):
        build_inception(settings(inception_weights=str(path)), 4, LocalContext(tmp_path))
    assert "a pickle was run" not in capsys.readouterr().out


def test_another_network_is_named(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"fc.bias": torch.zeros(1000)}, path)
    with pytest.raises(MethodError, match="is not the Inception-v3 of torch-fidelity: Missing key"):
        build_inception(settings(inception_weights=str(path)), 4, LocalContext(tmp_path))
    torch.save([1, 2], path)
    with pytest.raises(MethodError, match="holds no state dict"):
        build_inception(settings(inception_weights=str(path)), 4, LocalContext(tmp_path))


def settings(**changes):
    values = {"steps": 4, "classes": ("0", "1"), "images_per_class": 2, "judge": False}
    return SampleConfig(**values | changes)


def write(path, **arrays):
    np.savez(path, **arrays)
    return str(path)


MU, SIGMA = np.zeros(2048, dtype=np.float32), np.zeros((2048, 2048), dtype=np.float32)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"mu": MU},
            r"sigma must be \(2048, 2048\), of Inception-v3's last pooling; got no such entry",
        ),
        ({"mu": MU[:64], "sigma": SIGMA}, r"mu must be \(2048,\), .*; got \(64,\)"),
        ({"mu": MU, "sigma": SIGMA[:5]}, r"sigma must be .*; got \(5, 2048\)"),
        ({"mu": MU.astype(int), "sigma": SIGMA}, "mu must hold floats; got int64"),
        ({"mu": np.array([Evil()] * 2048), "sigma": SIGMA}, "mu must hold floats; got object"),
    ],
)
def test_statistics_of_another_shape_are_named_before_the_run(weights, tmp_path, arrays, message):
    config = settings(
        inception_weights=str(weights), reference_stats=write(tmp_path / "s.npz", **arrays)
    )
    with pytest.raises(MethodError, match=message):
        check_sample(config, LocalContext(tmp_path).open)


def test_files_of_another_kind_are_named_before_the_run(weights, statistics, tmp_path):
    def refused(message, **changes):
        with pytest.raises(MethodError, match=message):
            check_sample(settings(**changes), LocalContext(tmp_path).open)

    good = str(weights)
    (tmp_path / "cut.npz").write_bytes(statistics.read_bytes()[:9999])
    (tmp_path / "p.npz").write_bytes(pickle.dumps(Evil()))
    save_file({"fc.bias": torch.zeros(1000)}, tmp_path / "tv.safetensors")
    refused("FID needs both", reference_stats=str(statistics))
    refused("at least 2 images; this run has 1", inception_weights=good, classes=("0",), images_per_class=1)  # fmt: skip
    refused(r"w\.pkl is refused as Inception weights: allowed are \.safetensors, \.pth, \.pt", inception_weights="w.pkl")  # fmt: skip
    refused(r"s\.pkl is refused as reference statistics: allowed are \.npz", inception_weights=good, reference_stats="s.pkl")  # fmt: skip
    refused("a pickle, not a numpy archive", inception_weights=good, reference_stats=str(tmp_path / "p.npz"))  # fmt: skip
    refused("a file of another kind, not a numpy archive", inception_weights=good, reference_stats=str(tmp_path / "cut.npz"))  # fmt: skip
    refused("Conv2d_1a_3x3.conv.weight must be .*; got no such tensor", inception_weights=str(tmp_path / "tv.safetensors"))  # fmt: skip
    refused("there is no ", inception_weights=str(tmp_path / "nowhere.pth"))
    refused("there is no ", inception_weights="x" * 400)
    check_sample(settings(inception_weights=good, reference_stats=str(statistics)), LocalContext(tmp_path).open)  # fmt: skip


def test_a_single_image_of_a_model_that_was_not_known_before_is_refused(weights, tmp_path):
    with pytest.raises(MethodError, match="at least 2 images; this run has 1"):
        build_inception(settings(inception_weights=str(weights)), 1, LocalContext(tmp_path))


def test_statistics_that_are_no_covariance_are_named(statistics, tmp_path):
    loaded = load_statistics(statistics)
    with np.load(statistics) as file:
        assert torch.equal(loaded.mean, torch.from_numpy(file["mu"]))
        assert torch.equal(loaded.covariance, torch.from_numpy(file["sigma"]))
    save_file({"mu": loaded.mean, "sigma": loaded.covariance}, tmp_path / "s.safetensors")
    again = load_statistics(tmp_path / "s.safetensors")
    assert torch.equal(again.covariance, loaded.covariance)
    wrong = SIGMA.copy()
    wrong[0, 1] = 1
    with pytest.raises(ValueError, match="sigma must be symmetric"):
        load_statistics(tmp_path / write(tmp_path / "a.npz", mu=MU, sigma=wrong))
    with pytest.raises(ValueError, match="must be finite"):
        load_statistics(tmp_path / write(tmp_path / "b.npz", mu=MU + np.nan, sigma=SIGMA))


def test_a_run_measures_both_sides_in_the_network(weights, statistics, tmp_path):
    config = settings(inception_weights=str(weights), reference_stats=str(statistics))
    context = LocalContext(tmp_path, seed=3)
    result = run(config, context)
    found = result.metrics
    assert found["inception_fid"] > 0
    assert found["inception_fid"] != found["inception_fid_uncached"]
    assert 1 <= found["inception_is"] <= 4
    assert "inception_is_low" not in found
    assert "(Inception-v3 of torch-fidelity, 4 images: small samples bias FID upward; the papers use 50,000)." in result.summary  # fmt: skip
    said = {level: message for level, message, _ in context.events}
    assert "FID of 4 images: below 2,048 their covariance is singular" in said["warning"]
    assert "images of 8 pixels are enlarged to 299 by torch-fidelity's resize" in said["info"]
    texts = [text for _, _, text in context.steps]
    assert "uncached: 4 of 4 images in the Inception network" in texts
    assert context.steps[-1][0] == context.steps[-1][1]


def test_weights_alone_give_the_score_alone(weights, tmp_path):
    config = settings(inception_weights=str(weights), schedule="none")
    context = LocalContext(tmp_path)
    result = run(config, context)
    assert not [name for name in result.metrics if "fid" in name]
    assert result.metrics["inception_is"] == result.metrics["inception_is_uncached"]
    assert "Inception score" in result.summary
    assert "bias FID" not in result.summary
    assert not [text for level, text, _ in context.events if level == "warning"]


def test_a_network_that_gives_no_numbers_is_named():
    class Broken(nn.Module):
        def forward(self, images):
            return torch.full((len(images), 2048), float("nan")), torch.zeros(len(images), 1008)

    with pytest.raises(MethodError, match="its weights are not sound"):
        Inception(Broken(), None).look(pictures(), CPU, nothing)


def test_batches_are_counted_whole(network):
    assert [Inception(network, None).batches(n) for n in (1, BATCH, BATCH + 1)] == [1, 1, 2]


def test_figures_are_told_with_network_number_and_interval():
    found = {"images": 2000.0, "inception_fid": 12.3, "inception_fid_uncached": 11.0}
    found |= {"inception_is": 9.0, "inception_is_low": 8.5, "inception_is_high": 9.5}
    found |= {"inception_is_uncached": 9.25}
    assert told(found, control=True) == (
        " FID 12.30, of the uncached 11.00; Inception score 9.00 (95%: 8.50 to 9.50), of the uncached 9.25 "
        "(Inception-v3 of torch-fidelity, 2,000 images: small samples bias FID upward; the papers use 50,000)."
    )
    assert told({"images": 4.0}, control=True) == ""
