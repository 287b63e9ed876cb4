"""Learning-to-Cache: a trained router says which modules are reused at every second step.

Paper: Ma et al., "Learning-to-Cache: Accelerating Diffusion Transformer via Layer Caching", NeurIPS 2024, arXiv:2406.01733.
A router holds 2L logits per DDIM index i (i ascends with the timestep, so sampling step k is i = S-1-k): entry 2l is the
attention of block l, entry 2l+1 its feed-forward.
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from methods.caching.headers import format_of, router_shape


def router_mask(logits: Tensor, threshold: float) -> Tensor:
    """Reuse, at odd sampling steps, the modules whose score does not exceed the threshold.

        reused(k, l, m) = k odd and sigmoid(logits[S-1-k, 2l+m]) <= threshold

    Args:
        logits: the router, (S, 2L).
        threshold: 0..1; the authors use .1 at 256 pixels, .9 at 512.
    Returns:
        Mask (S, L, 2), True = reused.

    Raises:
        ValueError: the logits are not (S, 2L), or the threshold is outside 0..1.
    """
    if logits.ndim != 2 or logits.shape[1] % 2 or not logits.numel():
        raise ValueError(f"a router is (steps, 2 x blocks); got {tuple(logits.shape)}")
    if not 0 <= threshold <= 1:
        raise ValueError(f"the threshold must be from 0 to 1; got {threshold}")
    steps = len(logits)
    scores = logits.flip(0).sigmoid().reshape(steps, -1, 2)  # (S, L, 2) in sampling order
    odd = torch.arange(steps, device=logits.device) % 2 == 1
    return (scores <= threshold) & odd[:, None, None]


def load_router(path: Path) -> Tensor:
    """Read a router: the authors' .pt, or safetensors with "logits" (S, 2L) or one "{i}.prob" (2L,) for each index.

    The format is told by the content, since a stored file has no suffix. The authors' file pickles an
    `argparse.Namespace` beside the logits: that class alone is let through.

    Returns:
        Logits (S, 2L), float32, on the CPU; row i is DDIM index i.

    Raises:
        ValueError: another kind of file, Python objects that are not let through, or no router inside.
    """
    kind = format_of(path)
    if kind not in ("safetensors file", "torch archive"):
        raise ValueError(
            f"{path.name} is refused as a router: a {kind}, not a torch archive or safetensors"
        )
    content = _load_safetensors(path) if kind == "safetensors file" else _load_authors(path)
    shapes = {name: tuple(tensor.shape) for name, tensor in content.items()}
    steps, _ = router_shape(shapes, path.name)
    if "logits" in content:
        logits = content["logits"]
    else:
        logits = torch.stack([content[f"{index}.prob"] for index in range(steps)])
    if not logits.isfinite().all():
        raise ValueError(f"{path.name}: the logits of a router are finite; these are not")
    return logits.float()


def _load_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        content: dict[str, Tensor] = load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path.name} is no safetensors file: {error}") from error
    return content


def _load_authors(path: Path) -> dict[str, Tensor]:
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(
            f"{path.name} is refused: not a router file, or it pickles objects other than tensors"
        ) from error
    routers = content.get("routers") if isinstance(content, dict) else None
    if not isinstance(routers, dict) or not all(isinstance(v, Tensor) for v in routers.values()):
        raise ValueError(f"{path.name} holds no router: expected tensors under 'routers'")
    return routers
