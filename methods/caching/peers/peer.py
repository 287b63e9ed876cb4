"""Putting a peer on a DiT, counting what it really executes, and taking it off without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, NamedTuple

import torch
from diffusers.hooks.hooks import HookRegistry, ModelHook
from torch import Tensor, nn

from methods.caching.hooks import RootHook
from methods.caching.peers import CACHE_DIT_INSTALL, has_cache_dit
from methods.caching.step_cache import KINDS, ROOT_HOOK, dit_blocks

Name = Literal["taylorseer", "first_block", "cache_dit"]
PEER_HOOK = "peer_root"
EXECUTED_HOOK = "peer_executed"
NOT_REACHED, COMPUTED, REUSED = -1, 0, 1
MODULES = {"taylorseer": "taylorseer", "first_block": "first_block", "cache_dit": "dbcache"}


@dataclass(frozen=True)
class PeerConfig:
    """Which peer, and its settings; each peer reads its own.

    Attributes:
        name: "taylorseer", "first_block" or "cache_dit".
        steps: S of the samplings to come.
        interval: TaylorSeer: steps from one computed step to the next; 1 computes everything.
        order: TaylorSeer and cache-dit: order of the Taylor series; 0 reuses as it is.
        threshold: first-block cache and cache-dit: relative change of the first block's residual up to which the other
            blocks are reused.
    """

    name: Name
    steps: int
    interval: int = 2
    order: int = 1
    threshold: float = 0.1

    def __post_init__(self) -> None:
        if self.name not in MODULES:
            raise ValueError(f"the peers are {', '.join(MODULES)}; got {self.name!r}")
        for field, least in (("steps", 1), ("interval", 1), ("order", 0), ("threshold", 0)):
            if getattr(self, field) < least:
                raise ValueError(f"{field} must be at least {least}; got {getattr(self, field)}")


class Applied(NamedTuple):
    """What a peer gives back when it is on a model.

    Attributes:
        kept: everything it holds now, tensors in containers.
        restart: forgets it, where resetting diffusers' hooks does not reach it.
    """

    kept: Callable[[], object]
    restart: Callable[[], None]


class PeerRoot(RootHook):
    """On the whole model: knows the step of each forward, and takes down which modules were executed in it."""

    def __init__(self, steps: int, layers: int) -> None:
        super().__init__(steps, cells=0, depth=1)
        self.restart: Callable[[], None] = lambda: None
        self.counts = dict.fromkeys(KINDS, 0)
        self.rows = [[NOT_REACHED] * (2 * layers) for _ in range(steps)]

    def pre_forward(
        self, module: nn.Module, *args: Any, **kwargs: Any
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        given = super().pre_forward(module, *args, **kwargs)
        if self.state is not None:  # always; for the type checker
            if self.state.step == 0:
                self._clear()
            self.rows[self.state.step] = [REUSED] * len(self.rows[0])
        return given

    def executed(self, cell: int) -> None:
        """A module, number 2 l + (0 attention, 1 feed-forward), has run."""
        if self.state is not None:  # None: it is called outside the model
            self.counts[KINDS[cell % 2]] += 1
            self.rows[self.state.step][cell] = COMPUTED

    def reset_state(self, module: nn.Module) -> nn.Module:
        self.restart()
        return super().reset_state(module)

    def _clear(self) -> None:
        self.rows = [[NOT_REACHED] * len(row) for row in self.rows]


class ExecutedHook(ModelHook):
    """Innermost on an attention or feed-forward: reached only when the module itself runs."""

    def __init__(self, root: PeerRoot, cell: int) -> None:
        super().__init__()
        self.root = root
        self.cell = cell

    def post_forward(
        self,
        module: nn.Module,  # noqa: ARG002  diffusers' signature
        output: Any,
    ) -> Any:
        self.root.executed(self.cell)
        return output


class PeerCache:
    """Handle of an applied peer, with the surface of `StepCache`; as a context manager, it removes the peer at the end."""

    def __init__(
        self, transformer: nn.Module, root: PeerRoot, kept: Callable[[], object], undo: ExitStack
    ) -> None:
        self._transformer = transformer
        self._root = root
        self._kept = kept
        self._undo = undo

    @property
    def counts(self) -> dict[str, int]:
        """Module forwards really executed since the peer was applied: {"attn": n, "ff": n}."""
        return dict(self._root.counts)

    @property
    def cells(self) -> Tensor:
        """What each cell has really done in the last sampling, int8 (S, L, 2); last axis (attention, feed-forward).

        0 computed, 1 reused or forecast; -1 at steps that the sampling has not reached.
        """
        rows = self._root.rows
        return torch.tensor(rows, dtype=torch.int8).reshape(len(rows), -1, 2)

    @property
    def memory_bytes(self) -> int:
        """Bytes of the tensors that the peer keeps now, each counted once."""
        return sum({id(tensor): tensor.nbytes for tensor in _tensors(self._kept())}.values())

    def reset(self) -> None:
        """Forget what is kept; the next forward is step 0. `ddim_sample` does this at its start."""
        HookRegistry.check_if_exists_or_initialize(self._transformer).reset_stateful_hooks()

    def remove(self) -> None:
        """Give the model back as it was; does nothing the second time."""
        self._undo.close()

    def __enter__(self) -> PeerCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def apply_peer(transformer: nn.Module, config: PeerConfig) -> PeerCache:
    """Put a peer on a DiT; as a context manager it is taken off again at the end.

    Sample with `ddim_sample`, which names the cache context and resets what the last sampling left. In a loop of your
    own do both, by diffusers' `_set_cache_context` and `PeerCache.reset`.

    Args:
        transformer: a `DiTTransformer2DModel`.

    Raises:
        TypeError: the model has no blocks of a DiT.
        ValueError: there is a cache on it already, or it has a single block and the peer probes the first.
        ModuleNotFoundError: cache-dit is asked for and not installed.
    """
    if config.name == "cache_dit" and not has_cache_dit():
        raise ModuleNotFoundError(f"cache-dit is not installed: {CACHE_DIT_INSTALL}")
    blocks = dit_blocks(transformer)
    if config.name != "taylorseer" and len(blocks) < 2:
        raise ValueError(
            f"{config.name} probes the first block and reuses the others: there is one"
        )
    registry = HookRegistry.check_if_exists_or_initialize(transformer)
    if any(registry.get_hook(name) is not None for name in (ROOT_HOOK, PEER_HOOK)):
        raise ValueError("this model has a cache already: remove it first")
    root = PeerRoot(config.steps, len(blocks))
    with ExitStack() as undo:
        undo.callback(registry.invalidate_child_registries_cache)
        undo.callback(registry.remove_hook, EXECUTED_HOOK, recurse=True)
        for cell, module in enumerate(module for _, *pair in blocks for module in pair):
            HookRegistry.check_if_exists_or_initialize(module).register_hook(
                ExecutedHook(root, cell), EXECUTED_HOOK
            )
        peer = import_module(f"{__package__}.{MODULES[config.name]}")
        applied: Applied = peer.apply(transformer, config, undo)
        root.restart = applied.restart
        undo.callback(registry.remove_hook, PEER_HOOK, recurse=False)
        registry.register_hook(root, PEER_HOOK)  # outermost: cache-dit replaces the forward
        registry.invalidate_child_registries_cache()
        handle = PeerCache(transformer, root, applied.kept, undo.pop_all())
    return handle


def _tensors(value: object) -> Iterator[Tensor]:
    """Every tensor in nested containers."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from _tensors(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)
