"""First-block cache by diffusers."""

from __future__ import annotations

from contextlib import ExitStack

from diffusers.hooks.first_block_cache import (
    _FBC_BLOCK_HOOK,
    _FBC_LEADER_BLOCK_HOOK,
    FirstBlockCacheConfig,
    apply_first_block_cache,
)
from diffusers.hooks.hooks import HookRegistry
from torch import nn

from methods.caching.peers.peer import Applied, PeerConfig
from methods.caching.step_cache import dit_blocks


def apply(transformer: nn.Module, config: PeerConfig, undo: ExitStack) -> Applied:
    """Reuse all blocks but the first while its residual stays within the threshold; `undo` takes it off."""
    registry = HookRegistry.check_if_exists_or_initialize(transformer)
    for name in (_FBC_LEADER_BLOCK_HOOK, _FBC_BLOCK_HOOK):
        undo.callback(registry.remove_hook, name, recurse=True)
    apply_first_block_cache(transformer, FirstBlockCacheConfig(threshold=config.threshold))
    return Applied(lambda: _kept(transformer), lambda: None)


def _kept(transformer: nn.Module) -> list[object]:
    """The first block's output and residual, and what the others had added; all blocks share one state."""
    first = HookRegistry.check_if_exists_or_initialize(dit_blocks(transformer)[0][0])
    hook = first.get_hook(_FBC_LEADER_BLOCK_HOOK)
    states = [] if hook is None else hook.state_manager._state_cache.values()
    return [(s.head_block_output, s.head_block_residual, s.tail_block_residuals) for s in states]
