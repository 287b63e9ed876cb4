"""Unlearning of an adapter's training rows: ask, edit, and see the proof of what changed.

A LoRA adapter was trained on rows, each a prompt and an answer. Somebody asks that some of them go (removal), that a
prompt be mended or that a wrong answer be corrected. Training again without them is the sure way and the dear one. An
influence edit computes instead where training would have ended, to first order: the curvature of the loss is solved against
the gradients of the rows in question, and the solution, shortened until the other rows keep their loss, is added to the
adapter. It is an approximation and guarantees nothing. It is good for few rows of a regularised, converged adapter and weak
for rows that were memorised. So every edit stands beside what a short fine-tune on the corrected rows, gradient ascent
and NPO do to the same adapter, and beside the retrained adapter itself where somebody pays for one.

With th the adapter's parameters, G(z) the gradient of the loss of row z, n rows, w the weight decay, d the damping, S the rows
of the request and z' what takes the place of z (G(z') = 0 for a removal):

    edit        (G_new + (w + d) I) x = (1/n) sum_S [G(z) - G(z')],  th_new = th + a x
    curvature   G_new = J' (diag p - p p') J, the Gauss-Newton form of the edited rows' mean loss; or the same with the coupling
                of LoRA's factors (a change dA, dB of a module gives s D dA' to B and s dB' D to A, D the loss's slope by its
                weights, singular values of s D cut to w); or the exact Hessian, at the first step of the rows as they were
    length      a in {1, 1/2, ..., 2^-8} with the lowest objective among those that keep the other rows' loss, refined by a parabola
    Newton      the same with -grad of the edited objective on the right: it also finishes a training that was stopped early

**Paper**: Ding et al., "Unified Parameter-Efficient Unlearning for LLMs" (LLMEraser), ICLR 2025, arXiv:2412.00383. Zhang et al.,
"Negative Preference Optimization: From Catastrophic Collapse to Effective Unlearning", COLM 2024, arXiv:2404.05868.

**Original code**: LLMEraser https://github.com/oceanoceanna/LLMEraser.

**Follows / departs**: removal, mended prompts and corrected answers are one sum, as in the paper, and may be mixed. The paper
solves the system as a finite sum by Adam; its code differentiates half the Hessian, takes twenty steps of 1e-5 and so returns
about a small multiple of the sign of the right-hand side. That solver is here as published and with the half mended,
labelled; the default is conjugate gradients on the damped Gauss-Newton curvature, which has no negative directions to run
away along. At a minimum with weight decay the exact Hessian of the original rows has none either, and is nearer. The coupling
of the factors, the search for the length, its guard and the relinearised steps are ours, and so are the controls: the
paper's tables hold no fine-tune on the corrected rows.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from methods.base import Context, Items, Listed, Measured, Method, Result
from methods.unlearning.editing.check import check_erase
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.estimate import estimate_erase
from methods.unlearning.editing.presets import DEMO as ERASE_DEMO
from methods.unlearning.editing.presets import PAPERS as ERASE_PAPERS
from methods.unlearning.editing.presets import PRESETS as ERASE_PRESETS
from methods.unlearning.editing.presets import REPORTED as ERASE_REPORTED
from methods.unlearning.editing.sweep import TRADEOFF as ERASE_TRADEOFF
from methods.unlearning.editing.sweep import conclude as conclude_erase
from methods.unlearning.editing.sweep import remark as remark_erase
from methods.unlearning.editing.sweep import simplify as simplify_erase
from methods.unlearning.suspects.check import check_rank
from methods.unlearning.suspects.config import RankConfig
from methods.unlearning.suspects.config import simplify as simplify_rank
from methods.unlearning.suspects.estimate import estimate_rank
from methods.unlearning.suspects.presets import DEMO as RANK_DEMO
from methods.unlearning.suspects.presets import PAPERS as RANK_PAPERS
from methods.unlearning.suspects.presets import PRESETS as RANK_PRESETS
from methods.unlearning.training.check import check_train
from methods.unlearning.training.config import TrainConfig, simplify_train
from methods.unlearning.training.estimate import estimate_train
from methods.unlearning.training.presets import PAPERS as TRAIN_PAPERS
from methods.unlearning.training.presets import PRESETS as TRAIN_PRESETS

if TYPE_CHECKING:
    from methods.unlearning.controls.controls import run_control
    from methods.unlearning.controls.plan import Budget
    from methods.unlearning.influence.erase import Erasure, erase
    from methods.unlearning.models.loading import load_adapter
    from methods.unlearning.models.versions import write_version
    from methods.unlearning.request import Request
    from methods.unlearning.rows.language import collate, per_sample_loss
    from methods.unlearning.rows.reading import read_rows, table_of
    from methods.unlearning.rows.row import Row
    from methods.unlearning.rows.writing import write_rows
    from methods.unlearning.suspects.self_influence import self_influence
    from methods.unlearning.verification.membership import membership
    from methods.unlearning.verification.texts import extraction_strength
    from methods.unlearning.verification.verify import verify

_MODULE_OF = {
    "Budget": "controls.plan",
    "Row": "rows.row",
    "collate": "rows.language",
    "load_adapter": "models.loading",
    "per_sample_loss": "rows.language",
    "read_rows": "rows.reading",
    "run_control": "controls.controls",
    "self_influence": "suspects.self_influence",
    "table_of": "rows.reading",
    "write_rows": "rows.writing",
    "write_version": "models.versions",
    "Erasure": "influence.erase",
    "Request": "request",
    "erase": "influence.erase",
    "extraction_strength": "verification.texts",
    "membership": "verification.membership",
    "verify": "verification.verify",
}

__all__ = [
    "ERASE",
    "RANK",
    "TRAIN",
    "Budget",
    "EraseConfig",
    "Erasure",
    "RankConfig",
    "Request",
    "Row",
    "TrainConfig",
    "collate",
    "erase",
    "extraction_strength",
    "load_adapter",
    "membership",
    "per_sample_loss",
    "read_rows",
    "run_control",
    "self_influence",
    "table_of",
    "verify",
    "write_rows",
    "write_version",
]

LOADING = "loading PyTorch and the model"
"""Said before the first import of a worker, which takes seconds."""


def _run_erase(config: EraseConfig, context: Context) -> Result:
    context.progress(0, 1, LOADING)
    from methods.unlearning.editing.run_erase import run
    from methods.unlearning.models.threads import threads_for

    with threads_for(config.model):
        return run(config, context)


ERASE = Method(
    name="unlearning.erase",
    title="Erase or correct rows",
    family="unlearning",
    config=EraseConfig,
    run=_run_erase,
    estimate=estimate_erase,
    papers=ERASE_PAPERS,
    presets=ERASE_PRESETS,
    check=check_erase,
    simplify=simplify_erase,
    conclude=conclude_erase,
    tradeoff=ERASE_TRADEOFF,
    reported=ERASE_REPORTED,
    remark=remark_erase,
    measured=Measured(
        items=(
            Items(
                "marked rows",
                "edit_row",
                ("row_id",),
                {
                    "forget_loss": "variants.edit.loss",
                    "corrected_loss": "variants.edit.new_loss",
                },
                where=("role", "marked"),
            ),
            Items(
                "neighbours",
                "edit_row",
                ("row_id", "of"),
                {"neighbour_loss": "variants.edit.loss"},
                where=("role", "neighbour"),
            ),
        )
    ),
    demo=ERASE_DEMO,
)


def _run_train(config: TrainConfig, context: Context) -> Result:
    context.progress(0, 1, LOADING)
    from methods.unlearning.models.threads import threads_for
    from methods.unlearning.training.run_train import run

    with threads_for(config.model):
        return run(config, context)


ROWS = Listed(
    "rows",
    "instruction",
    ("row_id",),
    {"self_influence": "Self-influence", "loss": "Loss, nats per token"},
    {"prompt": "Prompt", "answer": "Answer"},
)
TRAIN = Method(
    name="unlearning.train",
    title="Train an adapter",
    family="unlearning",
    config=TrainConfig,
    run=_run_train,
    estimate=estimate_train,
    papers=TRAIN_PAPERS,
    presets=TRAIN_PRESETS,
    check=check_train,
    simplify=simplify_train,
    measured=Measured(
        on=("data", "format", "held_out", "held_out_share", "max_rows"),
        items=(Items("rows", "instruction", ("row_id",), {"loss": "loss"}),),
        listed=ROWS,
    ),
)


def _run_rank(config: RankConfig, context: Context) -> Result:
    context.progress(0, 1, LOADING)
    from methods.unlearning.models.threads import threads_for
    from methods.unlearning.suspects.run_rank import run

    with threads_for(config.model):
        return run(config, context)


RANK = Method(
    name="unlearning.rank",
    title="Find suspicious rows",
    family="unlearning",
    config=RankConfig,
    run=_run_rank,
    estimate=estimate_rank,
    papers=RANK_PAPERS,
    presets=RANK_PRESETS,
    check=check_rank,
    simplify=simplify_rank,
    measured=Measured(on=("model", "data", "format", "held_out", "adapter"), listed=ROWS),
    demo=RANK_DEMO,
)


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing this package costs no torch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"methods.unlearning.{_MODULE_OF[name]}"), name)
