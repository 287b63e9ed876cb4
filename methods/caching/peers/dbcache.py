"""DBCache by cache-dit, with or without its Taylor calibrator."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack

import cache_dit
from torch import nn

from methods.caching.peers.peer import Applied, PeerConfig

if "CACHE_DIT_LOG_LEVEL" not in os.environ:  # by itself it says ten lines a batch
    logging.getLogger("CACHE_DIT").setLevel(logging.WARNING)


def apply(transformer: nn.Module, config: PeerConfig, undo: ExitStack) -> Applied:
    """Probe with the first block, reuse or forecast what the others add; `undo` takes it off.

    Raises:
        ValueError: cache-dit is on this model already.
    """
    if getattr(transformer, "_is_cached", False):
        raise ValueError("cache-dit is on this model already: call cache_dit.disable_cache first")
    undo.callback(
        _restore, transformer, vars(transformer).get("forward"), dict(_children(transformer))
    )
    undo.callback(cache_dit.disable_cache, transformer)
    settings = cache_dit.DBCacheConfig(
        Fn_compute_blocks=1,
        Bn_compute_blocks=0,
        max_warmup_steps=0,
        residual_diff_threshold=config.threshold,
        num_inference_steps=config.steps,
        enable_separate_cfg=False,  # both halves of the guidance are one forward
    )
    series = cache_dit.TaylorSeerCalibratorConfig(taylorseer_order=config.order)
    cache_dit.enable_cache(
        transformer, cache_config=settings, calibrator_config=series if config.order else None
    )
    # by itself it begins anew one forward too late
    return Applied(lambda: _kept(transformer), lambda: cache_dit.refresh_context(transformer))


def _restore(
    transformer: nn.Module, forward: object, children: dict[str, nn.Module | None]
) -> None:
    """Take back what `disable_cache` leaves: a forward of its own, a mark, another name for a submodule, their order."""
    vars(transformer).pop("_is_patched", None)
    vars(transformer).pop("forward", None)
    if forward is not None:
        vars(transformer)["forward"] = forward
    _children(transformer).clear()
    _children(transformer).update(children)


def _children(transformer: nn.Module) -> dict[str, nn.Module | None]:
    return transformer._modules


def _kept(transformer: nn.Module) -> list[object]:
    """Residuals of the first block, what the others had added, and the differences of the series."""
    manager = getattr(transformer, "_context_manager", None)
    contexts = [] if manager is None else manager._cached_context_manager.values()
    found: list[object] = [context.buffers for context in contexts]
    for context in contexts:
        for state in getattr(context.calibrator, "states", {}).values():
            found.append(state.state)
    return found
