"""Small pixel-space diffusion transformers: initial weights, loading, storing.

Every world's transformer is a real diffusers `DiTTransformer2DModel`; what the class leaves to its
user is done here once: the zeros of adaLN-zero, the official time embedding, float16 storage.
"""

from pathlib import Path

import torch
from diffusers.models.embeddings import CombinedTimestepLabelEmbeddings
from diffusers.models.normalization import AdaLayerNormZero
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch import nn

HEAD_SIZE = 32


def build_dit(
    *,
    channels: int,
    image_size: int,
    patch_size: int,
    num_classes: int,
    width: int,
    num_layers: int,
    dropout: float = 0.0,
) -> DiTTransformer2DModel:
    """Return an untrained transformer, for noise or v; at first it predicts zeros.

    Args:
        channels, image_size: it takes noisy images (B, channels, image_size, image_size).
        num_classes: labels run from 0 to `num_classes`, the last being the null class.
        width: hidden size, a multiple of 32, the size of one head.
        dropout: probability inside the blocks while training; it holds no weights.
    """
    transformer: DiTTransformer2DModel = DiTTransformer2DModel(
        num_attention_heads=width // HEAD_SIZE,
        attention_head_dim=HEAD_SIZE,
        in_channels=channels,
        out_channels=channels,
        num_layers=num_layers,
        dropout=dropout,
        sample_size=image_size,
        patch_size=patch_size,
        num_embeds_ada_norm=num_classes,
        norm_eps=1e-6,  # the official DiT's value; diffusers' default is 1e-5
    )
    _start_as_identity(transformer)
    use_official_time_embedding(transformer)
    return transformer


def load_dit(folder: Path, device: torch.device | str, dtype: torch.dtype) -> DiTTransformer2DModel:
    """Return a stored transformer in eval mode.

    Raises:
        OSError: `folder` holds no diffusers model.
    """
    transformer: DiTTransformer2DModel = DiTTransformer2DModel.from_pretrained(
        folder, torch_dtype=dtype
    )
    use_official_time_embedding(transformer)
    module: nn.Module = transformer  # the `to` of diffusers' own class is typed wrongly
    module.to(device).eval()
    return transformer


def store_dit(
    transformer: DiTTransformer2DModel, empty: DiTTransformer2DModel, folder: Path
) -> None:
    """Write weights in float16, in diffusers' own layout; the transformer is not changed.

    Args:
        transformer: the trained one.
        empty: one of the same sizes, which receives the weights, with the configuration to store.
    """
    empty.load_state_dict(transformer.state_dict())
    module: nn.Module = empty
    module.to(torch.float16)
    empty.save_pretrained(folder)


def embedders(transformer: nn.Module) -> list[CombinedTimestepLabelEmbeddings]:
    """Return the embedders of timestep and label: diffusers gives each block one of its own."""
    modules = transformer.modules()
    return [module for module in modules if isinstance(module, CombinedTimestepLabelEmbeddings)]


def use_official_time_embedding(transformer: nn.Module) -> None:
    """Use the frequencies 10000^(-i/128) of the official DiT, in place.

    diffusers spreads them over i/127 and doesn't store the choice in the configuration, so that it
    has to be made again after each load. These weights were trained with the official form.
    """
    for embedder in embedders(transformer):
        embedder.time_proj.downscale_freq_shift = 0


def _start_as_identity(transformer: DiTTransformer2DModel) -> None:
    """Zero what adaLN-zero and the DiT paper want zeroed; the diffusers class does not do it."""
    norms = [module for module in transformer.modules() if isinstance(module, AdaLayerNormZero)]
    layers = [*(norm.linear for norm in norms), transformer.proj_out_1, transformer.proj_out_2]
    for layer in layers:
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
