"""Tiny models of the real classes; everything here takes milliseconds on one thread."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, DiTPipeline, DiTTransformer2DModel

torch.set_num_threads(1)

LABELS = {"0": "tench, Tinca tinca", "1": "goldfish", "2": "great white shark, white shark"}
CLASSES = 10


def build_dit(layers=3, width=16, size=4, channels=4, seed=0, classes=CLASSES, **settings):
    """An untrained DiT in eval mode, with its time embedding and norms as the official code has them unless told."""
    torch.manual_seed(seed)
    return DiTTransformer2DModel(
        num_attention_heads=2,
        attention_head_dim=width // 2,
        in_channels=channels,
        out_channels=2 * channels,
        num_layers=layers,
        sample_size=size,
        patch_size=2,
        num_embeds_ada_norm=classes,
        **settings,
    ).eval()


@pytest.fixture(scope="module")
def dit():
    return build_dit()


@pytest.fixture
def noise():
    return torch.randn(2, 4, 4, 4, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def labels():
    return torch.tensor([3, 7])


@pytest.fixture
def prior(dit):
    """Random averaged features of the tiny DiT over 20 steps."""
    generator = torch.Generator().manual_seed(2)
    return {kind: torch.randn(3, 20, 4, 16, generator=generator) for kind in ("attn", "ff")}


def save_pipeline(folder: Path, transformer=None) -> Path:
    """Save a tiny random DiTPipeline in the real layout, class names in its model_index.json as on the hub."""
    torch.manual_seed(0)
    blocks = {
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "up_block_types": ("UpDecoderBlock2D",) * 2,
    }
    vae = AutoencoderKL(
        block_out_channels=(8, 8), latent_channels=4, norm_num_groups=4, sample_size=8, **blocks
    )
    scheduler = DDIMScheduler(beta_schedule="linear", clip_sample=False)
    DiTPipeline(transformer or build_dit(), vae, scheduler).save_pretrained(folder)
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "id2label": LABELS}))
    return folder


@pytest.fixture(scope="session")
def pipeline_folder(tmp_path_factory):
    return save_pipeline(tmp_path_factory.mktemp("pipeline"))
