"""The digits world's sampler: plain guided DDIM, for its own evaluation."""

from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch import Tensor

from methods.worlds.digits import NULL_CLASS
from methods.worlds.sampling import alphas_cumprod, sample

__all__ = ["alphas_cumprod", "sample_digits"]


def sample_digits(
    transformer: DiTTransformer2DModel,
    labels: Tensor,
    noise: Tensor,
    num_inference_steps: int,
    guidance_scale: float,
) -> Tensor:
    """Draw digits (N, 1, 8, 8) from noise of that shape; see `methods.worlds.sampling.sample`."""
    return sample(transformer, labels, noise, num_inference_steps, guidance_scale, NULL_CLASS)
