"""The invariants of caching: what must be equal bit for bit, what is executed, and how a cache comes and goes."""

from __future__ import annotations

import pytest
import torch
from diffusers.hooks import TaylorSeerCacheConfig, apply_taylorseer_cache
from diffusers.hooks.hooks import CacheContext, _set_cache_context
from torch import nn

from methods.caching import (
    StepCacheConfig,
    apply_step_cache,
    ddim_sample,
    interval_mask,
    odd_first_half_mask,
    remove_step_cache,
    steps_mask,
)
from tests.caching.conftest import build_dit

SAMPLING = {"num_inference_steps": 20, "guidance_scale": 1.5}


def sample(model, labels, noise, config=None, **settings):
    if config is None:
        return ddim_sample(model, labels, noise, **SAMPLING | settings)
    with apply_step_cache(model, config):
        return ddim_sample(model, labels, noise, **SAMPLING | settings)


def half(**settings):
    return StepCacheConfig(interval_mask(20, 3, 2), **settings)


def test_empty_mask_equals_uncached_sampling(dit, labels, noise):
    config = StepCacheConfig(torch.zeros(20, 3, 2, dtype=torch.bool), correction="goc")
    assert torch.equal(sample(dit, labels, noise, config), sample(dit, labels, noise))


@pytest.mark.parametrize("correction", ["eoc", "goc"])
def test_weight_zero_equals_plain_reuse(dit, labels, noise, prior, correction):
    plain = sample(dit, labels, noise, half())
    config = half(correction=correction, weight=0.0, prior=prior)
    assert torch.equal(sample(dit, labels, noise, config), plain)


@pytest.mark.parametrize("correction", ["eoc", "goc"])
def test_no_positions_equals_plain_reuse(dit, labels, noise, prior, correction):
    plain = sample(dit, labels, noise, half())
    config = half(correction=correction, weight=1.0, positions=(), prior=prior)
    assert torch.equal(sample(dit, labels, noise, config), plain)


def test_every_correction_changes_something(dit, labels, noise, prior):
    plain = sample(dit, labels, noise, half())
    assert not torch.equal(sample(dit, labels, noise, half(correction="goc")), plain)
    assert not torch.equal(sample(dit, labels, noise, half(correction="eoc", prior=prior)), plain)


@pytest.mark.parametrize(
    ("mask", "forwards"),
    [
        (torch.zeros(20, 28, 2, dtype=torch.bool), 560),
        (odd_first_half_mask(20, 28), 420),
        (interval_mask(20, 28, 2), 280),
        (interval_mask(20, 28, 4), 140),
    ],
    ids=["0 %", "25 %", "50 %", "75 %"],
)
def test_executed_forwards_equal_the_table(mask, forwards):
    model = build_dit(layers=28, width=4, size=2)
    calls = {"attn": 0, "ff": 0}

    def count(kind):
        def hook(*_):
            calls[kind] += 1

        return hook

    for block in model.transformer_blocks:
        block.attn1.to_q.register_forward_hook(count("attn"))
        block.ff.net[0].register_forward_hook(count("ff"))
    with apply_step_cache(model, StepCacheConfig(mask)) as cache:
        ddim_sample(model, torch.tensor([1]), torch.randn(1, 4, 2, 2), **SAMPLING)
    assert cache.counts == calls == {"attn": forwards, "ff": forwards}


def router():
    mask = torch.rand(20, 3, 2, generator=torch.Generator().manual_seed(5)) < 0.6
    mask[::2] = False
    return mask


@pytest.mark.parametrize("gate_only", [True, False])
@pytest.mark.parametrize(
    ("mask", "settings"),
    [
        (interval_mask(20, 3, 2), {}),
        (interval_mask(20, 3, 4), {"correction": "eoc", "positions": (5, 6)}),
        (interval_mask(20, 3, 2), {"correction": "goc", "positions": (3, 5, 9)}),
        (router(), {}),
        (router(), {"correction": "goc", "positions": (3, 5, 7), "require_both": True}),
    ],
    ids=["fora", "eoc", "goc", "router", "goc on a router"],
)
def test_cells_tell_what_was_planned_where_all_of_it_happened(
    dit, labels, noise, prior, mask, settings, gate_only
):
    planned = mask.to(torch.int8)
    for step in settings.get("positions", ()):
        whole = mask[step].all(dim=1, keepdim=True) if "require_both" in settings else mask[step]
        planned[step] += (mask[step] & whole).to(torch.int8)
    config = StepCacheConfig(mask, **settings, prior=prior)
    with apply_step_cache(dit, config, gate_only=gate_only) as cache:
        ddim_sample(dit, labels, noise, **SAMPLING)
        assert cache.cells.dtype == torch.int8
        assert torch.equal(cache.cells, planned)
        executed = (cache.cells == 0).sum(dim=(0, 1)).tolist()
        assert executed == [cache.counts["attn"], cache.counts["ff"]]


def test_cells_tell_what_happened_where_the_plan_could_not_be_kept(dit, labels, noise):
    """Step 0 has nothing to reuse, and GOC no direction at step 1."""
    mask = torch.ones(20, 3, 2, dtype=torch.bool)
    with apply_step_cache(dit, StepCacheConfig(mask, correction="goc", weight=0.1)) as cache:
        ddim_sample(dit, labels, noise, **SAMPLING)
        assert cache.cells.flatten(1).unique(dim=1).flatten().tolist() == [0, 1, *[2] * 18]


@torch.no_grad()
def test_cells_are_of_the_last_sampling_as_far_as_it_has_come(dit, labels, noise):
    with apply_step_cache(dit, half()) as cache:
        assert cache.cells.unique().tolist() == [-1]
        loop(dit, labels, noise, range(950, -1, -50))
        loop(dit, labels, noise, [900, 800])
        loop(dit, labels, noise, [700, 600, 500])
        loop(dit, labels[:1], noise[:1], [400])  # another batch: what is kept is of no use to it
        done = cache.cells[:, 0, 0].tolist()
        assert done == [0, 1, 0, 1, 0, 0, *[-1] * 14]
        cache.reset()
        assert cache.cells.unique().tolist() == [-1]


def test_interval_two_equals_taylorseer_of_order_zero(labels, noise):
    model = build_dit()
    ours = sample(model, labels, noise, half())
    apply_taylorseer_cache(
        model,
        TaylorSeerCacheConfig(
            cache_interval=2,
            disable_cache_before_step=1,
            max_order=0,
            taylor_factors_dtype=torch.float32,
            cache_identifiers=[r"transformer_blocks\.\d+\.(attn1|ff)"],
        ),
    )
    assert torch.equal(sample(model, labels, noise), ours)


def test_removing_restores_the_model_bit_for_bit(dit, labels, noise):
    before = sample(dit, labels, noise)
    cache = apply_step_cache(dit, half(correction="goc"))
    sample(dit, labels, noise)
    cache.remove()
    assert torch.equal(sample(dit, labels, noise), before)
    remove_step_cache(dit)  # a second time does nothing
    assert torch.equal(sample(dit, labels, noise), before)


def test_each_sampling_begins_anew(dit, labels, noise):
    with apply_step_cache(dit, half(correction="goc")):
        first = sample(dit, labels, noise)
        sample(dit, labels, noise + 1)
        assert torch.equal(sample(dit, labels, noise), first)


def test_a_sampling_that_broke_off_leaves_nothing_behind(dit, labels, noise):
    def stop(step, _latents):
        if step == 4:
            raise KeyboardInterrupt

    with apply_step_cache(dit, half()):
        first = sample(dit, labels, noise)
        with pytest.raises(KeyboardInterrupt):
            sample(dit, labels, noise + 1, on_step=stop)
        assert torch.equal(sample(dit, labels, noise), first)


@torch.no_grad()
def test_a_foreign_loop_begins_anew_after_a_sampling_that_broke_off(dit, labels, noise):
    """And the reverse: one that names its steps begins anew after a foreign loop."""

    def stop(step, _latents):
        if step == 4:
            raise KeyboardInterrupt

    timesteps = list(range(950, -1, -50))
    with apply_step_cache(dit, half()):
        first = loop(dit, labels, noise, timesteps)
    with apply_step_cache(dit, half()):
        with pytest.raises(KeyboardInterrupt):
            sample(dit, labels, noise + 1, on_step=stop)
        assert torch.equal(loop(dit, labels, noise, timesteps), first)
    with apply_step_cache(dit, half()) as cache:
        loop(dit, labels, noise + 1, timesteps[:2])
        _set_cache_context(dit, CacheContext("inference", step_index=3))  # a reused step
        dit(noise, timestep=torch.full((2,), 800), class_labels=labels)
        _set_cache_context(dit, None)
        assert cache.counts == {"attn": 6, "ff": 6}  # the loop's outputs are not taken for its own


def loop(model, labels, noise, timesteps):
    """Somebody else's sampling loop, which tells the cache nothing."""
    x = noise
    for timestep in timesteps:
        times = torch.full((len(x),), timestep)
        x = x - 0.1 * model(x, timestep=times, class_labels=labels).sample[:, :4]
    return x


@torch.no_grad()
def test_a_foreign_loop_is_counted_and_begins_anew_when_the_timestep_rises(dit, labels, noise):
    timesteps = list(range(950, -1, -50))
    with apply_step_cache(dit, half()) as cache:
        first = loop(dit, labels, noise, timesteps)
        assert cache.counts == {"attn": 30, "ff": 30}
        loop(dit, labels, noise + 1, timesteps[:7])  # broken off
        assert torch.equal(loop(dit, labels, noise, timesteps), first)
    assert not torch.equal(loop(dit, labels, noise, timesteps), first)


@torch.no_grad()
def test_a_longer_sampling_than_the_mask_is_refused(dit, labels, noise):
    with (
        apply_step_cache(dit, half()),
        pytest.raises(ValueError, match="for 20 steps and this sampling has more"),
    ):
        loop(dit, labels, noise, range(999, 0, -30))
    with apply_step_cache(dit, half()), pytest.raises(ValueError, match="this sampling has 10"):
        sample(dit, labels, noise, num_inference_steps=10)


def test_batch_size_and_guidance_may_change_between_samplings(dit, labels, noise):
    alone = sample(dit, labels[:1], noise[:1], half())
    unguided = sample(dit, labels, noise, half(), guidance_scale=1.0)
    with apply_step_cache(dit, half()):
        sample(dit, labels, noise)
        assert torch.equal(sample(dit, labels[:1], noise[:1]), alone)
        assert torch.equal(sample(dit, labels, noise, guidance_scale=1.0), unguided)


@torch.no_grad()
def test_a_batch_that_changes_midway_is_computed_not_mixed(dit, labels, noise):
    with apply_step_cache(dit, StepCacheConfig(steps_mask(20, 3, [1, 2]))) as cache:
        loop(dit, labels, noise, [900])
        loop(dit, labels[:1], noise[:1], [800])
        assert cache.counts["attn"] == 6


@torch.no_grad()
def test_two_guidance_forwards_under_their_names_are_kept_apart(dit, labels, noise):
    def run(pairs):
        out = []
        for step, timestep in enumerate((900, 700, 500, 300)):
            for name, y in pairs:
                _set_cache_context(dit, CacheContext(name, step_index=step))
                out.append(
                    dit(noise + step, timestep=torch.full((2,), timestep), class_labels=y).sample
                )
        return out

    pairs = [("cond", labels), ("uncond", torch.full_like(labels, 10))]
    config = StepCacheConfig(interval_mask(4, 3, 2), correction="goc")
    with apply_step_cache(dit, config):
        both = run(pairs)
    with apply_step_cache(dit, config):
        first = run(pairs[:1])
    with apply_step_cache(dit, config):
        second = run(pairs[1:])
    assert all(torch.equal(a, b) for a, b in zip(both[::2], first, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(both[1::2], second, strict=True))


@pytest.mark.parametrize("correction", ["none", "eoc", "goc"])
def test_a_batch_equals_its_images_one_by_one(dit, labels, noise, prior, correction):
    config = half(correction=correction, prior=prior)
    together = sample(dit, labels, noise, config)
    single = [sample(dit, labels[i : i + 1], noise[i : i + 1], config) for i in range(2)]
    torch.testing.assert_close(together, torch.cat(single), atol=2e-3, rtol=1e-4)


def test_goc_never_corrects_the_first_two_steps(dit, labels, noise):
    mask = steps_mask(20, 3, [1])
    plain = sample(dit, labels, noise, StepCacheConfig(mask))
    corrected = StepCacheConfig(mask, correction="goc", weight=1.2, positions=(0, 1))
    assert torch.equal(sample(dit, labels, noise, corrected), plain)


@pytest.mark.parametrize("correction", ["none", "eoc", "goc"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gate_only_blocks_equal_module_hooks(labels, noise, prior, correction, dtype):
    model = build_dit().to(dtype)
    mask = interval_mask(20, 3, 4)
    mask[5, 1, 0] = mask[6, 2, 1] = False  # a block of which one module is reused
    config = StepCacheConfig(mask, correction=correction, prior=prior)
    results, counts = [], []
    for gate_only in (True, False):
        with apply_step_cache(model, config, gate_only=gate_only) as cache:
            results.append(sample(model, labels, noise))
            counts.append(cache.counts)
    assert torch.equal(*results)
    assert counts[0] == counts[1] == {"attn": 16, "ff": 16}


def test_a_first_step_marked_reused_is_computed(dit, labels, noise):
    mask = interval_mask(20, 3, 2)
    marked = mask.clone()
    marked[0] = True
    with apply_step_cache(dit, StepCacheConfig(marked)) as cache:
        assert torch.equal(sample(dit, labels, noise), sample_of(dit, labels, noise, mask, cache))


def sample_of(model, labels, noise, mask, cache):
    assert cache.counts == {"attn": 30, "ff": 30}
    cache.remove()
    return sample(model, labels, noise, StepCacheConfig(mask))


def test_memory_is_one_value_per_module_and_two_for_goc(dit, labels, noise):
    value = 4 * 4 * 16 * 4  # rows x tokens x width x bytes
    for correction, slots in (("none", 1), ("goc", 2)):
        config = StepCacheConfig(
            steps_mask(20, 3, [1]), correction=correction
        )  # ends with two computed steps
        with apply_step_cache(dit, config) as cache:
            sample(dit, labels, noise)
            assert cache.memory_bytes == slots * 6 * value
        cache.reset()
        assert cache.memory_bytes == 0


class NoDiT(nn.Module):
    pass


def test_what_cannot_be_cached_is_named(dit, prior):
    mask = interval_mask(20, 3, 2)
    with pytest.raises(TypeError, match="needs a DiTTransformer2DModel; NoDiT"):
        apply_step_cache(NoDiT(), StepCacheConfig(mask))
    with pytest.raises(ValueError, match="for 5 blocks; this model has 3"):
        apply_step_cache(dit, StepCacheConfig(interval_mask(20, 5, 2)))
    with apply_step_cache(dit, StepCacheConfig(mask)), pytest.raises(ValueError, match="already"):
        apply_step_cache(dit, StepCacheConfig(mask))
    with pytest.raises(ValueError, match="mask must be bool"):
        StepCacheConfig(mask.float())
    with pytest.raises(ValueError, match="EOC needs a prior"):
        StepCacheConfig(mask, correction="eoc")
    with pytest.raises(ValueError, match="of 3 blocks and 20 steps; got"):
        StepCacheConfig(mask, correction="eoc", prior={"attn": prior["attn"]})
    with pytest.raises(ValueError, match=r"positions \[20\] are outside the steps 0 to 19"):
        StepCacheConfig(mask, correction="goc", positions=[3, 20])
    with pytest.raises(ValueError, match="correction must be"):
        StepCacheConfig(mask, correction="taylor")


@pytest.mark.parametrize("size", [(9, 16), (4, 8)])
def test_a_prior_of_another_size_is_refused_at_once(dit, size):
    prior = {kind: torch.zeros(3, 20, *size) for kind in ("attn", "ff")}
    message = rf"prior is for \({size[0]}, {size[1]}\) \(tokens, width\); this model has \(4, 16\)"
    with pytest.raises(ValueError, match=message):
        apply_step_cache(dit, half(correction="eoc", prior=prior))
    apply_step_cache(dit, half()).remove()  # nothing was left on the model


@pytest.mark.gpu
def test_on_cuda_the_limits_are_equal_to_the_bit(dit, labels, noise, prior):
    model = build_dit().cuda()
    there = labels.cuda(), noise.cuda()
    plain = sample(model, *there)
    assert plain.is_cuda
    never = StepCacheConfig(torch.zeros(20, 3, 2, dtype=torch.bool), correction="goc")
    assert torch.equal(sample(model, *there, never), plain)
    reused = sample(model, *there, half())
    assert not torch.equal(reused, plain)
    for correction in ("eoc", "goc"):
        off = half(correction=correction, weight=0.0, prior=prior)
        assert torch.equal(sample(model, *there, off), reused)
    torch.testing.assert_close(
        reused.cpu(), sample(dit, labels, noise, half()), rtol=1e-3, atol=1e-3
    )


@pytest.mark.gpu
@pytest.mark.parametrize("correction", ["eoc", "goc"])
def test_cuda_corrects_as_the_processor_does(dit, labels, noise, prior, correction):
    config = half(correction=correction, prior=prior)
    found = sample(build_dit().cuda(), labels.cuda(), noise.cuda(), config)
    torch.testing.assert_close(
        found.cpu(), sample(dit, labels, noise, config), rtol=1e-3, atol=1e-3
    )
