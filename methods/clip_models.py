"""Where a CLIP comes from: the small world, a folder, the hub, or one of open_clip's own models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import open_clip
import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model
from safetensors import SafetensorError

from methods.base import MethodError
from methods.clip_encoder import BATCH_SIZE, ClipEncoder, Precision
from methods.clip_sources import check_folder, locate

HUB_FILES = ("*.json", "*.txt", "*.model", "open_clip_model.safetensors")


def load_clip(
    clip: str = "scenes",
    pretrained: str = "",
    device: str | torch.device = "cpu",
    *,
    precision: Precision = "float32",
    batch_size: int = BATCH_SIZE,
    fixed_batches: bool = False,
) -> ClipEncoder:
    """Load a CLIP.

    Args:
        clip: "scenes" (the small world's), a folder in open_clip's layout (with or without "local-dir:"), a hub id
            "owner/name[@revision]", or the name of one of open_clip's architectures.
        pretrained: for an architecture: which of its published weights, by open_clip's tag, such as "openai", or the
            path of a checkpoint of your own, a safetensors file.
        precision, batch_size, fixed_batches: as `ClipEncoder` has them.

    Raises:
        MethodError: there is no such model or tag, the folder holds no safetensors weights, the weights need another
            activation than the architecture has, or something cannot be fetched.
    """
    source = locate(clip, pretrained)
    folder = _fetched(source.hub) if source.hub else source.folder
    notes: list[str] = []
    if source.checkpoint is not None:
        loaded = _filled(source.architecture, source.checkpoint, device, notes)
    elif folder is not None:
        loaded = _stored(folder, device)
    else:
        loaded = _published(source.architecture, pretrained, device, notes)
    model, preprocess, tokenizer = loaded
    return ClipEncoder(
        source.name,
        model,
        preprocess,
        tokenizer,
        precision=precision,
        batch_size=batch_size,
        fixed_batches=fixed_batches,
        notes=notes,
    )


def _stored(folder: Path, device: str | torch.device) -> tuple[Any, Any, Any]:
    check_folder(folder)
    name = f"local-dir:{folder}"
    try:
        model, _, preprocess = open_clip.create_model_and_transforms(
            name, device=device, require_pretrained=True
        )
        return model, preprocess, open_clip.get_tokenizer(name)
    except (RuntimeError, ValueError, OSError, KeyError, SafetensorError) as error:
        raise MethodError(f"the CLIP in {folder} does not load: {error}") from error


def _fetched(hub_id: str) -> Path:
    name, _, revision = hub_id.partition("@")
    try:
        return Path(
            snapshot_download(name, revision=revision or None, allow_patterns=list(HUB_FILES))
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise MethodError(f"the CLIP {hub_id!r} cannot be fetched from the hub: {error}") from error


def _published(
    architecture: str, tag: str, device: str | torch.device, notes: list[str]
) -> tuple[Any, Any, Any]:
    tags = list_pretrained_tags_by_model(architecture)
    if tag not in tags:
        raise MethodError(
            f"open_clip has no weights {tag!r} of {architecture}; it has: {', '.join(tags) or 'none'}"
        )
    quick = _activation(architecture, tag, notes)
    try:
        model, _, preprocess = open_clip.create_model_and_transforms(
            architecture, tag, device=device, force_quick_gelu=quick
        )
    except (RuntimeError, ValueError, OSError, SafetensorError) as error:
        raise MethodError(f"{architecture} with {tag!r} does not load: {error}") from error
    return model, preprocess, open_clip.get_tokenizer(architecture)


def _filled(
    architecture: str, checkpoint: Path, device: str | torch.device, notes: list[str]
) -> tuple[Any, Any, Any]:
    try:
        model, _, preprocess = open_clip.create_model_and_transforms(
            architecture, str(checkpoint), device=device
        )
    except (RuntimeError, ValueError, OSError, KeyError, SafetensorError) as error:
        raise MethodError(
            f"{checkpoint} is no checkpoint of {architecture} that loads: {error}"
        ) from error
    quick = bool(open_clip.get_model_config(architecture).get("quick_gelu", False))
    notes.append(
        f"{checkpoint.name} does not say its activation: loaded with {'QuickGELU' if quick else 'GELU'}, as {architecture} "
        "has it; OpenAI's weights need an architecture that ends in -quickgelu"
    )
    return model, preprocess, open_clip.get_tokenizer(architecture)


def _activation(architecture: str, tag: str, notes: list[str]) -> bool:
    """Whether QuickGELU has to be asked for: open_clip only warns of the wrong one, and then every cosine is off."""
    needed = bool(get_pretrained_cfg(architecture, tag).get("quick_gelu", False))
    has = bool(open_clip.get_model_config(architecture).get("quick_gelu", False))
    if has and not needed:
        raise MethodError(
            f"the weights {tag!r} were trained with GELU but {architecture} computes QuickGELU: "
            f"take {architecture.removesuffix('-quickgelu')!r}"
        )
    if needed and not has:
        notes.append(
            f"the weights {tag!r} were trained with QuickGELU and {architecture} computes GELU: loaded with QuickGELU"
        )
    return needed
