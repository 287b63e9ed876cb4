"""The controls: what a person would try before anything clever, from the same adapter, with the same small budget.

All take Adam steps with dropout off. Which rows a step sees is fixed by the seed and is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torch import Tensor

from methods.unlearning.controls.descent import Tell, log_probs_of, run_steps
from methods.unlearning.controls.objectives import NPO_BETA, npo_losses
from methods.unlearning.controls.plan import Budget, Plan, Term
from methods.unlearning.controls.setting import CONTROLS
from methods.unlearning.request import Request
from methods.unlearning.rows.language import Sample
from methods.unlearning.verification.variants import check_still

if TYPE_CHECKING:
    from methods.unlearning.models.loading import Adapted

__all__ = ["CONTROLS", "RATES", "Control", "ascent", "finetune", "npo", "rate_of", "run_control"]

RATES: Mapping[str, float] = {"finetune": 1e-3, "ascent": 1e-4, "npo": 1e-4}
"""Adam's rates. Of 1e-4 to 1e-2 those at which each control came nearest to a retrain that removed rows from the small world's
regularised adapter, so that none is made to look weak; ascent and NPO run away at higher ones."""
KNOWS_NO_CORRECTION = "It knows no corrections: it only lowers the old answers of the marked rows."


@dataclass(frozen=True)
class Control:
    """An adapter that was come to by another way than the edit.

    Attributes:
        name: "finetune", "ascent", "npo", "retrain" or "retrain_2".
        title: for people, with what it really is.
        parameters: values of all the adapter's tensors by name, on the CPU.
        steps: of its optimiser.
        seconds: that it took.
        losses: of its own objective, before each step; empty where not kept.
        note: what should be known of it; "" if nothing.
    """

    name: str
    title: str
    parameters: Mapping[str, Tensor] = field(repr=False)
    steps: int
    seconds: float
    losses: tuple[float, ...] = ()
    note: str = ""


def run_control(
    name: str,
    adapted: Adapted,
    samples: Sequence[Sample],
    request: Request,
    budget: Budget,
    tell: Tell = lambda *_: None,
) -> Control:
    """One of the controls, by name.

    Args:
        adapted: the adapter before the edit; as it was afterwards, also where something was raised.
        samples: all rows that it was trained on, encoded; may encode them as they are asked for.
        request: over `samples`; what takes a row's place is a `Sample`.
        tell: called after each step as (step, steps); what it raises passes through.

    Raises:
        ValueError: the request marks nothing or does not fit the rows; a model in training mode; no such control.
        FloatingPointError: the loss is no longer finite.
    """
    if name not in CONTROLS:
        raise ValueError(f"a control is one of {', '.join(CONTROLS)}; got {name!r}")
    check_still(adapted.model)
    request.check(len(samples))
    if not request.marked:
        raise ValueError("the request marks no row: there is nothing for a control to do")
    return {"finetune": finetune, "ascent": ascent, "npo": npo}[name](
        adapted, samples, request, budget, tell
    )


def finetune(
    adapted: Adapted, samples: Sequence[Sample], request: Request, budget: Budget, tell: Tell
) -> Control:
    """Go on training on the edited rows: corrected rows in place of the old ones, removed rows left out.

    Its objective is the edit's: the edited rows' summed loss over the number of rows before, plus the weight decay. All rows are
    in each step where `budget.rows` allows; else up to half of a step are corrected rows, weighted so that the sum stays that
    of all rows.
    """
    plan = Plan.of(samples, request, budget)
    done = run_steps(
        adapted,
        lambda step: [plan.edited(step)],
        budget,
        rate_of("finetune", budget),
        tell,
        weight_decay=budget.weight_decay,
    )
    what = "the corrected rows" if request.replace else "the other rows"
    return Control("finetune", f"Fine-tune on {what}, {budget.steps} steps", *done)


def ascent(
    adapted: Adapted, samples: Sequence[Sample], request: Request, budget: Budget, tell: Tell
) -> Control:
    """Gradient ascent on the old content of the marked rows, and nothing to hold the rest (Jang et al., ACL 2023,
    arXiv:2210.01504)."""
    plan = Plan.of(samples, request, budget)

    def up(step: int) -> list[Term]:
        return [plan.old(step, lambda loss, *_: -loss)]

    done = run_steps(adapted, up, budget, rate_of("ascent", budget), tell)
    note = KNOWS_NO_CORRECTION if request.replace else ""
    return Control("ascent", f"Gradient ascent, {budget.steps} steps", *done, note)


def npo(
    adapted: Adapted,
    samples: Sequence[Sample],
    request: Request,
    budget: Budget,
    tell: Tell,
    beta: float = NPO_BETA,
    retain_weight: float = 1.0,
) -> Control:
    """Negative preference optimisation on the old content of the marked rows, and a retain term on the edited rows.

    Args:
        retain_weight: of the edited rows' loss, as in the fine-tune, added to NPO's; 0 is plain NPO.
    """
    plan = Plan.of(samples, request, budget)
    known = log_probs_of(adapted, [samples[at] for at in request.marked], budget.batch_size)
    reference = dict(zip(request.marked, known.tolist(), strict=True))

    def terms(step: int) -> list[Term]:
        before = known.new_tensor([reference[at] for at in plan.forget[step]])
        forget = plan.old(
            step, lambda _, log_probs, rows: npo_losses(log_probs, before[rows], beta)
        )
        return [forget, plan.edited(step, retain_weight)] if retain_weight else [forget]

    done = run_steps(adapted, terms, budget, rate_of("npo", budget), tell)
    retain = " with a retain term" if retain_weight else ""
    note = KNOWS_NO_CORRECTION if request.replace and not retain_weight else ""
    return Control("npo", f"NPO{retain}, {budget.steps} steps", *done, note)


def rate_of(name: str, budget: Budget) -> float:
    """The rate that was chosen, or the control's own."""
    return RATES[name] if budget.rate is None else budget.rate
