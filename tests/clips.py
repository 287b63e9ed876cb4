"""A tiny untrained CLIP in open_clip's own layout."""

from __future__ import annotations

import json
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file

CONFIG = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 16, "patch_size": 8, "layers": 1, "width": 32, "head_width": 16},
    "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


def store_tiny_clip(folder: Path, seed: int = 0, **config: object) -> Path:
    """Write the model; `config` replaces entries of its model_cfg."""
    torch.manual_seed(seed)
    settings = {**CONFIG, **config}
    model = open_clip.CLIP(**settings)
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": settings, "preprocess_cfg": {}})
    )
    return folder
