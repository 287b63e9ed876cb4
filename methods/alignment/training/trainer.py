"""DAMO (DAMA) and beta-DPO as a trainer on TRL's `DPOTrainer`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from accelerate.utils import broadcast
from torch import Tensor
from trl import DPOConfig

from methods.alignment.beta_dpo import beta_dpo_loss
from methods.alignment.dama import DamaOutput, DamaState, Reading, dama_loss
from methods.alignment.filtering import Width, draw_keep, filter_width
from methods.alignment.training.logged import LoggedDPOTrainer, Scores
from methods.peft_files import STATE

STOCK = {
    "ld_alpha": None,
    "f_divergence_type": "reverse_kl",
    "label_smoothing": 0.0,
    "use_weighting": False,
    "precompute_ref_log_probs": False,
}
"""Settings of TRL that change what a gap or the loss is: ours is defined for these values."""


@dataclass
class DamaConfig(DPOConfig):
    """`trl.DPOConfig` with the settings of DAMO; the defaults are those of the published script.

    Attributes:
        algorithm: "dama", or its parent "beta_dpo".
        use_hardness: scale each pair's beta by its data hardness; the data set then needs a column `hardness` (delta).
        use_model: scale beta by the model's state, and filter.
        hardness_mean: mean of delta over the data; None takes each batch's.
        drop: share of each global micro-batch (all processes together, one step of accumulation) that the filter drops.
        gamma: share of the running mean that a step keeps.
        min_beta: no pair's beta is less.
        reading: "code" or "paper", where the two differ.
        width: the filter's standard deviation: "unit" (DAMO), "running_std" (beta-DPO) or "mad" (robust).
        gain: for beta-DPO, how far beta follows the gap, 1 per nat.
    """

    algorithm: Literal["dama", "beta_dpo"] = field(default="dama", metadata={"help": "Objective."})
    use_hardness: bool = field(default=True, metadata={"help": "Scale beta by data hardness."})
    use_model: bool = field(default=True, metadata={"help": "Scale beta by the model's state."})
    hardness_mean: float | None = field(default=None, metadata={"help": "Mean of delta."})
    drop: float = field(default=0.2, metadata={"help": "Share of pairs that the filter drops."})
    gamma: float = field(default=0.9, metadata={"help": "Momentum of the running mean."})
    min_beta: float = field(default=1e-3, metadata={"help": "Least beta of a pair."})
    reading: Reading = field(default="code", metadata={"help": "Published code, or paper."})
    width: Width = field(default="unit", metadata={"help": "Standard deviation of the filter."})
    gain: float = field(default=0.6, metadata={"help": "Of beta-DPO: how far beta follows."})


class DamaTrainer(LoggedDPOTrainer):
    """DAMO (DAMA) or beta-DPO on TRL's `DPOTrainer`.

        args = DamaConfig("out", beta=0.1, learning_rate=1e-5, max_length=None)
        DamaTrainer(model, args=args, train_dataset=pairs_with_hardness, processing_class=processor, peft_config=lora)

    A plain `DPOConfig` takes DAMO's defaults. The loss may be ["sigmoid"], or ["sigmoid", "sft"] with `loss_weights` for an
    anchor to the chosen answers. The batch of the paper is the global micro-batch: all processes together, one step of
    gradient accumulation. The first process draws the mask, by a generator seeded with seed and step; the running mean is
    written into every checkpoint (dama_state.json) and restored when training resumes.

    Raises:
        ValueError: a loss or a setting of TRL for which DAMO is not defined, or no column `hardness` where it is needed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = kwargs.get("args", args[2] if len(args) > 2 else None)
        own = (
            name
            for name in DamaConfig.__dataclass_fields__
            if name not in DPOConfig.__dataclass_fields__
        )
        values = {name: getattr(given, name, getattr(DamaConfig, name)) for name in own}
        self.dama = DamaSettings(**values)
        self.dama_state = DamaState()
        self._draws = (-1, 0)  # the step, and how many masks were drawn in it before the last
        super().__init__(*args, **kwargs)
        if self.loss_types not in (["sigmoid"], ["sigmoid", "sft"]):
            raise ValueError(
                f"DAMO replaces the loss “sigmoid”, alone or with the anchor “sft”; got {self.loss_types}"
            )
        for name, value in STOCK.items():
            if getattr(self.args, name) != value:
                raise ValueError(
                    f"DAMO is defined for {name}={value!r} only, got {getattr(self.args, name)!r}"
                )
        if self.aux_loss_enabled:
            raise ValueError("DAMO has no router loss: set router_aux_loss_coef=0")

    @property
    def columns(self) -> tuple[str, ...]:
        return (*super().columns, *(("hardness",) if self.dama.needs_hardness else ()))

    def pair_loss(
        self, _loss: Tensor, scores: Scores, batch: dict[str, Any], carried: dict[str, Tensor]
    ) -> Tensor:
        """DAMO's loss over the global batch, with gradients for this process's pairs."""
        training = self.model.training
        local = [
            scores.policy_chosen,
            scores.policy_rejected,
            scores.ref_chosen,
            scores.ref_rejected,
        ]
        pairs = [self._everywhere(part) for part in local]
        hardness = self._everywhere(carried["hardness"]) if "hardness" in carried else None
        gap = ((pairs[0] - pairs[1]) - (pairs[2] - pairs[3])).detach()
        output = self._step(pairs, hardness, gap, training)
        self._measure(output, training)
        if training and self.on_pairs:
            change = (pairs[0] - pairs[2]).detach()
            rows = [output.data_factor, output.gap, output.keep, output.beta]
            rows += [output.losses, output.weight, change]
            report = torch.stack([row.to(gap.dtype) for row in rows])
            self._report(report, carried, hardness)
        found: Tensor = _across(output.loss, self.accelerator.num_processes) * self.loss_weights[0]
        if "sft" in self.loss_types:
            mask = batch["completion_mask"][: len(scores.policy_chosen), 1:].bool()
            chosen = scores.tokens[: len(mask), -mask.size(1) :]
            found = found - chosen[mask].mean() * self.loss_weights[1]
        return found

    def _step(
        self, pairs: list[Tensor], hardness: Tensor | None, gap: Tensor, training: bool
    ) -> DamaOutput:
        dama = self.dama
        shared: dict[str, Any] = {"beta": self.beta, "drop": dama.drop, "gamma": dama.gamma}
        shared |= {"min_beta": dama.min_beta, "training": training}
        chosen, rejected, ref_chosen, ref_rejected = pairs
        if dama.algorithm == "beta_dpo":
            return beta_dpo_loss(
                chosen,
                rejected,
                ref_chosen,
                ref_rejected,
                self.dama_state,
                gain=dama.gain,
                width=dama.width,
                generator=self._generator() if training else None,
                **shared,
            )
        return dama_loss(
            chosen,
            rejected,
            ref_chosen,
            ref_rejected,
            hardness,
            self.dama_state,
            hardness_mean=dama.hardness_mean,
            use_hardness=dama.use_hardness,
            use_model=dama.use_model,
            reading=dama.reading,
            keep=self._draw(gap) if training and dama.use_model and dama.drop > 0 else None,
            **shared,
        )

    def _draw(self, gap: Tensor) -> Tensor:
        """The mask of the global batch, (N,), the first process's everywhere."""
        seen = self.beta * gap if self.dama.reading == "paper" else gap
        width = filter_width(self.dama.width, seen, self.dama_state.running_std)
        keep = draw_keep(
            seen,
            self.dama_state.running_mean,
            drop=self.dama.drop,
            width=width,
            generator=self._generator(),
        )
        shared: Tensor = broadcast(keep.to(torch.uint8))
        return shared.bool()

    def _generator(self) -> torch.Generator:
        """Seeded by seed and step, so that a resumed training draws what it would have drawn."""
        step, drawn = self._draws
        step, drawn = (
            (step, drawn + 1) if step == self.state.global_step else (self.state.global_step, 0)
        )
        self._draws = step, drawn
        return torch.Generator().manual_seed((self.args.seed * 1_000_003 + step) * 1009 + drawn)

    def _everywhere(self, local: Tensor) -> Tensor:
        """(N,): the values of all processes, those of this one with their gradients."""
        if self.accelerator.num_processes == 1:
            return local
        others: Tensor = self.accelerator.gather(local.detach())
        start = self.accelerator.process_index * len(local)
        return torch.cat([others[:start], local, others[start + len(local) :]])

    def _measure(self, output: DamaOutput, training: bool) -> None:
        metrics = self._metrics["train" if training else "eval"]
        metrics["dama/beta"].append(output.beta.mean().item())
        metrics["dama/model_factor"].append(float(output.model_factor))
        if training:
            metrics["dama/kept"].append(output.keep.float().mean().item())
            metrics["dama/running_mean"].append(self.dama_state.running_mean)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        folder = Path(self._get_output_dir(trial=trial)) / f"checkpoint-{self.state.global_step}"
        if self.args.should_save:
            (folder / STATE).write_text(json.dumps(asdict(self.dama_state)))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        file = Path(resume_from_checkpoint) / STATE
        if not file.is_file():
            raise ValueError(
                f"{resume_from_checkpoint} has no {STATE}: it is no checkpoint of a DamaTrainer"
            )
        self.dama_state = DamaState(**json.loads(file.read_text()))


@dataclass(frozen=True)
class DamaSettings:
    """The part of `DamaConfig` that is not TRL's."""

    algorithm: str
    use_hardness: bool
    use_model: bool
    hardness_mean: float | None
    drop: float
    gamma: float
    min_beta: float
    reading: Reading
    width: Width
    gain: float

    @property
    def needs_hardness(self) -> bool:
        return self.algorithm == "dama" and self.use_hardness


def _across(loss: Tensor, processes: int) -> Tensor:
    """The loss of the global batch such that gradients averaged over the processes are its gradient.

    Each process has the gradient of its own pairs only, so averaging would divide by the number of processes.
    """
    if processes == 1:
        return loss
    return loss * processes - (loss * (processes - 1)).detach()
