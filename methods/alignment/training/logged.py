"""TRL's `DPOTrainer` as it is, any loss of it, with a report of what every pair did at every step.

TRL computes tokens, log-probabilities, reference and metrics; we read the log-probabilities off the model's outputs while it
does. A subclass may put another loss in the place of TRL's. So the metrics keep TRL's names, and everything that `DPOTrainer`
offers around the loss (PEFT, precision, checkpointing, several GPUs, image-text processors) holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid
from trl import DPOTrainer

from methods.alignment.training.collator import PairCollator, take
from methods.alignment.training.pair_step import PairStep


@dataclass(frozen=True)
class Scores:
    """Log-probabilities of this process's pairs, (B,) each in nats; those of the policy carry gradients.

    Attributes:
        tokens: (2B, T), the policy's, of each token, zero outside the answers; chosen rows first. The last columns are those of
            the batch's tokens but the first; prompt learning puts others before them.
    """

    policy_chosen: Tensor
    policy_rejected: Tensor
    ref_chosen: Tensor
    ref_rejected: Tensor
    tokens: Tensor


class LoggedDPOTrainer(DPOTrainer):
    """TRL's trainer as it is, any loss of it, with a report of every pair at every step.

    Args:
        on_pairs: called in the main process at every training step; the data set then needs a column `position` (the row
            of each pair). None reports nothing.
        name_of: words for a pair by its position, for errors.

    Attributes:
        held_out: gap in nats of each evaluated pair by its position, where there is `on_pairs`.
    """

    data_collator: Any

    def __init__(
        self,
        *args: Any,
        on_pairs: Callable[[PairStep], None] | None = None,
        name_of: Callable[[int], str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.on_pairs, self._name_of = on_pairs, name_of or (lambda position: f"row {position}")
        self.held_out: dict[int, float] = {}
        super().__init__(*args, **kwargs)
        for data in (self.train_dataset, *self._evaluated()):
            example = dict(next(iter(data)))
            for column in self.columns:
                take(example, column)
        self.data_collator = PairCollator(self.data_collator, self.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """What each pair must carry beside its texts and images."""
        return ("position",) if self.on_pairs else ()

    def _evaluated(self) -> list[Any]:
        if self.eval_dataset is None:
            return []
        several = isinstance(self.eval_dataset, dict)
        return list(self.eval_dataset.values()) if several else [self.eval_dataset]

    def _set_signature_columns_if_needed(self) -> None:
        super()._set_signature_columns_if_needed()
        self._signature_columns += [n for n in self.columns if n not in self._signature_columns]

    def _compute_loss(self, model: Any, inputs: Any, return_outputs: bool) -> Any:
        batch = dict(inputs)
        carried = {name: batch.pop(name) for name in self.columns}
        with recorded(self.model, self.ref_model) as outputs:
            result = super()._compute_loss(model, batch, return_outputs)
        loss = result[0] if return_outputs else result
        scores = self._scores(outputs, batch, carried)
        if "position" in carried and not self.model.training:
            gap, position = self.accelerator.gather((_gap(scores), carried["position"]))
            self.held_out.update(zip(position.tolist(), gap.tolist(), strict=True))
        loss = self.pair_loss(loss, scores, batch, carried)
        return (loss, result[1]) if return_outputs else loss

    def _scores(
        self, outputs: list[Tensor], batch: dict[str, Any], carried: dict[str, Tensor]
    ) -> Scores:
        length = batch["completion_mask"].size(1) - 1
        policy = outputs[0][:, -length:]
        policy_chosen, policy_rejected = policy.sum(dim=1).chunk(2)
        if self.precompute_ref_logps:
            ref_chosen, ref_rejected = batch["ref_chosen_logps"], batch["ref_rejected_logps"]
        else:
            ref_chosen, ref_rejected = outputs[1][:, -length:].sum(dim=1).chunk(2)
        scores = Scores(policy_chosen, policy_rejected, ref_chosen, ref_rejected, outputs[0])
        self._check_finite(scores, carried)
        return scores

    def _check_finite(self, scores: Scores, carried: dict[str, Tensor]) -> None:
        parts = torch.stack(
            [scores.policy_chosen, scores.policy_rejected, scores.ref_chosen, scores.ref_rejected]
        ).detach()
        finite = torch.isfinite(parts)
        if bool(finite.all()):
            return
        row, pair = (~finite).nonzero()[0].tolist()
        whose = (
            "policy's chosen",
            "policy's rejected",
            "reference's chosen",
            "reference's rejected",
        )
        where = f"pair {pair} of the batch"
        if "position" in carried:
            where = self._name_of(int(carried["position"][pair]))
        raise FloatingPointError(
            f"step {self.state.global_step + 1}, {where}: the log-probability of the {whose[row]} answer is "
            f"{float(parts[row, pair])}"
        )

    def pair_loss(
        self, loss: Tensor, scores: Scores, batch: dict[str, Any], carried: dict[str, Tensor]
    ) -> Tensor:
        """The loss to go down on; here TRL's own, reported."""
        if self.on_pairs and self.model.training:
            self._report(self._stock_report(loss, scores, batch), carried)
        return loss

    def _stock_report(self, loss: Tensor, scores: Scores, batch: dict[str, Any]) -> Tensor:
        """(7, B): factor, gap, kept, beta, DPO loss at beta, weight, and change of the chosen answer.

        The weight is minus the gradient of whatever loss it is by the log-probability of a token of the chosen answer, on
        average over its tokens; for DPO itself that is beta s(-beta g) / B.
        """
        [gradient] = torch.autograd.grad(loss, scores.tokens, retain_graph=True)
        chosen_mask = batch["completion_mask"][: len(scores.policy_chosen), 1:]
        gradient = gradient[: len(chosen_mask), -chosen_mask.size(1) :]
        pull = -(gradient * chosen_mask).sum(dim=1)
        gap = _gap(scores)
        ones = torch.ones_like(gap)
        losses = -logsigmoid(self.beta * gap)
        weight = pull / chosen_mask.sum(dim=1).clamp(min=1)
        change = (scores.policy_chosen - scores.ref_chosen).detach()
        report = torch.stack([ones, gap, ones, self.beta * ones, losses, weight, change])
        gathered: Tensor = self.accelerator.gather(report.T.contiguous())
        return gathered.T

    def _report(
        self, report: Tensor, carried: dict[str, Tensor], hardness: Tensor | None = None
    ) -> None:
        """Hand the rows (7, global B) to `on_pairs`."""
        position: Tensor = self.accelerator.gather(carried["position"])
        if not self.accelerator.is_main_process or self.on_pairs is None:
            return
        factor, gap, kept, beta, losses, weight, chosen = report.tolist()
        step = PairStep(
            step=self.state.global_step + 1,
            position=position.tolist(),
            hardness=[0.0] * len(gap) if hardness is None else hardness.tolist(),
            factor=factor,
            gap=gap,
            kept=[each > 0 for each in kept],
            beta=beta,
            loss=losses,
            weight=weight,
            chosen=chosen,
        )
        self.on_pairs(step)


@contextmanager
def recorded(*models: Any) -> Iterator[list[Tensor]]:
    """The token log-probabilities (2B, L) that these models return inside the block, in the order of the calls."""
    outputs: list[Tensor] = []

    def keep(_module: Any, _inputs: Any, output: Any) -> None:
        if getattr(output, "log_probs", None) is not None:
            outputs.append(output.log_probs)

    handles = [model.register_forward_hook(keep) for model in models if model is not None]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def _gap(scores: Scores) -> Tensor:
    policy = scores.policy_chosen - scores.policy_rejected
    return (policy - (scores.ref_chosen - scores.ref_rejected)).detach()
