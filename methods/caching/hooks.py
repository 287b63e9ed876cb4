"""What the step cache puts on a model: where a sampling is, what is kept, and the diffusers hooks that use it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import torch
from diffusers.hooks.hooks import BaseState, CacheContext, ModelHook, StateManager
from torch import Tensor, nn

Correct = Callable[[deque[Tensor], int], Tensor]
"""From the last values of a cell, newest first, and the step to the value to use."""


COMPUTED, REUSED, CORRECTED = 0, 1, 2
"""What a cell is to do at a step, and what it did. Plain numbers: they are looked at in every module at every step."""
NOT_REACHED = -1


class Cell:
    """One module of one block: what it is to do at each step, and how often it was really executed.

    Attributes:
        kind: "attn" or "ff".
        index: place among all cells.
        plan: COMPUTED, REUSED or CORRECTED, for each step.
        correct: None where nothing is corrected.
        needs: last values that `correct` looks at; as long as fewer are known, the last one is reused as it is.
    """

    def __init__(
        self, kind: str, index: int, plan: list[int], correct: Correct | None, needs: int
    ) -> None:
        self.kind = kind
        self.index = index
        self.plan = plan
        self.correct = correct
        self.needs = needs
        self.executed = 0

    def reuses(self, state: Sampling) -> bool:
        return bool(self.plan[state.step] and state.queues[self.index])

    def reused(self, state: Sampling) -> Tensor:
        """The value to use instead of the module's output; it is what the next step finds."""
        queue, step = state.queues[self.index], state.step
        value, did = queue[0], REUSED
        if self.plan[step] == CORRECTED and self.correct and len(queue) >= self.needs:
            value, did = self.correct(queue, step), CORRECTED
        queue.appendleft(value)
        state.row[self.index] = did
        return value

    def computed(self, state: Sampling, value: Tensor) -> None:
        self.executed += 1
        state.queues[self.index].appendleft(value)
        state.row[self.index] = COMPUTED


class Sampling(BaseState):
    """Where one sampling is, the last values of each cell, newest first, and what each cell has done at each step."""

    def __init__(self, steps: int, cells: int, depth: int) -> None:
        self.steps = steps
        self.rows = [[NOT_REACHED] * cells for _ in range(steps)]
        self.queues: list[deque[Tensor]] = [deque(maxlen=depth) for _ in range(cells)]
        self.reset()

    def reset(self, *_: object, **__: object) -> None:
        self.step = -1
        self.timestep: float | None = None
        self.indexed = False
        self.shape: torch.Size | None = None
        self.row = self.rows[0]
        for row in self.rows:
            row[:] = [NOT_REACHED] * len(row)
        self.forget()

    def forget(self) -> None:
        for queue in self.queues:
            queue.clear()

    def advance(self, shape: torch.Size, step_index: int | None, timestep: float | None) -> None:
        """Go to the step of the forward that begins now.

        A sampling also begins anew where the caller starts, or stops, naming its steps: the one before has broken off.
        """
        if self._is_new(step_index, timestep):
            self.reset()
        if shape != self.shape:
            self.forget()
        self.shape, self.timestep, self.indexed = shape, timestep, step_index is not None
        self.step = self.step + 1 if step_index is None else step_index
        if self.step >= self.steps:
            raise ValueError(
                f"the step cache is for {self.steps} steps and this sampling has more: give it a longer mask"
            )
        self.row = self.rows[self.step]

    def _is_new(self, step_index: int | None, timestep: float | None) -> bool:
        if self.indexed != (step_index is not None):
            return True
        if step_index is not None:
            return step_index <= self.step
        if timestep is None or self.timestep is None:
            return self.step + 1 >= self.steps
        ended = self.step + 1 >= self.steps and timestep == self.timestep
        return ended or timestep > self.timestep


class RootHook(ModelHook):
    """On the whole model: keeps count of the steps, one sampling per cache context."""

    _is_stateful = True

    def __init__(self, steps: int, cells: int, depth: int) -> None:
        super().__init__()
        self.steps = steps
        self.manager = StateManager(Sampling, init_args=(steps, cells, depth))
        self.state: Sampling | None = None

    def pre_forward(
        self,
        module: nn.Module,  # noqa: ARG002  diffusers' signature
        *args: Any,
        **kwargs: Any,
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if self.manager._context is None:  # DiT pipelines set none
            self.manager.set_context(CacheContext("inference"))
        hidden_states = args[0] if args else kwargs["hidden_states"]
        context = self.manager.context
        step_index = context.step_index
        self._check_length(context.num_inference_steps)
        timestep = kwargs.get("timestep", args[1] if len(args) > 1 else None)
        if step_index is not None or timestep is None:
            moment = None
        else:
            # On a GPU this waits for the step before; a context that names the step avoids it.
            moment = float(torch.as_tensor(timestep).flatten()[0])
        self.state = self.manager.get_state()
        self.state.advance(hidden_states.shape, step_index, moment)
        return args, kwargs

    def _check_length(self, num_inference_steps: int | None) -> None:
        if num_inference_steps not in (None, self.steps):
            raise ValueError(
                f"the step cache is for {self.steps} steps and this sampling has {num_inference_steps}"
            )

    def reset_state(self, module: nn.Module) -> nn.Module:
        self.manager.reset()
        self.state = None
        return module


class ModuleHook(ModelHook):
    """On an attention or feed-forward module: runs it or reuses what it gave."""

    def __init__(self, root: RootHook, cell: Cell) -> None:
        super().__init__()
        self.root = root
        self.cell = cell

    def new_forward(
        self,
        module: nn.Module,  # noqa: ARG002  diffusers' signature
        *args: Any,
        **kwargs: Any,
    ) -> Tensor:
        state, cell = self.root.state, self.cell
        if state is not None and cell.reuses(state):
            return cell.reused(state)
        value: Tensor = self.fn_ref.original_forward(*args, **kwargs)
        if state is not None:  # None: the module is called outside the model
            cell.computed(state, value)
        return value


class BlockHook(ModelHook):
    """On an adaLN-zero block: where both modules are reused, adds gate x value twice and skips norms and modulation."""

    def __init__(self, root: RootHook, attn: Cell, ff: Cell) -> None:
        super().__init__()
        self.root = root
        self.attn = attn
        self.ff = ff

    def new_forward(self, module: nn.Module, *args: Any, **kwargs: Any) -> Tensor:
        state = self.root.state
        if state is None or not (self.attn.reuses(state) and self.ff.reuses(state)):
            whole: Tensor = self.fn_ref.original_forward(*args, **kwargs)
            return whole
        hidden_states: Tensor = args[0]
        norm: Any = module.norm1
        embedding = norm.emb(
            kwargs["timestep"], kwargs["class_labels"], hidden_dtype=hidden_states.dtype
        )
        _, _, gate_msa, _, _, gate_mlp = norm.linear(norm.silu(embedding)).chunk(6, dim=1)
        hidden_states = gate_msa.unsqueeze(1) * self.attn.reused(state) + hidden_states
        hidden_states = gate_mlp.unsqueeze(1) * self.ff.reused(state) + hidden_states
        return hidden_states
