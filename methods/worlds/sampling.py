"""Plain guided DDIM, for the worlds' own evaluation; the caching family has the full sampler."""

import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch import Tensor

from methods.worlds import Prediction

NUM_TRAIN_TIMESTEPS = 1000
BETA_START, BETA_END = 1e-4, 2e-2


def alphas_cumprod() -> Tensor:
    """Return alpha_bar of the linear schedule, (1000,) float64, falling from about 1 to 0."""
    betas = torch.linspace(BETA_START, BETA_END, NUM_TRAIN_TIMESTEPS, dtype=torch.float64)
    return (1 - betas).cumprod(dim=0)


def noise_of(output: Tensor, x: Tensor, alpha: Tensor | float, prediction: Prediction) -> Tensor:
    """Return the noise that an output means, in the shape of `x`.

    "v_prediction" (Salimans and Ho 2022): v = sqrt(alpha) noise - sqrt(1 - alpha) clean, so that with
    x = sqrt(alpha) clean + sqrt(1 - alpha) noise the noise is sqrt(alpha) v + sqrt(1 - alpha) x.

    Args:
        output, x: (N, C, H, W), the noisy image being `x`.
        alpha: alpha_bar of the timestep, broadcast against them.
    """
    if prediction == "epsilon":
        return output
    return alpha**0.5 * output + (1 - alpha) ** 0.5 * x


@torch.no_grad()
def sample(
    transformer: DiTTransformer2DModel,
    labels: Tensor,
    noise: Tensor,
    num_inference_steps: int,
    guidance_scale: float,
    null_class: int,
    prediction: Prediction = "epsilon",
) -> Tensor:
    """Draw images by DDIM (eta = 0) with classifier-free guidance, in the official DiT's spacing.

    Args:
        labels: classes (N,) int64.
        noise: starting noise (N, C, H, W) in the transformer's dtype.
        num_inference_steps: at least 2; the first is timestep 999 and the last 0.
        null_class: the label that means "any class".
        prediction: what the transformer predicts.
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
        alpha = float(alphas[timestep])
        guided = unconditional + guidance_scale * (conditional - unconditional)
        predicted = noise_of(guided, x, alpha, prediction)
        last = index == len(timesteps) - 1
        previous = 1.0 if last else float(alphas[timesteps[index + 1]])
        clean = (x - (1 - alpha) ** 0.5 * predicted) / alpha**0.5
        x = previous**0.5 * clean + (1 - previous) ** 0.5 * predicted
    return x
