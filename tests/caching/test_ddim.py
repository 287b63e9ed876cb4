"""The sampler: closed forms, the four places where diffusers differs from the papers' code, and what it leaves behind."""

from __future__ import annotations

import json

import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, DiTPipeline

from methods.caching import ddim_sample, ddim_timesteps
from methods.caching.ddim import alphas_cumprod, ddim_schedule, ddim_step, guide
from tests.caching.conftest import build_dit
from tests.caching.slow_loop import SlowCache, slow_sample

OFFICIAL = [
    0,
    53,
    105,
    158,
    210,
    263,
    315,
    368,
    421,
    473,
    526,
    578,
    631,
    684,
    736,
    789,
    841,
    894,
    946,
    999,
]
SAMPLING = {"num_inference_steps": 20, "guidance_scale": 1.5}


def test_timesteps_are_the_published_list():
    assert ddim_timesteps(20) == OFFICIAL[::-1]
    assert ddim_timesteps(1000) == list(range(999, -1, -1))
    assert ddim_timesteps(2) == [999, 0]


@pytest.mark.parametrize("steps", [0, 1, 1001])
def test_steps_out_of_range_are_refused(steps):
    with pytest.raises(ValueError, match=f"steps must be from 2 to 1000; got {steps}"):
        ddim_timesteps(steps)


def test_a_step_keeps_the_clean_image_of_the_closed_form():
    """With x = sqrt(a) x0 + sqrt(1-a) e and the true e, the next x is sqrt(b) x0 + sqrt(1-b) e."""
    clean, eps = torch.randn(2, 5, dtype=torch.float64)
    x = 0.3**0.5 * clean + 0.7**0.5 * eps
    torch.testing.assert_close(ddim_step(x, eps, 0.3, 0.8), 0.8**0.5 * clean + 0.2**0.5 * eps)
    torch.testing.assert_close(ddim_step(x, eps, 0.3, 1.0), clean)


def test_noise_levels_are_of_the_next_listed_timestep():
    alphas = alphas_cumprod()
    assert float(alphas[0]) == pytest.approx(1 - 1e-4)
    _, step = ddim_schedule(20, paper_exact=True)
    x, eps = torch.randn(2, 1, 1, 1, 1, dtype=torch.float64)
    torch.testing.assert_close(
        step(0, x, eps), ddim_step(x, eps, float(alphas[999]), float(alphas[946]))
    )
    torch.testing.assert_close(step(19, x, eps), ddim_step(x, eps, float(alphas[0]), 1.0))


def test_guidance_beyond_its_channels_takes_the_conditional_prediction():
    output = torch.arange(2 * 8.0).reshape(2, 8, 1, 1)  # conditional 0..7, null 8..15
    noise_pred = guide(output, in_channels=4, guidance_scale=1.5, channels=3)
    assert noise_pred.flatten().tolist() == [8 - 12, 9 - 12, 10 - 12, 3]


def test_one_forward_on_conditional_and_null_rows(dit, labels, noise):
    seen = []
    handle = dit.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append((args, kwargs)), with_kwargs=True
    )
    ddim_sample(dit, labels, noise, **SAMPLING)
    handle.remove()
    assert len(seen) == 20
    (rows,), settings = seen[0]
    assert torch.equal(rows, torch.cat([noise, noise]))
    assert settings["class_labels"].tolist() == [3, 7, 10, 10]
    assert settings["timestep"].tolist() == [999] * 4


def test_guidance_one_needs_no_null_rows(dit, labels, noise):
    seen = []
    handle = dit.register_forward_pre_hook(lambda _, args: seen.append(len(args[0])))
    unguided = ddim_sample(dit, labels, noise, num_inference_steps=5, guidance_scale=1.0)
    handle.remove()
    assert seen == [2] * 5
    almost = ddim_sample(dit, labels, noise, num_inference_steps=5, guidance_scale=1.0 + 1e-12)
    torch.testing.assert_close(unguided, almost, rtol=1e-4, atol=1e-3)


def test_paper_exact_uses_the_official_time_embedding(labels, noise):
    """diffusers' own frequencies are i/127: the slow loop has i/128, and only the exact sampler agrees with it."""
    model = build_dit(norm_eps=1e-6)
    path = slow_sample(
        model, labels, noise, 20, 1.5, SlowCache(torch.zeros(20, 3, 2, dtype=torch.bool))
    )
    exact = ddim_sample(model, labels, noise, **SAMPLING)
    assert (exact - path[-1]).norm() / path[-1].norm() < 1e-6
    assert (model_with_shift(model, labels, noise) - path[-1]).norm() / path[-1].norm() > 1e-3


def model_with_shift(model, labels, noise):
    seen = []

    def keep(block, _args):
        seen.append(block.norm1.emb.time_proj.downscale_freq_shift)
        for each in model.transformer_blocks:
            each.norm1.emb.time_proj.downscale_freq_shift = 1

    handle = model.transformer_blocks[0].register_forward_pre_hook(keep)
    result = ddim_sample(model, labels, noise, **SAMPLING)
    handle.remove()
    assert seen[0] == 0
    return result


def test_paper_exact_uses_the_official_norm_epsilon(labels, noise):
    seen = []
    model = build_dit(norm_eps=1e-2)
    norm = model.transformer_blocks[0].norm3
    norm.register_forward_pre_hook(lambda module, _: seen.append(module.eps))
    for exact in (True, False):
        ddim_sample(
            model, labels, noise, num_inference_steps=2, guidance_scale=1.5, paper_exact=exact
        )
    assert seen == [1e-6, 1e-6, 1e-2, 1e-2]
    a, b = build_dit(norm_eps=1e-6), build_dit(norm_eps=1e-2)
    assert torch.equal(
        ddim_sample(a, labels, noise, **SAMPLING), ddim_sample(b, labels, noise, **SAMPLING)
    )
    settings = SAMPLING | {"paper_exact": False}
    assert not torch.equal(
        ddim_sample(a, labels, noise, **settings), ddim_sample(b, labels, noise, **settings)
    )


def test_paper_exact_guides_three_channels_and_else_all(dit, labels, noise):
    three = ddim_sample(dit, labels, noise, **SAMPLING)
    four = ddim_sample(dit, labels, noise, **SAMPLING, guidance_channels=4)
    assert not torch.equal(three, four)
    inexact = ddim_sample(dit, labels, noise, **SAMPLING, paper_exact=False)
    assert torch.equal(
        inexact, ddim_sample(dit, labels, noise, **SAMPLING, paper_exact=False, guidance_channels=4)
    )


def test_inexact_timesteps_are_diffusers_own():
    timesteps, _ = ddim_schedule(20, paper_exact=False)
    assert timesteps == list(range(950, -1, -50))


def test_inexact_sampling_equals_the_diffusers_pipeline():
    """The pipeline hard-codes null class 1000 and draws its own noise; latents are compared through its decoder."""
    model = build_dit(classes=1000)
    torch.manual_seed(0)
    vae = AutoencoderKL(
        block_out_channels=(4,), latent_channels=4, norm_num_groups=2, sample_size=4
    ).eval()
    scheduler = DDIMScheduler(beta_schedule="linear", clip_sample=False)
    pipeline = DiTPipeline(model, vae, scheduler)
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        [207, 360], guidance_scale=4.0, num_inference_steps=10,
        generator=torch.Generator().manual_seed(3), output_type="pt",
    ).images  # fmt: skip
    noise = torch.randn(2, 4, 4, 4, generator=torch.Generator().manual_seed(3))
    ours = ddim_sample(
        model,
        torch.tensor([207, 360]),
        noise,
        num_inference_steps=10,
        guidance_scale=4.0,
        paper_exact=False,
    )
    with torch.no_grad():
        decoded = vae.decode(ours / vae.config.scaling_factor).sample
    torch.testing.assert_close((decoded / 2 + 0.5).clamp(0, 1), theirs, atol=1e-4, rtol=1e-4)


def settings_of(model):
    return [
        (block.norm1.emb.time_proj.downscale_freq_shift, block.norm3.eps, block.training)
        for block in model.transformer_blocks
    ]


def test_everything_is_restored_also_after_an_error(labels, noise):
    model = build_dit().train()
    model.transformer_blocks[1].norm1.emb.time_proj.downscale_freq_shift = 0.5
    model.transformer_blocks[2].eval()
    before = settings_of(model)
    ddim_sample(model, labels, noise, **SAMPLING)
    assert settings_of(model) == before

    def fail(_step, _latents):
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        ddim_sample(model, labels, noise, **SAMPLING, on_step=fail)
    assert settings_of(model) == before


def test_a_model_in_training_mode_samples_without_label_dropout(labels, noise):
    model = build_dit()
    expected = ddim_sample(model, labels, noise, **SAMPLING)
    assert torch.equal(ddim_sample(model.train(), labels, noise, **SAMPLING), expected)


def test_on_step_sees_every_step_and_the_last_is_the_result(dit, labels, noise):
    seen = []
    result = ddim_sample(
        dit, labels, noise, **SAMPLING, on_step=lambda step, x: seen.append((step, x))
    )
    assert [step for step, _ in seen] == list(range(20))
    assert torch.equal(seen[-1][1], result)


def test_half_precision_returns_what_it_was_given(labels, noise):
    model = build_dit().to(torch.bfloat16)
    assert ddim_sample(model, labels, noise.bfloat16(), **SAMPLING).dtype == torch.bfloat16
    assert ddim_sample(model, labels, noise, **SAMPLING).dtype == torch.float32


def test_wrong_inputs_are_named(dit, labels, noise):
    with pytest.raises(ValueError, match=r"expected labels \(N,\)"):
        ddim_sample(dit, labels[:1], noise, **SAMPLING)
    with pytest.raises(ValueError, match="class labels must be from 0 to 9"):
        ddim_sample(dit, torch.tensor([0, 11]), noise, **SAMPLING)


def test_the_saved_pipeline_names_its_classes(pipeline_folder):
    assert (
        json.loads((pipeline_folder / "model_index.json").read_text())["id2label"]["1"]
        == "goldfish"
    )


def test_a_model_that_predicts_v_samples_what_its_noise_would(labels, noise):
    """The same model, its output turned into v by a hook, told as what it then is."""
    model = build_dit()
    alphas = alphas_cumprod()
    expected = ddim_sample(model, labels, noise, **SAMPLING)

    def as_v(_module, args, settings, output):
        x, eps = args[0].double(), output[0].double()
        alpha = float(alphas[int(settings["timestep"][0])])
        v = (eps[:, :4] - (1 - alpha) ** 0.5 * x) / alpha**0.5
        return (torch.cat([v, eps[:, 4:]], dim=1),)

    model.register_forward_hook(as_v, with_kwargs=True)
    told = ddim_sample(model, labels, noise, **SAMPLING, prediction_type="v_prediction")
    assert (told - expected).norm() / expected.norm() < 1e-4
    untold = ddim_sample(model, labels, noise, **SAMPLING)
    assert not (untold - expected).norm() / expected.norm() < 1e-2
