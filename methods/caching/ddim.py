"""Deterministic DDIM sampling of a class-conditional DiT, as the caching papers' code does it.

diffusers differs from that code in four places; `paper_exact` is about all of them:

1. time embedding: frequencies exp(-ln(1e4) i/128) there, i/127 in diffusers (`downscale_freq_shift`);
2. guidance: the first 3 latent channels there, all of them in diffusers;
3. timesteps: 999 to 0 evenly with alpha_bar of the next *listed* timestep there, "leading" spacing in diffusers;
4. epsilon of the second LayerNorm: 1e-6 there, the configuration's `norm_eps` (1e-5 unless set) in diffusers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from diffusers import DDIMScheduler
from diffusers.hooks.hooks import CacheContext, HookRegistry, _set_cache_context
from torch import Tensor, nn

from methods.worlds import Prediction
from methods.worlds.sampling import BETA_END, BETA_START, alphas_cumprod, noise_of

TRAIN_TIMESTEPS = 1000
OFFICIAL_NORM_EPS = 1e-6
OnStep = Callable[[int, Tensor], None]


def ddim_timesteps(num_inference_steps: int) -> list[int]:
    """The authors' timesteps, round(999 i / (S-1)), noisiest first.

    Raises:
        ValueError: S is outside 2..1000.
    """
    if not 2 <= num_inference_steps <= TRAIN_TIMESTEPS:
        raise ValueError(f"steps must be from 2 to {TRAIN_TIMESTEPS}; got {num_inference_steps}")
    last = num_inference_steps - 1
    return [round((TRAIN_TIMESTEPS - 1) * i / last) for i in range(last, -1, -1)]


def ddim_step(x: Tensor, noise_pred: Tensor, alpha: float, alpha_next: float) -> Tensor:
    """One DDIM step with eta = 0.

    x0 = (x - sqrt(1 - alpha) eps) / sqrt(alpha);  x <- sqrt(alpha_next) x0 + sqrt(1 - alpha_next) eps
    """
    noise, signal = math.sqrt(1 - alpha), math.sqrt(alpha)
    clean = (x - noise * noise_pred) / signal
    return math.sqrt(alpha_next) * clean + math.sqrt(1 - alpha_next) * noise_pred


def guide(output: Tensor, in_channels: int, guidance_scale: float, channels: int) -> Tensor:
    """Classifier-free guidance of one forward on [conditional; null].

    Args:
        output: the model's output, (2N, C or 2C, H, W); a learned-sigma half is left out.
        in_channels: C.
        channels: how many of the C are guided; the others take the conditional prediction.
    Returns:
        Guided prediction, (N, C, H, W).
    """
    conditional, null = output[:, :in_channels].chunk(2)
    guided = null + guidance_scale * (conditional - null)
    return torch.cat([guided[:, :channels], conditional[:, channels:]], dim=1)


@torch.no_grad()
def ddim_sample(
    transformer: nn.Module,
    class_labels: Tensor,
    latents: Tensor,
    *,
    num_inference_steps: int,
    guidance_scale: float,
    guidance_channels: int = 3,
    paper_exact: bool = True,
    prediction_type: Prediction = "epsilon",
    on_step: OnStep | None = None,
) -> Tensor:
    """Sample latents; one forward on [conditional; null] a step, only [conditional] where guidance_scale is 1.

    The model is in eval mode during the call, its step cache and diffusers' own cache hooks begin anew, and all that
    the call sets on it is restored at the end, on errors too. In half precision the latents are kept in float32
    between forwards.

    Args:
        transformer: a `DiTTransformer2DModel`; its null class is `num_embeds_ada_norm`.
        class_labels: (N,) int64.
        latents: initial noise (N, C, H, W).
        guidance_channels: channels that are guided; the others take the conditional prediction.
        paper_exact: the authors' sampling (see this module); False is what diffusers' `DDIMScheduler` and `DiTPipeline`
            would do, which guide every channel.
        prediction_type: what the model's output stands for, as its scheduler's configuration says; DiT-XL/2 predicts
            the noise, "epsilon".
        on_step: called after each step k with (k, latents).
    Returns:
        Latents (N, C, H, W), in the dtype that was given.

    Raises:
        ValueError: labels and latents do not match, a label or the number of steps is out of range.
    """
    config = cast(Any, transformer).config
    null = int(config.num_embeds_ada_norm)
    _check_inputs(class_labels, latents, null)
    guided = guidance_scale != 1
    labels = class_labels.to(latents.device)
    if guided:
        labels = torch.cat([labels, torch.full_like(labels, null)])
    channels = guidance_channels if paper_exact else latents.shape[1]
    x = latents.to(torch.promote_types(latents.dtype, torch.float32))
    timesteps, step = ddim_schedule(num_inference_steps, paper_exact)
    alphas = alphas_cumprod()
    dtype = next(transformer.parameters()).dtype
    with _sampling(transformer, paper_exact):
        for index, timestep in enumerate(timesteps):
            context = CacheContext("inference", index, num_inference_steps, timestep)
            _set_cache_context(transformer, context)
            rows = torch.cat([x, x]) if guided else x
            output = transformer(
                rows.to(dtype),
                timestep=torch.full_like(labels, timestep),
                class_labels=labels,
                return_dict=False,
            )[0].to(x.dtype)
            if guided:
                output = guide(output, x.shape[1], guidance_scale, channels)
            else:
                output = output[:, : x.shape[1]]
            noise_pred = noise_of(output, x, float(alphas[timestep]), prediction_type)
            x = step(index, x, noise_pred)
            if on_step is not None:
                on_step(index, x)
    return x.to(latents.dtype)


def _check_inputs(class_labels: Tensor, latents: Tensor, null: int) -> None:
    if latents.ndim != 4 or class_labels.shape != latents.shape[:1]:
        raise ValueError(
            f"expected labels (N,) and latents (N, C, H, W); got {tuple(class_labels.shape)} and {tuple(latents.shape)}"
        )
    if class_labels.numel() and not 0 <= int(class_labels.min()) <= int(class_labels.max()) <= null:
        raise ValueError(f"class labels must be from 0 to {null - 1} ({null} is the null class)")


def ddim_schedule(
    num_inference_steps: int, paper_exact: bool
) -> tuple[list[int], Callable[[int, Tensor, Tensor], Tensor]]:
    """Timesteps, noisiest first, and the function (k, x, noise_pred) -> next x."""
    timesteps = ddim_timesteps(num_inference_steps)
    if not paper_exact:
        scheduler: Any = DDIMScheduler(
            num_train_timesteps=TRAIN_TIMESTEPS,
            beta_start=BETA_START,
            beta_end=BETA_END,
            beta_schedule="linear",
            clip_sample=False,
        )
        scheduler.set_timesteps(num_inference_steps)
        timesteps = scheduler.timesteps.tolist()
        return timesteps, lambda k, x, eps: scheduler.step(eps, timesteps[k], x).prev_sample
    alphas = [*alphas_cumprod()[timesteps].tolist(), 1.0]
    return timesteps, lambda k, x, eps: ddim_step(x, eps, alphas[k], alphas[k + 1])


@contextmanager
def _sampling(transformer: nn.Module, paper_exact: bool) -> Iterator[None]:
    """Eval mode, fresh caches and, for `paper_exact`, the official blocks; everything restored at the end."""
    blocks: list[Any] = list(cast(Any, transformer).transformer_blocks) if paper_exact else []
    modes = [(module, module.training) for module in transformer.modules()]
    shifts = [block.norm1.emb.time_proj.downscale_freq_shift for block in blocks]
    epsilons = [block.norm3.eps for block in blocks]
    HookRegistry.check_if_exists_or_initialize(transformer).reset_stateful_hooks(recurse=True)
    try:
        transformer.eval()
        for block in blocks:
            block.norm1.emb.time_proj.downscale_freq_shift = 0
            block.norm3.eps = OFFICIAL_NORM_EPS
        yield
    finally:
        for block, shift, epsilon in zip(blocks, shifts, epsilons, strict=True):
            block.norm1.emb.time_proj.downscale_freq_shift = shift
            block.norm3.eps = epsilon
        for module, training in modes:
            module.training = training
        _set_cache_context(transformer, None)
