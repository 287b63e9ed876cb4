"""Plain guided DDIM, for the worlds' own evaluation; the caching family has the full sampler."""

import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch import Tensor

NUM_TRAIN_TIMESTEPS = 1000
BETA_START, BETA_END = 1e-4, 2e-2


def alphas_cumprod() -> Tensor:
    """Return alpha_bar of the linear schedule, (1000,) float64, falling from about 1 to 0."""
    betas = torch.linspace(BETA_START, BETA_END, NUM_TRAIN_TIMESTEPS, dtype=torch.float64)
    return (1 - betas).cumprod(dim=0)


@torch.no_grad()
def sample(
    transformer: DiTTransformer2DModel,
    labels: Tensor,
    noise: Tensor,
    num_inference_steps: int,
    guidance_scale: float,
    null_class: int,
) -> Tensor:
    """Draw images by DDIM (eta = 0) with classifier-free guidance, in the official DiT's spacing.

    Args:
        labels: classes (N,) int64.
        noise: starting noise (N, C, H, W) in the transformer's dtype.
        num_inference_steps: at least 2; the first is timestep 999 and the last 0.
        null_class: the label that means "any class".
    Returns:
        Images (N, C, H, W), about [-1, 1], not clamped.
    """
    alphas = alphas_cumprod()
    timesteps = torch.linspace(NUM_TRAIN_TIMESTEPS - 1, 0, num_inference_steps).round().long()
    both = torch.cat([labels, torch.full_like(labels, null_class)])
    x = noise
    for index, timestep in enumerate(timesteps.tolist()):
        times = torch.full_like(both, timestep)
        output = transformer(torch.cat([x, x]), timestep=times, class_labels=both).sample
        conditional, unconditional = output.chunk(2)
        predicted = unconditional + guidance_scale * (conditional - unconditional)
        alpha = float(alphas[timestep])
        last = index == len(timesteps) - 1
        previous = 1.0 if last else float(alphas[timesteps[index + 1]])
        clean = (x - (1 - alpha) ** 0.5 * predicted) / alpha**0.5
        x = previous**0.5 * clean + (1 - previous) ** 0.5 * predicted
    return x
