"""Loading models, and the few that stay loaded in this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DiTTransformer2DModel
from huggingface_hub import snapshot_download
from torch import Tensor, nn

from methods.base import MethodError
from methods.caching.estimate import DECODE_BATCH
from methods.caching.facts import (
    WORLDS,
    ModelFacts,
    Source,
    locate,
    read_facts,
    weight_files,
    weights_folder,
    weights_hash,
)
from methods.caching.sampler_config import Precision

KEPT = 2
"""Models that stay loaded: the last one, and the one it is compared with."""
HUB_FILES = [
    "model_index.json",
    *(f"{part}/{name}" for part in ("transformer", "vae") for name in ("*.json", "*.safetensors")),
    "scheduler/scheduler_config.json",
]
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
Key = tuple[str, str, str, str, str]


@dataclass
class LoadedModel:
    """A DiT with what turns its latents into pictures.

    Attributes:
        hash: sha256 of the transformer's weights.
        decoder: the VAE; None where the transformer draws pixels.
        colours: (C + 1, 3), a linear guess of the decoder for previews.
        warmed: shapes for which the first, slow forward has been done.
    """

    name: str
    facts: ModelFacts
    hash: str
    transformer: nn.Module
    decoder: Any | None
    colours: Tensor | None
    device: torch.device
    warmed: set[tuple[int, ...]] = field(default_factory=set)

    @torch.no_grad()
    def decode(self, latents: Tensor, tiled: bool = False) -> Tensor:
        """Images (N, 1 or 3, H, W) in [-1, 1], float32, on the CPU, from latents (N, C, h, w).

        Args:
            tiled: decode one image at a time, and one larger than a tile in tiles that overlap by a quarter and are
                blended there (diffusers' own): less memory, and not exactly what the decoder gives as a whole.

        Raises:
            MethodError: the decoder gives infinities or no numbers.
        """
        if self.decoder is None:
            return latents.float().cpu().clamp(-1, 1)
        scaled = latents.to(self.device, torch.float32) / self.decoder.config.scaling_factor
        with _tiling(self.decoder) if tiled else nullcontext():
            batches = scaled.split(1 if tiled else DECODE_BATCH)
            parts = [self.decoder.decode(batch).sample.cpu() for batch in batches]
        images = torch.cat(parts)
        if not images.isfinite().all():
            raise MethodError(
                f"the VAE of {self.name} gives infinities or no numbers; the latents it got reach {float(latents.abs().max()):.3g}"
            )
        return images.clamp(-1, 1)

    def preview(self, latents: Tensor) -> Tensor:
        """A cheap look at latents (N, C, h, w): images (N, 1 or 3, h, w) in [-1, 1] on the CPU."""
        latents = latents.float().cpu()
        if self.colours is None:
            return latents.clamp(-1, 1)
        mapped = torch.einsum("nchw,cd->ndhw", latents, self.colours[:-1])
        return (mapped + self.colours[-1][:, None, None]).clamp(-1, 1)


@contextmanager
def _tiling(decoder: Any) -> Iterator[None]:
    """The decoder works in tiles; afterwards, on errors too, as it did before. It stays loaded for other runs."""
    before = decoder.use_tiling
    decoder.enable_tiling()
    try:
        yield
    finally:
        decoder.use_tiling = before


_kept: OrderedDict[Key, LoadedModel] = OrderedDict()


def load_model(model: str, device: torch.device, precision: Precision) -> LoadedModel:
    """Load a model, or take it from the ones that stay loaded.

    Raises:
        MethodError: there is no such model, it is no DiTPipeline, or its weights do not load.
    """
    source = locate(model)
    folder = source.folder if source.folder is not None else _fetch(source.name)
    facts = read_facts(source, folder)
    weights = weights_folder(source, folder)
    key = (str(folder), weights_hash(weights), str(device), precision, facts.prediction)
    if key not in _kept:
        while len(_kept) >= KEPT:
            _kept.popitem(last=False)
        transformer, decoder = _load(source, folder, device, DTYPES[precision])
        if decoder is not None:
            _check_decoder(decoder, facts, source.name)
        colours = None if decoder is None else _fit_colours(decoder, facts.channels, device)
        _kept[key] = LoadedModel(source.name, facts, key[1], transformer, decoder, colours, device)
    _kept.move_to_end(key)
    return _kept[key]


def forget_models() -> None:
    """Drop every model that stays loaded."""
    _kept.clear()


def _fetch(model: str) -> Path:
    repository, _, revision = model.partition("@")
    try:
        return Path(
            snapshot_download(repository, revision=revision or None, allow_patterns=HUB_FILES)
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise MethodError(f"{model} could not be fetched from the hub: {reason}") from error


def _load(
    source: Source, folder: Path, device: torch.device, dtype: torch.dtype
) -> tuple[nn.Module, Any | None]:
    """The transformer, and the decoder where there is one."""
    if source.kind == "world":
        transformer: nn.Module = WORLDS[source.name].load_transformer(device=device, dtype=dtype)
        return transformer, None
    transformer = _part(DiTTransformer2DModel, folder / "transformer", dtype).to(device)
    return transformer, _part(AutoencoderKL, folder / "vae", torch.float32).to(device)


def _check_decoder(decoder: Any, facts: ModelFacts, name: str) -> None:
    channels = decoder.config.latent_channels
    if channels != facts.channels:
        raise MethodError(
            f"{name}: its VAE has {channels} latent channels, its transformer {facts.channels}"
        )


def _part(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    weight_files(folder)
    try:
        part = kind.from_pretrained(
            folder,
            torch_dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            low_cpu_mem_usage=False,
        )
    except (OSError, ValueError, RuntimeError, NotImplementedError) as error:
        raise MethodError(f"{folder} does not load as {kind.__name__}: {error}") from error
    return part.eval()


@torch.no_grad()
def _fit_colours(decoder: Any, channels: int, device: torch.device) -> Tensor:
    """Least-squares colours (C + 1, 3) of latents, from decoding a smooth random one; the last row is the constant."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn(1, channels, 4, 4, generator=generator)
    latents = nn.functional.interpolate(coarse, scale_factor=4, mode="bilinear")  # (1, C, 16, 16)
    scaled = latents.to(device) / decoder.config.scaling_factor
    image = decoder.decode(scaled).sample.float().cpu()
    image = nn.functional.adaptive_avg_pool2d(image, latents.shape[-1])
    known = latents.flatten(2)[0].T  # (256, C)
    known = torch.cat([known, torch.ones(len(known), 1)], dim=1)
    solution: Tensor = torch.linalg.lstsq(known, image.flatten(2)[0].T).solution
    return solution
