"""Running means of what every module and block gives, over uncached runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from methods.caching.step_cache import dit_blocks


class Recorder:
    """Means over images at each step, on the CPU in float32; no image's own outputs are kept.

    Attributes:
        step: the step of the next forward; whoever samples moves it on.
        images: images in the means so far.
        attn, ff: mean outputs over the conditional rows, (L, S, T, D).
        block: mean block outputs, both halves of the guided batch apart, (L, S, 2 or 1, T, D).
    """

    def __init__(self, layers: int, steps: int, tokens: int, width: int, guided: bool) -> None:
        self.halves = 2 if guided else 1
        self.step = 0
        self.images = 0
        self.attn = torch.zeros(layers, steps, tokens, width)
        self.ff = torch.zeros(layers, steps, tokens, width)
        self.block = torch.zeros(layers, steps, self.halves, tokens, width)
        self._batch = 0

    @contextmanager
    def recording(self, transformer: nn.Module, images: int) -> Iterator[Recorder]:
        """Record one sampling of a batch of so many images."""
        self.step, self._batch = 0, images
        handles = []
        for layer, (block, attn, ff) in enumerate(dit_blocks(transformer)):
            for module, mean in ((attn, self.attn), (ff, self.ff), (block, self.block)):
                handles.append(module.register_forward_hook(self._hook(mean[layer])))
        try:
            yield self
        finally:
            for handle in handles:
                handle.remove()
        self.images += images

    def _hook(self, mean: Tensor) -> Any:
        def update(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            halves = output.detach().reshape(self.halves, self._batch, *output.shape[1:])
            batch = halves.float().mean(dim=1).cpu()  # (2, n, T, D) -> (2, T, D)
            target = mean[self.step]
            value = batch if target.ndim == 3 else batch[0]  # modules: the conditional half
            target += (value - target) * (self._batch / (self.images + self._batch))

        return update

    def state(self) -> dict[str, Any]:
        """A flat state for `Context.checkpoint`."""
        return {"images": self.images, "attn": self.attn, "ff": self.ff, "block": self.block}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.images = state["images"]
        self.attn, self.ff, self.block = state["attn"], state["ff"], state["block"]
