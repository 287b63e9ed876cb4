"""Reuse of attention and feed-forward outputs across sampling steps, by hooks on diffusers' DiT blocks.

What is kept is the output of the module itself, before the adaLN gate; gates are computed anew at every step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch
from diffusers import DiTTransformer2DModel
from diffusers.hooks.hooks import HookRegistry
from diffusers.models.attention import BasicTransformerBlock
from torch import Tensor, nn

from methods.caching import eoc, goc
from methods.caching.hooks import (
    COMPUTED,
    CORRECTED,
    NOT_REACHED,
    REUSED,
    BlockHook,
    Cell,
    Correct,
    ModuleHook,
    RootHook,
)

Correction = Literal["none", "eoc", "goc"]
KINDS = ("attn", "ff")
ROOT_HOOK = "step_cache_root"
BLOCK_HOOK = "step_cache_block"
MODULE_HOOK = "step_cache_sub"


@dataclass(frozen=True)
class StepCacheConfig:
    """Which module outputs are reused at which step, and how reused ones are corrected.

    More True cells are faster and further from the uncached images. A cell of step 0 is computed whatever the mask says,
    since there is nothing to reuse yet.

    Attributes:
        mask: bool (S, L, 2): S steps (0 the noisiest), L blocks, (attention, feed-forward); True = reused.
        correction: "eoc" scales by the trend of the prior, "goc" goes on in the direction of the last two values.
        weight: strength of the correction; None is the paper's (EOC .01, GOC 1.2), 0 is plain reuse.
        positions: steps at which reused cells are corrected; None is every one (for GOC: once two values are known).
        prior: for EOC, averaged outputs of uncached runs, {"attn": (L, S, T, D), "ff": (L, S, T, D)}.
        require_both: correct a block only where both of its modules are reused, as GOC does on L2C.
    """

    mask: Tensor
    correction: Correction = "none"
    weight: float | None = None
    positions: Collection[int] | None = None
    prior: Mapping[str, Tensor] | None = None
    require_both: bool = False

    def __post_init__(self) -> None:
        if self.mask.dtype != torch.bool or self.mask.ndim != 3 or self.mask.shape[2] != 2:
            raise ValueError(
                f"the mask must be bool (steps, blocks, 2); got {self.mask.dtype} {tuple(self.mask.shape)}"
            )
        if self.correction not in ("none", "eoc", "goc"):
            raise ValueError(f"correction must be none, eoc or goc; got {self.correction!r}")
        steps = () if self.positions is None else self.positions
        outside = [int(step) for step in steps if not 0 <= int(step) < len(self.mask)]
        if outside:
            raise ValueError(f"positions {outside} are outside the steps 0 to {len(self.mask) - 1}")
        if self.correction == "eoc":
            self._check_prior()

    def _check_prior(self) -> None:
        if self.prior is None:
            raise ValueError("EOC needs a prior: averaged outputs of uncached runs")
        steps, layers, _ = self.mask.shape
        for kind in KINDS:
            if kind not in self.prior or self.prior[kind].shape[:2] != (layers, steps):
                got = {name: tuple(tensor.shape) for name, tensor in self.prior.items()}
                raise ValueError(
                    f"the prior must hold attn and ff of {layers} blocks and {steps} steps; got {got}"
                )


class StepCache:
    """Handle of an applied cache; as a context manager, it removes the cache at the end."""

    def __init__(self, transformer: nn.Module, root: RootHook, cells: list[Cell]) -> None:
        self._transformer = transformer
        self._root = root
        self._cells = cells

    @property
    def counts(self) -> dict[str, int]:
        """Module forwards really executed since the cache was applied: {"attn": n, "ff": n}."""
        return {
            kind: sum(cell.executed for cell in self._cells if cell.kind == kind) for kind in KINDS
        }

    @property
    def cells(self) -> Tensor:
        """What each cell has really done in the last sampling, int8 (S, L, 2); last axis (attention, feed-forward).

        0 computed, 1 reused, 2 corrected; -1 at steps that the sampling has not reached. Of a guidance in two forwards
        it is the last called one's.
        """
        state = self._root.state
        rows = state.rows if state else [[NOT_REACHED] * len(self._cells)] * self._root.steps
        return torch.tensor(rows, dtype=torch.int8).reshape(len(rows), -1, 2)

    @property
    def memory_bytes(self) -> int:
        """Bytes of the outputs that are kept now."""
        queues = self._root.state.queues if self._root.state else []
        kept = {id(value): value.nbytes for queue in queues for value in queue}  # each once
        return sum(kept.values())

    def reset(self) -> None:
        """Forget what is kept; the next forward is step 0."""
        self._root.reset_state(self._transformer)

    def remove(self) -> None:
        remove_step_cache(self._transformer)

    def __enter__(self) -> StepCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def apply_step_cache(
    transformer: nn.Module, config: StepCacheConfig, *, gate_only: bool = True
) -> StepCache:
    """Make a DiT reuse module outputs as `config` says.

    The step is the one that the caller's cache context names, otherwise forwards are counted. A sampling begins anew
    after S forwards, when the timestep rises, or at step 0 of a context. A change of the batch's shape in between
    drops what is kept. Calls under different cache context names (guidance in two forwards) are kept apart.

    Args:
        transformer: a `DiTTransformer2DModel`; any model whose `transformer_blocks` hold `attn1` and `ff` works.
        gate_only: at a step where a block is reused as a whole, compute its gates and nothing else. Bit-identical.

    Raises:
        TypeError: the model has no such blocks.
        ValueError: the mask is of another depth, the prior of another size, or there is a step cache already.
    """
    blocks = dit_blocks(transformer)
    steps, layers, _ = config.mask.shape
    if layers != len(blocks):
        raise ValueError(f"the mask is for {layers} blocks; this model has {len(blocks)}")
    if config.correction == "eoc" and isinstance(transformer, DiTTransformer2DModel):
        _check_prior_size(config, transformer)
    registry = HookRegistry.check_if_exists_or_initialize(transformer)
    if registry.get_hook(ROOT_HOOK) is not None:
        raise ValueError("this model has a step cache already: call remove_step_cache first")
    plan = _plan(config)
    needs = 2 if config.correction == "goc" else 1
    root = RootHook(steps, cells=2 * layers, depth=needs)
    registry.register_hook(root, ROOT_HOOK)
    cells = []
    for layer, (block, attn, ff) in enumerate(blocks):
        pair = []
        for index, module in enumerate((attn, ff)):
            steps_of = plan[layer][index]
            correct = _corrector(config, layer, index, steps_of, transformer)
            cell = Cell(KINDS[index], 2 * layer + index, steps_of, correct, needs)
            HookRegistry.check_if_exists_or_initialize(module).register_hook(
                ModuleHook(root, cell), MODULE_HOOK
            )
            pair.append(cell)
        if (
            gate_only
            and isinstance(block, BasicTransformerBlock)
            and block.norm_type == "ada_norm_zero"
        ):
            HookRegistry.check_if_exists_or_initialize(block).register_hook(
                BlockHook(root, *pair), BLOCK_HOOK
            )
        cells += pair
    registry.invalidate_child_registries_cache()
    return StepCache(transformer, root, cells)


def remove_step_cache(transformer: nn.Module) -> None:
    """Undo `apply_step_cache`; does nothing where there is no step cache."""
    registry = HookRegistry.check_if_exists_or_initialize(transformer)
    for name in (ROOT_HOOK, BLOCK_HOOK, MODULE_HOOK):
        registry.remove_hook(name, recurse=True)
    registry.invalidate_child_registries_cache()


def dit_blocks(transformer: nn.Module) -> list[tuple[nn.Module, nn.Module, nn.Module]]:
    """Each block of a DiT with its attention and its feed-forward.

    Raises:
        TypeError: the model has no `transformer_blocks` with `attn1` and `ff`.
    """
    try:
        blocks = list(transformer.get_submodule("transformer_blocks").children())
        return [
            (block, block.get_submodule("attn1"), block.get_submodule("ff")) for block in blocks
        ]
    except AttributeError as error:
        raise TypeError(
            f"a step cache needs a DiTTransformer2DModel; {type(transformer).__name__} lacks its blocks: {error}"
        ) from error


def _check_prior_size(config: StepCacheConfig, transformer: DiTTransformer2DModel) -> None:
    """Refuse a prior that is for other tokens or another width than the model's configuration says."""
    model = cast(Any, transformer).config
    size = (
        (model.sample_size // model.patch_size) ** 2,
        model.num_attention_heads * model.attention_head_dim,
    )
    for prior in (config.prior or {}).values():
        eoc.check_size(prior, size)


def _plan(config: StepCacheConfig) -> list[list[list[int]]]:
    """What each cell is to do: [layer][module][step]."""
    steps, layers, _ = config.mask.shape
    wanted = {
        int(step) for step in (range(steps) if config.positions is None else config.positions)
    }
    mask = config.mask.tolist()

    def action(step: int, layer: int, module: int) -> int:
        if not mask[step][layer][module] or step == 0:
            return COMPUTED
        judged = step in wanted and (all(mask[step][layer]) or not config.require_both)
        return CORRECTED if judged and config.correction != "none" else REUSED

    return [
        [[action(step, layer, module) for step in range(steps)] for module in range(2)]
        for layer in range(layers)
    ]


def _corrector(
    config: StepCacheConfig,
    layer: int,
    module: int,
    plan: list[int],
    transformer: nn.Module,
) -> Correct | None:
    if config.correction == "goc":
        eta = goc.WEIGHT if config.weight is None else config.weight
        return lambda queue, _: goc.corrected(queue[0], queue[1], eta)
    if config.correction == "none" or config.prior is None:
        return None
    lambda_ = eoc.WEIGHT if config.weight is None else config.weight
    device = next(transformer.parameters()).device
    all_trends = eoc.trends(config.prior[KINDS[module]][layer].float())  # (S, T, D)
    # 1 + lambda dP is the same in every sampling: what is left for a step is one multiplication.
    factors = {
        step: eoc.factor(all_trends[step], lambda_).to(device)
        for step, action in enumerate(plan)
        if action == CORRECTED
    }

    def correct(queue: deque[Tensor], step: int) -> Tensor:
        factor = factors[step]
        eoc.check_size(factor, queue[0].shape[-2:])
        return eoc.corrected(queue[0], factor)

    return correct
