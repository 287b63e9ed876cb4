"""Bad input is named before a run is queued, and none of it costs torch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import save_file

from methods.base import MethodError
from methods.caching import SAMPLE, CalibrateConfig, SampleConfig, interval_mask
from methods.caching.check import check_calibrate, check_sample, reused_steps
from methods.caching.estimate import (
    DECODED_MB,
    INCEPTION_MB,
    estimate_calibrate,
    estimate_sample,
    reused_share,
)
from methods.caching.facts import ModelFacts, locate, read_facts


def local_file(reference):
    """As contexts do."""
    if not Path(reference).exists():
        raise MethodError(f"there is no {reference!r}")
    return Path(reference)


def stored(files):
    """References to files whose names have no suffix, as in the artefact store."""
    return lambda reference: files[reference]


def config(pipeline_folder, **changes):
    return SampleConfig(**{"model": str(pipeline_folder)} | changes)


def test_good_settings_pass(pipeline_folder):
    check_sample(config(pipeline_folder), local_file)
    check_sample(config(pipeline_folder, classes=("goldfish", "9"), correction="goc"), local_file)
    check_calibrate(CalibrateConfig(model=str(pipeline_folder)), local_file)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": ("unicorn",)}, "unknown class 'unicorn': allowed are ids from 0 to 9, or a name such as tench, goldfish"),
        ({"classes": ("10",)}, "unknown class '10'"),
        ({"classes": ("tench", "0")}, "class '0' is named twice"),
        ({"images_per_class": 201}, "2010 images are more than the 2000 of one run"),
        ({"interval": 20}, "interval 20 leaves only the first of 20 steps computed"),
        ({"schedule": "router"}, "the router schedule needs a router file"),
        ({"router": "router.pt"}, "a router is given but the schedule is 'interval'"),
        ({"weight": 1.0}, "weight given but nothing is corrected"),
        ({"positions": "3,5"}, "positions given but nothing is corrected"),
        ({"schedule": "none", "correction": "goc"}, "GOC corrects reused outputs; schedule none reuses nothing"),
        ({"interval": 1, "correction": "goc"}, "GOC corrects reused outputs; schedule interval with interval 1 reuses nothing"),
        ({"schedule": "odd_first_half", "steps": 3, "correction": "goc"}, "schedule odd_first_half with 3 steps reuses nothing"),
        ({"correction": "eoc", "prior": "r1/prior.safetensors"}, "there is no 'r1/prior.safetensors'"),
        ({"schedule": "router", "router": "r1/router.pt"}, "there is no 'r1/router.pt'"),
        ({"correction": "eoc"}, "EOC needs a prior: run caching.calibrate"),
        ({"correction": "goc", "positions": "auto"}, "positions “auto” needs a prior"),
        ({"correction": "goc", "positions": "3, 20"}, r"corrected steps \[20\] do not exist: the last of 20 steps is 19"),
        ({"correction": "eoc", "prior": "prior.pkl"}, r"prior\.pkl is refused as a prior"),
        ({"correction": "eoc", "prior": "x/prior.ckpt"}, r"prior\.ckpt is refused as a prior"),
        ({"schedule": "router", "router": "router.pkl"}, r"router\.pkl is refused as a router"),
        ({"schedule": "router", "router": "router.bin"}, r"router\.bin is refused as a router"),
    ],
)  # fmt: skip
def test_settings_that_are_wrong_together_are_named(pipeline_folder, changes, message):
    with pytest.raises(MethodError, match=message):
        check_sample(config(pipeline_folder, **changes), local_file)


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 1}, {"steps": 1001}, {"interval": 0}, {"guidance_scale": 0.5}, {"router_threshold": 1.1},
        {"schedule": "weekly"}, {"positions": "3;5"}, {"positions": "-1"}, {"batch_size": 0}, {"seed": 1},
        {"weight": float("nan")}, {"guidance_scale": float("inf")}, {"images_per_class": 0},
    ],
)  # fmt: skip
def test_values_out_of_range_never_become_a_config(changes):
    with pytest.raises(ValidationError):
        SampleConfig(**changes)


@pytest.mark.parametrize(
    "model",
    ["nowhere", "../up/and/away", "a/b/c", "owner/name@", "owner/../name", "/no/such/folder"],
)
def test_a_model_that_is_nothing_is_named(model):
    with pytest.raises(MethodError, match="there is no model"):
        check_sample(SampleConfig(model=model), local_file)


@pytest.mark.parametrize(
    "model", ["facebook/DiT-XL-2-256", "o/n@main", "o/n@refs/pr/1", "o/n@0123abc"]
)
def test_hub_ids_are_taken_by_their_form(model):
    assert locate(model).kind == "hub"
    check_sample(SampleConfig(model=model, classes=("whatever",)), local_file)


def broken(pipeline_folder, tmp_path, change):
    folder = tmp_path / "broken"
    shutil.copytree(pipeline_folder, folder)
    change(folder)
    return folder


def edit(name, **values):
    def change(folder):
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return change


def only_pickle(folder):
    (folder / "transformer" / "diffusion_pytorch_model.safetensors").rename(
        folder / "transformer" / "diffusion_pytorch_model.bin"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "model_index.json").unlink(), "is no pipeline: it has no model_index.json"),
        (lambda f: (f / "model_index.json").write_text("{"), "is no JSON"),
        (lambda f: (f / "model_index.json").write_text("[]"), "must hold a JSON object"),
        (
            edit("model_index.json", _class_name="FluxPipeline"),
            "is a FluxPipeline; a DiTPipeline is needed",
        ),
        (
            edit("model_index.json", id2label={"a": "b"}),
            "id2label of model_index.json must map ids to names",
        ),
        (
            edit("transformer/config.json", _class_name="UNet2DModel"),
            "its transformer is a UNet2DModel",
        ),
        (lambda f: shutil.rmtree(f / "vae"), "config.json is missing"),
        (only_pickle, "found only diffusion_pytorch_model.bin, a pickle, which is refused"),
        (
            lambda f: [p.unlink() for p in (f / "vae").glob("*.safetensors")],
            "must hold safetensors weights; found none",
        ),
    ],
)
def test_a_folder_that_is_no_pipeline_says_what_it_lacks(
    pipeline_folder, tmp_path, change, message
):
    folder = broken(pipeline_folder, tmp_path, change)
    with pytest.raises(MethodError, match=message):
        check_sample(SampleConfig(model=str(folder)), local_file)
    with pytest.raises(MethodError, match=message):
        check_calibrate(CalibrateConfig(model=str(folder)), local_file)


def test_a_router_of_another_depth_is_named(pipeline_folder, tmp_path):
    path = tmp_path / "router.safetensors"
    save_file({"logits": torch.zeros(20, 56)}, path)
    settings = {"schedule": "router", "router": str(path)}
    with pytest.raises(MethodError, match="the router is for 28 blocks; this model has 3"):
        check_sample(config(pipeline_folder, **settings), local_file)
    with pytest.raises(MethodError, match="the router is for 20 steps; this run has 10"):
        check_sample(config(pipeline_folder, **settings, steps=10), local_file)
    plain = tmp_path / "router.pt"
    plain.write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(MethodError, match="a pickle, not a torch archive"):
        check_sample(config(pipeline_folder, schedule="router", router=str(plain)), local_file)


def test_positions_are_read_in_any_order():
    assert SampleConfig(positions=" 9, 3 ,5,3").listed_positions() == (3, 5, 9)
    assert SampleConfig(positions="all").listed_positions() is None


LACKS = {
    "eoc25": "needs a prior",
    "eoc50": "needs a prior",
    "eoc75": "needs a prior",
    "l2c22": "needs a router",
    "l2c_eoc": "needs a router",
    "l2c_goc": "needs a router",
}


@pytest.mark.parametrize("name", SAMPLE.presets)
def test_every_preset_is_a_config_that_only_lacks_its_files(pipeline_folder, name):
    settings = config(pipeline_folder, **SAMPLE.presets[name].values)
    if name not in LACKS:
        check_sample(settings, local_file)
        return
    with pytest.raises(MethodError, match=LACKS[name]):
        check_sample(settings, local_file)


def test_presets_reuse_what_their_names_say():
    shares = {
        "uncached": 0,
        "fora25": 0.25,
        "fora50": 0.5,
        "fora75": 0.75,
        "goc25": 0.25,
        "goc50": 0.5,
        "fora_own": 0.6,
    }
    for name, share in shares.items():
        assert reused_share(SampleConfig(**SAMPLE.presets[name].values)) == share


def test_multiply_adds_of_the_largest_dit_are_the_published_ones():
    """118.6 GMACs a row and step; attention 35.6 %, feed-forward 64.2 %."""
    xl = ModelFacts(28, 1152, 256, 2, 32, 4, 8, 1000, {}, pixels=False)
    attention, feed_forward = xl.module_macs()
    whole = xl.sampling_macs(28, 28, 1)
    assert whole / 1e9 == pytest.approx(118.6, abs=0.1)
    assert 28 * attention / whole == pytest.approx(0.356, abs=0.001)
    assert 28 * feed_forward / whole == pytest.approx(0.642, abs=0.001)
    half = xl.sampling_macs(14, 14, 1)
    assert whole / half == pytest.approx(1.996, abs=0.002)


def test_facts_are_read_from_the_files(pipeline_folder):
    facts = read_facts(locate(str(pipeline_folder)), pipeline_folder)
    assert (facts.layers, facts.width, facts.tokens, facts.size, facts.channels) == (3, 16, 4, 4, 4)
    assert (facts.out_channels, facts.null_class, facts.pixels) == (8, 10, False)
    assert facts.class_ids(("white shark", "goldfish", "7")) == (2, 1, 7)
    assert facts.class_name(2) == "great white shark"
    assert facts.class_name(7) == "7"


def test_the_memory_of_cache_and_prior_is_told_apart():
    base = SampleConfig(model="facebook/DiT-XL-2-256", classes=("1",), images_per_class=32)
    uncached, plain, goc, eoc = (
        estimate_sample(base.model_copy(update=changes))
        for changes in (
            {"schedule": "none"},
            {},
            {"correction": "goc"},
            {"correction": "eoc", "prior": "p.safetensors"},
        )
    )
    # 32 images with guidance are 64 rows; 28 blocks of 2 modules, 256 tokens of width 1152, float32.
    # So many take more than decoding four at a time does afterwards.
    slot = 64 * 28 * 2 * 256 * 1152 * 4 / 2**20
    assert [
        each.detail["cache_memory_mb"] for each in (uncached, plain, goc, eoc)
    ] == pytest.approx([0, slot, 2 * slot, slot])
    # the mean features of 20 steps, and their changes
    assert eoc.detail["prior_mb"] == pytest.approx(2 * 20 * 28 * 2 * 256 * 1152 * 4 / 2**20)
    assert "prior_mb" not in goc.detail
    assert goc.memory_mb - uncached.memory_mb == pytest.approx(2 * slot)
    assert eoc.memory_mb - plain.memory_mb == pytest.approx(eoc.detail["prior_mb"])


def test_the_share_of_work_is_that_of_the_uncached_sampling():
    shares = [
        estimate_sample(SampleConfig(**changes)).detail["flop_share"]
        for changes in (
            {"schedule": "none"},
            {"schedule": "none", "steps": 5, "reference_steps": 20},
            {"steps": 20, "interval": 2},
        )
    ]
    assert shares[:2] == [1, pytest.approx(0.25)]
    assert 0.5 < shares[2] < 0.55  # what no cache saves comes on top of half the modules


def test_estimates_rise_with_work_and_memory():
    base = SampleConfig(model="facebook/DiT-XL-2-256")
    plain, goc = (
        estimate_sample(base),
        estimate_sample(base.model_copy(update={"correction": "goc"})),
    )
    assert goc.memory_mb - plain.memory_mb == pytest.approx(
        32 * 126, rel=0.01
    )  # a further slot: 126 MiB a pair
    assert estimate_sample(base.model_copy(update={"steps": 40})).seconds > plain.seconds
    assert estimate_sample(base.model_copy(update={"interval": 4})).seconds < plain.seconds
    assert estimate_sample(base.model_copy(update={"batch_size": 1})).memory_mb < plain.memory_mb
    assert (
        estimate_sample(base.model_copy(update={"precision": "bfloat16"})).memory_mb
        < plain.memory_mb
    )
    assert estimate_calibrate(CalibrateConfig(model="facebook/DiT-XL-2-256")).memory_mb > 2500


def test_what_follows_sampling_is_in_the_estimate():
    """A batch of one needs less than decoding, which takes four images together, or one tile of one image."""
    xl = SampleConfig(
        model="facebook/DiT-XL-2-256", classes=("1",), batch_size=1, precision="bfloat16"
    )
    needs = [
        estimate_sample(xl.model_copy(update=changes)).memory_mb
        for changes in ({}, {"vae_tiling": True}, {"inception_weights": "w.pth"})
    ]
    assert needs[0] - needs[1] == 3 * DECODED_MB
    assert (
        needs[2] - needs[0] == INCEPTION_MB
    )  # its weights stay; its work comes after the decoding
    calibration = CalibrateConfig(model=xl.model, batch_size=1)
    tiled = estimate_calibrate(calibration.model_copy(update={"vae_tiling": True})).memory_mb
    assert estimate_calibrate(calibration).memory_mb - tiled == pytest.approx(3 * DECODED_MB)
    digits = SampleConfig(images_per_class=1)
    seen = digits.model_copy(update={"inception_weights": "w.pth"})
    more = estimate_sample(seen).seconds - estimate_sample(digits).seconds
    assert more == pytest.approx(2 * 10 * 5.7e9 / 2e10)  # both sides, ten images


def test_listing_checking_and_estimating_cost_no_torch(pipeline_folder):
    code = f"""
import sys
from methods import METHODS
import methods.local
from pathlib import Path
for method in METHODS.values():
    method.config.model_json_schema()
    values = dict(model={str(pipeline_folder)!r}) if method.family == "caching" else dict()
    config = method.config(**values)
    method.check(config, Path), method.estimate(config)
heavy = {{"torch", "diffusers", "transformers", "sklearn"}} & sys.modules.keys()
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("layout", ["logits", "rows"])
def test_a_stored_router_of_another_depth_or_steps_is_refused_before_launch(
    pipeline_folder, tmp_path, layout
):
    logits = torch.zeros(20, 56)
    rows = {f"{index}.prob": row.clone() for index, row in enumerate(logits)}
    save_file({"logits": logits} if layout == "logits" else rows, tmp_path / "ab12")
    settings, opened = {"schedule": "router", "router": "up1"}, stored({"up1": tmp_path / "ab12"})
    with pytest.raises(MethodError, match="the router is for 28 blocks; this model has 3"):
        check_sample(config(pipeline_folder, **settings), opened)
    with pytest.raises(MethodError, match="the router is for 20 steps; this run has 10"):
        check_sample(SampleConfig(model="owner/name", steps=10, **settings), opened)


def test_a_stored_torch_archive_is_left_to_the_run_and_a_stored_pickle_is_named(
    pipeline_folder, tmp_path
):
    torch.save({"routers": {}}, tmp_path / "ab12")
    (tmp_path / "cd34").write_bytes(b"\x80\x02}q\x00.")
    opened = stored({"up1": tmp_path / "ab12", "up2": tmp_path / "cd34"})
    check_sample(config(pipeline_folder, schedule="router", router="up1"), opened)
    with pytest.raises(MethodError, match="up2 is refused as a router: a pickle"):
        check_sample(config(pipeline_folder, schedule="router", router="up2"), opened)
    with pytest.raises(MethodError, match="is no safetensors file: it is a pickle"):
        check_sample(config(pipeline_folder, correction="eoc", prior="up2"), opened)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "x" * 400},
        {"model": "~nobody-of-this-name/" + "x" * 400},
        {"schedule": "router", "router": "x" * 400},
        {"correction": "eoc", "prior": "x" * 400},
    ],
)
def test_a_name_that_no_file_system_takes_is_said_to_be_nothing(pipeline_folder, changes):
    def unguarded(reference):
        Path(reference).stat()
        return Path(reference)

    with pytest.raises(MethodError, match="there is no "):
        check_sample(config(pipeline_folder, **changes), unguarded)


@pytest.mark.parametrize("phase", ["sampling", "fora"])
@pytest.mark.parametrize(("steps", "interval"), [(20, 1), (20, 2), (19, 3), (7, 6)])
def test_steps_counted_without_torch_are_those_of_the_mask(steps, interval, phase):
    settings = SampleConfig(steps=steps, interval=interval, phase=phase)
    mask = interval_mask(steps, 1, interval, phase)
    assert reused_steps(settings) == tuple(mask[:, 0, 0].nonzero().flatten().tolist())
