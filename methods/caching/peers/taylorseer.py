"""TaylorSeer by diffusers, on the attention and feed-forward of a DiT."""

from __future__ import annotations

from contextlib import ExitStack

from diffusers.hooks.hooks import HookRegistry
from diffusers.hooks.taylorseer_cache import (
    _TAYLORSEER_CACHE_HOOK,
    TaylorSeerCacheConfig,
    apply_taylorseer_cache,
)
from torch import nn

from methods.caching.peers.peer import Applied, PeerConfig
from methods.caching.step_cache import dit_blocks

MODULES = r"transformer_blocks\.\d+\.(attn1|ff)"
"""What to forecast, by name; the default matches nothing of a DiT."""
NO_WARM_UP = -1
"""diffusers computes step k where k - 1 - warm-up is a multiple of the interval: with -1, where FORA does."""


def apply(transformer: nn.Module, config: PeerConfig, undo: ExitStack) -> Applied:
    """Forecast every attention and feed-forward between computed steps; `undo` takes it off."""
    registry = HookRegistry.check_if_exists_or_initialize(transformer)
    undo.callback(registry.remove_hook, _TAYLORSEER_CACHE_HOOK, recurse=True)
    settings = TaylorSeerCacheConfig(
        cache_interval=config.interval,
        disable_cache_before_step=NO_WARM_UP,
        max_order=config.order,
        taylor_factors_dtype=next(transformer.parameters()).dtype,
        cache_identifiers=[MODULES],
    )
    apply_taylorseer_cache(transformer, settings)
    return Applied(lambda: _factors(transformer), lambda: None)


def _factors(transformer: nn.Module) -> list[object]:
    """The differences of every module."""
    found: list[object] = []
    for _, *modules in dit_blocks(transformer):
        for module in modules:
            registry = HookRegistry.check_if_exists_or_initialize(module)
            hook = registry.get_hook(_TAYLORSEER_CACHE_HOOK)
            if hook is not None:
                found += [s.taylor_factors for s in hook.state_manager._state_cache.values()]
    return found
