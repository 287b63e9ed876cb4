"""Peers: what they execute, what equals what, that they leave no trace, and the ways in which they silently do nothing."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import contextmanager

import pytest
import torch
from diffusers.hooks import TaylorSeerCacheConfig, apply_taylorseer_cache
from diffusers.hooks.hooks import HookRegistry

from methods.base import Cancelled, MethodError
from methods.caching import (
    PeerConfig,
    SampleConfig,
    StepCacheConfig,
    apply_peer,
    apply_step_cache,
    ddim_sample,
    interval_mask,
)
from methods.caching.check import check_sample, reused_steps
from methods.caching.config import PEERS
from methods.caching.estimate import estimate_sample, kept_tensors
from methods.caching.models import load_model
from methods.caching.peers import has_cache_dit
from methods.caching.peers.taylorseer import MODULES
from methods.caching.run_sample import run
from methods.caching.sampling import references
from methods.local import LocalContext
from methods.worlds import digits
from tests.caching.conftest import build_dit
from tests.caching.slow_loop import SlowTaylor, slow_sample

needs_cache_dit = pytest.mark.skipif(
    not has_cache_dit(), reason="the optional package cache-dit is not installed"
)
CACHE_DIT = pytest.param("cache_dit", marks=needs_cache_dit)
EVERY_PEER = ["taylorseer", "first_block", CACHE_DIT]
PROBING = ["first_block", CACHE_DIT]
GUIDANCE = digits.GUIDANCE_SCALE


@pytest.fixture(autouse=True)
def _nothing_remembered():
    references.clear()


@pytest.fixture(scope="module")
def world():
    return digits.load_transformer()


def noise_of(images, channels=1, size=8):
    return torch.randn(images, channels, size, size, generator=torch.Generator().manual_seed(1))


def sample(model, images=4, config=None, **settings):
    """Latents, and the handle of the peer after the sampling."""
    size = (model.config.in_channels, model.config.sample_size)
    call = {"num_inference_steps": 20, "guidance_scale": GUIDANCE} | settings
    arguments = (model, torch.arange(images), noise_of(images, *size))
    if config is None:
        return ddim_sample(*arguments, **call)
    with apply_peer(model, config) as handle:
        return ddim_sample(*arguments, **call), Seen(handle)


class Seen:
    """What a handle said before it was removed."""

    def __init__(self, handle):
        self.counts, self.cells, self.bytes = handle.counts, handle.cells, handle.memory_bytes


@contextmanager
def really_executed(model):
    """An own count, by plain torch hooks on the first layer of each module."""
    counts, handles = Counter(attn=0, ff=0), []
    for block in model.transformer_blocks:
        for kind, layer in (("attn", block.attn1.to_q), ("ff", block.ff.net[0])):
            handles.append(layer.register_forward_hook(lambda *_, kind=kind: counts.update([kind])))
    try:
        yield counts
    finally:
        for handle in handles:
            handle.remove()


def assert_no_trace(model, names):
    assert list(model.state_dict()) == names
    assert not {"_is_cached", "_is_patched", "_norm1_emb"} & {*vars(model), *model._modules}
    for module in model.modules():
        assert module.forward.__func__ is type(module).forward
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        registry = getattr(module, "_diffusers_hook", None)
        assert registry is None or not registry.hooks


# TaylorSeer, exactly


@pytest.mark.parametrize("interval", [2, 3, 4])
def test_order_zero_is_fora_bit_for_bit(dit, interval):
    mask = interval_mask(20, 3, interval)
    with apply_step_cache(dit, StepCacheConfig(mask)):
        fora = sample(dit)
    taylor, seen = sample(dit, config=PeerConfig("taylorseer", 20, interval, order=0))
    assert torch.equal(taylor, fora)
    assert torch.equal(seen.cells, mask.to(torch.int8))


@pytest.mark.parametrize(("interval", "order"), [(2, 1), (2, 2), (4, 1), (4, 3)])
def test_taylorseer_follows_its_equation(labels, noise, interval, order):
    model = build_dit(norm_eps=1e-6)
    path = slow_sample(model, labels, noise, 20, 1.5, SlowTaylor(interval, order))
    with apply_peer(model, PeerConfig("taylorseer", 20, interval, order)):
        latents = ddim_sample(model, labels, noise, num_inference_steps=20, guidance_scale=1.5)
    assert (latents - path[-1]).norm() / path[-1].norm() < 1e-6
    zero = slow_sample(model, labels, noise, 20, 1.5, SlowTaylor(interval, 0))
    assert (zero[-1] - path[-1]).norm() / path[-1].norm() > 1e-5  # the order shows


@pytest.mark.parametrize(("interval", "computed"), [(2, 10), (4, 5)])
def test_taylorseer_executes_what_its_interval_says(dit, interval, computed):
    with really_executed(dit) as counts:
        _, seen = sample(dit, config=PeerConfig("taylorseer", 20, interval))
    assert seen.counts == counts == {"attn": 3 * computed, "ff": 3 * computed}
    assert reused_steps(SampleConfig(schedule="taylorseer", interval=interval)) == tuple(
        seen.cells[:, 0, 0].nonzero().flatten().tolist()
    )


def test_in_half_precision_wider_factors_change_nothing():
    """Differences are formed in the module's own format, so that ours are kept in it."""
    model = build_dit().to(torch.bfloat16)
    ours, seen = sample(model, config=PeerConfig("taylorseer", 20, 2, order=2))
    assert ours.isfinite().all()
    wide = TaylorSeerCacheConfig(
        cache_interval=2, disable_cache_before_step=-1, max_order=2,
        taylor_factors_dtype=torch.float32, cache_identifiers=[MODULES],
    )  # fmt: skip
    assert torch.equal(foreign(model, wide)[0], ours)
    _, single = sample(build_dit(), config=PeerConfig("taylorseer", 20, 2, order=2))
    assert 2 * seen.bytes == single.bytes


# The traps of diffusers, kept in view: when an upgrade springs one, a test here fails


def foreign(model, config):
    """Sample with TaylorSeer as a user of diffusers would set it up; latents, executed forwards, what block 1 gave."""
    apply_taylorseer_cache(model, config)
    registry = HookRegistry.check_if_exists_or_initialize(model)
    registry.invalidate_child_registries_cache()
    outputs = []
    keep = model.transformer_blocks[1].register_forward_hook(lambda *args: outputs.append(args[2]))
    try:
        with really_executed(model) as counts:
            return sample(model), counts, outputs
    finally:
        keep.remove()
        registry.remove_hook("taylorseer_cache", recurse=True)


def test_trap_the_default_names_match_nothing_and_nobody_says_so(dit):
    latents, counts, _ = foreign(dit, TaylorSeerCacheConfig(cache_interval=2))
    assert counts == {"attn": 60, "ff": 60}
    assert torch.equal(latents, sample(dit))


def test_trap_lite_mode_replaces_blocks_by_zeros(dit):
    latents, counts, outputs = foreign(dit, TaylorSeerCacheConfig(use_lite_mode=True))
    skipped = [output for output in outputs if not output.any()]
    assert len(skipped) > 10
    assert counts["attn"] == 3 * (20 - len(skipped))
    assert latents.isfinite().all()  # nothing looks wrong
    exact = sample(dit)
    named = TaylorSeerCacheConfig(cache_identifiers=[MODULES], taylor_factors_dtype=torch.float32)
    assert (latents - exact).norm() > 2 * (foreign(dit, named)[0] - exact).norm()


def test_trap_default_factors_are_rounded_in_float32(dit):
    settings = {
        "cache_interval": 2,
        "disable_cache_before_step": -1,
        "max_order": 0,
        "cache_identifiers": [MODULES],
    }
    fora, _ = sample(dit, config=PeerConfig("taylorseer", 20, 2, order=0))
    assert not torch.equal(foreign(dit, TaylorSeerCacheConfig(**settings))[0], fora)


# First-block cache and cache-dit


@pytest.mark.parametrize("threshold", [0.05, 0.2])
@pytest.mark.parametrize("name", PROBING)
def test_a_probing_peer_executes_what_it_says(world, name, threshold):
    config = PeerConfig(name, 20, order=0, threshold=threshold)
    with really_executed(world) as counts:
        _, seen = sample(world, config=config)
    assert seen.counts == counts
    assert 20 + 7 <= counts["attn"] < 160
    computed = seen.cells == 0
    assert [int(part) for part in computed.sum((0, 1))] == [counts["attn"], counts["ff"]]
    assert computed[:, 0].all()  # the first block always runs
    assert computed[0].all()
    assert (computed[:, 1:] == computed[:, 1:2, :1]).all()  # the others stand and fall together


@needs_cache_dit
@pytest.mark.parametrize("threshold", [0.05, 0.1, 0.3])
def test_cache_dit_with_one_probing_block_is_first_block_cache(world, threshold):
    first, a = sample(world, config=PeerConfig("first_block", 20, threshold=threshold))
    other, b = sample(world, config=PeerConfig("cache_dit", 20, order=0, threshold=threshold))
    assert torch.equal(a.cells, b.cells)
    assert torch.allclose(first, other, atol=1e-5)
    series, c = sample(world, config=PeerConfig("cache_dit", 20, order=1, threshold=threshold))
    assert torch.equal(c.cells[:4], b.cells[:4])
    assert not torch.allclose(series, other, atol=1e-5)


@pytest.mark.parametrize("name", PROBING)
def test_what_an_image_becomes_depends_on_the_images_beside_it(world, name):
    """Shown with two images alone and among ten, and said where the threshold is set; FORA is the control."""
    labels, noise = torch.arange(10), noise_of(10)
    call = {"num_inference_steps": 20, "guidance_scale": GUIDANCE}

    def difference(apply):
        with apply:
            together = ddim_sample(world, labels, noise, **call)[1:3]
            alone = [
                ddim_sample(world, labels[i : i + 1], noise[i : i + 1], **call) for i in (1, 2)
            ]
        return float((torch.cat(alone) - together).norm() / together.norm())

    assert difference(apply_peer(world, PeerConfig(name, 20, order=0, threshold=0.25))) > 1e-2
    assert difference(apply_step_cache(world, StepCacheConfig(interval_mask(20, 8, 2)))) < 1e-5
    said = SampleConfig.model_fields["threshold"].description
    assert "depends on the images sampled beside it" in said


@needs_cache_dit
def test_trap_cache_dit_alone_goes_on_with_the_last_sampling_and_leaves_traces():
    import cache_dit

    model = build_dit()
    names, uncached = list(model.state_dict()), sample(model)
    settings = cache_dit.DBCacheConfig(
        Fn_compute_blocks=1,
        Bn_compute_blocks=0,
        max_warmup_steps=0,
        residual_diff_threshold=0.9,
        num_inference_steps=20,
    )
    cache_dit.enable_cache(model, cache_config=settings)
    first, second = [], []
    for executed in (first, second):
        with really_executed(model) as counts:
            sample(model, on_step=lambda *_, e=executed, c=counts: e.append(c["attn"]))
    cache_dit.disable_cache(model)
    assert first[:2] == [3, 4]
    assert second[:2] == [1, 4]  # the first step reused the last sampling, the second began anew
    assert set(model.state_dict()) - set(names)
    assert model._is_patched
    assert torch.equal(sample(model), uncached)


# Coming and going


@pytest.mark.parametrize("paper_exact", [True, False])
@pytest.mark.parametrize("name", EVERY_PEER)
def test_a_peer_leaves_the_model_as_it_was(name, paper_exact):
    model = build_dit()
    before, names = sample(model, paper_exact=paper_exact), list(model.state_dict())
    config = PeerConfig(name, 20, order=1, threshold=0.5)
    for _ in range(2):
        cached, _ = sample(model, config=config, paper_exact=paper_exact)
        assert not torch.equal(cached, before)
        assert_no_trace(model, names)
        assert torch.equal(sample(model, paper_exact=paper_exact), before)


@pytest.mark.parametrize("name", EVERY_PEER)
def test_an_error_in_the_middle_leaves_the_model_as_it_was(name):
    model = build_dit()
    before, names = sample(model), list(model.state_dict())

    def stop(step, _latents):
        if step == 7:
            raise Cancelled

    def fail(*_):
        raise RuntimeError("inside a block")

    config = PeerConfig(name, 20, order=1, threshold=0.1)
    with pytest.raises(Cancelled):
        sample(model, config=config, on_step=stop)
    assert_no_trace(model, names)
    broken = model.transformer_blocks[2].ff.net[0].register_forward_hook(fail)
    with pytest.raises(RuntimeError, match="inside a block"):
        sample(model, config=config)
    broken.remove()
    assert_no_trace(model, names)
    assert torch.equal(sample(model), before)


@pytest.mark.parametrize("name", EVERY_PEER)
def test_each_sampling_begins_anew(world, name):
    arguments = (world, torch.arange(4), noise_of(4))
    call = {"num_inference_steps": 20, "guidance_scale": GUIDANCE}

    def stop(step, _latents):
        if step == 5:
            raise Cancelled

    with apply_peer(world, PeerConfig(name, 20, order=1, threshold=0.2)) as handle:
        assert handle.memory_bytes == 0
        assert (handle.cells == -1).all()
        first, counts, cells = ddim_sample(*arguments, **call), handle.counts, handle.cells
        with pytest.raises(Cancelled):
            ddim_sample(*arguments, **call, on_step=stop)
        assert (handle.cells[6:] == -1).all()
        broken_off = handle.counts
        assert torch.equal(ddim_sample(*arguments, **call), first)
        assert torch.equal(handle.cells, cells)
        assert {kind: handle.counts[kind] - broken_off[kind] for kind in counts} == counts
        ddim_sample(world, torch.arange(3), noise_of(3), **call)  # another shape
        handle.reset()
        assert handle.memory_bytes == 0
    handle.remove()  # the second time does nothing


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("name", EVERY_PEER)
def test_the_estimate_counts_the_tensors_that_are_kept(world, name, order):
    _, seen = sample(world, config=PeerConfig(name, 20, order=order, threshold=0.1))
    feature = 8 * 16 * 128 * 4  # two rows of each of 4 images, tokens, width, bytes
    config = SampleConfig(schedule=name, order=order)
    assert seen.bytes == kept_tensors(config, layers=8) * feature


def test_a_second_cache_is_refused(dit):
    peer, own = PeerConfig("first_block", 20), StepCacheConfig(interval_mask(20, 3, 2))
    with apply_peer(dit, peer), pytest.raises(ValueError, match="has a cache already"):
        apply_peer(dit, PeerConfig("taylorseer", 20))
    with apply_step_cache(dit, own), pytest.raises(ValueError, match="has a cache already"):
        apply_peer(dit, peer)
    names = list(dit.state_dict())
    assert_no_trace(dit, names)


@needs_cache_dit
def test_a_cache_dit_of_the_users_own_is_left_alone():
    import cache_dit

    model = build_dit()
    cache_dit.enable_cache(model, cache_config=cache_dit.DBCacheConfig(Fn_compute_blocks=1))
    with pytest.raises(ValueError, match="cache-dit is on this model already"):
        apply_peer(model, PeerConfig("cache_dit", 20))
    assert model._is_cached
    assert not model.transformer_blocks[0].attn1._diffusers_hook.hooks


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "fora"}, "the peers are taylorseer, first_block, cache_dit; got 'fora'"),
        ({"interval": 0}, "interval must be at least 1; got 0"),
        ({"order": -1}, "order must be at least 0; got -1"),
        ({"threshold": -0.1}, r"threshold must be at least 0; got -0\.1"),
        ({"steps": 0}, "steps must be at least 1; got 0"),
    ],
)
def test_settings_of_a_peer_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        PeerConfig(**{"name": "taylorseer", "steps": 20} | settings)


def test_a_single_block_cannot_be_probed():
    model = build_dit(layers=1)
    with pytest.raises(ValueError, match="probes the first block and reuses the others"):
        apply_peer(model, PeerConfig("first_block", 20))
    assert_no_trace(model, list(model.state_dict()))


# Before a run


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedule": "taylorseer", "interval": 1}, "interval 1 computes every step: TaylorSeer forecasts nothing"),
        ({"schedule": "taylorseer", "interval": 20}, "interval 20 leaves only the first of 20 steps computed"),
        ({"schedule": "taylorseer", "interval": 7, "order": 3}, "order 3 needs 4 computed steps before the last forecast: interval 7 in 20 steps has 3, enough for order 2"),
        ({"schedule": "first_block", "threshold": 0}, "threshold 0 lets first_block reuse nothing"),
        ({"schedule": "cache_dit", "threshold": 0}, "threshold 0 lets cache_dit reuse nothing"),
        ({"schedule": "taylorseer", "correction": "goc"}, "correction given but taylorseer is a cache of its own"),
        ({"schedule": "first_block", "correction": "eoc", "prior": "p"}, "correction, prior given but first_block"),
        ({"schedule": "taylorseer", "positions": "3,5", "require_both": True}, "positions, require_both given but taylorseer"),
        ({"schedule": "first_block", "prior": "p"}, "prior given but first_block"),
        ({"schedule": "first_block", "router": "r.pt"}, "a router is given but the schedule is 'first_block'"),
    ],
)  # fmt: skip
def test_what_a_peer_cannot_do_is_refused_before_a_run(changes, message, monkeypatch):
    monkeypatch.setattr("methods.caching.check.has_cache_dit", lambda: True)
    with pytest.raises(MethodError, match=message):
        check_sample(SampleConfig(**changes), None)


def test_the_highest_order_is_one_that_is_reached(dit):
    """Order 2 at interval 7 passes the check, and a third difference would never be used."""
    check_sample(SampleConfig(schedule="taylorseer", interval=7, order=2), None)
    second, third = (
        sample(dit, config=PeerConfig("taylorseer", 20, 7, order))[0] for order in (2, 3)
    )
    first, _ = sample(dit, config=PeerConfig("taylorseer", 20, 7, 1))
    assert torch.equal(second, third)
    assert not torch.equal(first, second)


def test_a_missing_cache_dit_says_how_to_get_it(dit, monkeypatch):
    for place in ("check", "peers.peer"):
        monkeypatch.setattr(f"methods.caching.{place}.has_cache_dit", lambda: False)
    with pytest.raises(MethodError, match=r"needs the package cache-dit.*pip install cache-dit"):
        check_sample(SampleConfig(schedule="cache_dit"), None)
    with pytest.raises(ModuleNotFoundError, match="pip install cache-dit"):
        apply_peer(dit, PeerConfig("cache_dit", 20))


@needs_cache_dit
def test_looking_for_cache_dit_imports_nothing_heavy():
    code = """
import sys
from methods.caching import SAMPLE, SampleConfig
config = SampleConfig(schedule="cache_dit")
SAMPLE.check(config, None), SAMPLE.estimate(config)
assert not {"torch", "diffusers", "cache_dit"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_estimates_know_the_peers():
    def needs(schedule, **settings):
        return estimate_sample(
            SampleConfig(model="facebook/DiT-XL-2-256", schedule=schedule, **settings)
        )

    fora = needs("interval")
    assert needs("taylorseer", order=0) == fora
    slots = needs("taylorseer", order=2).memory_mb - fora.memory_mb
    assert slots == pytest.approx(2 * 32 * 126, rel=0.01)  # two more tensors of each module
    assert needs("first_block").memory_mb < fora.memory_mb
    assert fora.seconds < needs("first_block").seconds < needs("none").seconds * 2


# Runs


def run_with(folder, seed=0, **settings):
    base = {"classes": ("0", "3", "7"), "images_per_class": 1, "judge": False}
    context = LocalContext(folder, seed=seed)
    return run(SampleConfig(**base | settings), context), context


@pytest.fixture
def tiny(pipeline_folder):
    return {"model": str(pipeline_folder), "steps": 6}


@pytest.mark.parametrize("paper_exact", [True, False])
@pytest.mark.parametrize("schedule", EVERY_PEER)
def test_a_run_with_a_peer_counts_compares_and_tells(tmp_path, schedule, paper_exact):
    result, context = run_with(tmp_path, schedule=schedule, paper_exact=paper_exact)
    metrics = result.metrics
    assert 0 < metrics["reused_share"] < 1
    assert metrics["attn_forwards"] == metrics["ff_forwards"] < 160
    assert metrics["reused_share"] == pytest.approx(1 - metrics["attn_forwards"] / 160)
    assert (metrics["nothing_reused"], metrics["identical"]) == (0, 0)
    assert 0 < metrics["relative_l2"] < 1
    assert metrics["cache_memory_mb"] > 0
    assert not [event for event in context.events if event[0] == "warning"]
    steps = [value for _, value in context.curves["reused_cells"]]
    assert sum(steps) / 20 == pytest.approx(metrics["reused_share"])
    name = {
        "taylorseer": "TaylorSeer with interval 2, order 1",
        "first_block": "First-block cache with threshold 0.1",
    }
    assert result.summary.startswith(name.get(schedule, "Cache-dit with threshold 0.1, order 1"))


@pytest.mark.parametrize("schedule", PROBING)
def test_a_peer_that_does_nothing_says_so(tiny, tmp_path, schedule):
    result, context = run_with(tmp_path, **tiny, schedule=schedule, threshold=1e-6, order=0)
    [warning] = [message for level, message, _ in context.events if level == "warning"]
    said = "reused nothing: all 36 forwards of attention and feed-forward were executed"
    assert said in warning
    assert "It reused nothing: every attention and feed-forward was executed." in result.summary
    assert result.metrics["nothing_reused"] == result.metrics["flop_share"] == 1
    assert result.metrics["reused_share"] == 0


def test_batches_that_reuse_differently_are_told(tmp_path):
    """One image a batch: each is decided on alone."""
    settings = {"schedule": "first_block", "threshold": 0.08, "batch_size": 1}
    result, context = run_with(tmp_path, seed=1, **settings, classes=("0", "1"))
    told = [message for _, message, _ in context.events if "decides on each batch" in message]
    assert len(told) == 1
    assert (
        "1 of 2 batches reused other steps than the first, of which the cells are shown" in told[0]
    )
    first = sum(value for _, value in context.curves["reused_cells"]) / 20
    assert result.metrics["reused_share"] == pytest.approx(
        1 - result.metrics["attn_forwards"] / 160
    )
    assert result.metrics["reused_share"] != pytest.approx(first)  # over all batches


@pytest.mark.parametrize("schedule", EVERY_PEER)
def test_a_cancelled_run_leaves_the_model_as_it_was(tiny, tmp_path, schedule):
    model = load_model(tiny["model"], torch.device("cpu"), "float32").transformer
    before, names = sample(model), list(model.state_dict())

    def cancel(done, _total, _message):
        if done >= 9:  # while the peer is on the model
            raise Cancelled

    context = LocalContext(tmp_path, on_progress=cancel)
    with pytest.raises(Cancelled):
        run(SampleConfig(**tiny, classes=("1",), images_per_class=1, schedule=schedule), context)
    assert_no_trace(model, names)
    assert torch.equal(sample(model), before)


@pytest.mark.parametrize("schedule", EVERY_PEER)
def test_a_lost_run_goes_on_with_a_peer(tiny, tmp_path, schedule):
    settings = {**tiny, "schedule": schedule, "threshold": 0.3, "batch_size": 1}
    whole, _ = run_with(tmp_path / "whole", **settings)
    assert 0 < whole.metrics["reused_share"] < 1
    references.clear()

    def lose(done, _total, _message):
        if done > 28:  # in the last of three batches
            raise KeyboardInterrupt

    lost = LocalContext(tmp_path / "lost", on_progress=lose)
    config = SampleConfig(**settings, classes=("0", "3", "7"), images_per_class=1)
    with pytest.raises(KeyboardInterrupt):
        run(config, lost)
    references.clear()
    resumed = LocalContext(tmp_path / "on", resume_state=lost.state)
    result = run(config, resumed)
    assert resumed.steps[0][0] == 24  # two of three batches
    for name in ("relative_l2", "attn_forwards", "reused_share", "cache_memory_mb"):
        assert result.metrics[name] == whole.metrics[name]


@pytest.mark.parametrize("schedule", PEERS)
def test_every_peer_has_a_preset(schedule):
    from methods.caching import SAMPLE

    assert schedule in {preset.values.get("schedule") for preset in SAMPLE.presets.values()}
