"""What stands beside an edit: the controls, the retrains, and the edit itself, each as the adapter that it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from methods.base import MethodError
from methods.unlearning.controls.controls import Control, run_control
from methods.unlearning.controls.plan import Budget
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.naming import TITLES
from methods.unlearning.editing.solving import Edit
from methods.unlearning.editing.stages import Kept, Stages, Tell
from methods.unlearning.editing.subject import Subject
from methods.unlearning.training.again import retrain
from methods.unlearning.training.recipe import Recipe

RETRAINS = ("retrain", "retrain_2")


@dataclass(frozen=True)
class Variant:
    """An adapter that came of the one before.

    Attributes:
        parameters: values by name, on the CPU.
        seconds: that it took; None for the adapter before.
        steps: of its optimiser or solver.
        note: what should be known of it.
    """

    title: str
    parameters: Mapping[str, Tensor]
    seconds: float | None
    steps: int
    note: str = ""


def edited_variant(subject: Subject, edit: Edit, length: float) -> Variant:
    """The adapter with the edit added, `length` of its direction."""
    own = subject.adapted.parameters
    parameters = {
        name: own[name].detach().cpu() + (length * each.cpu()).to(own[name].dtype)
        for name, each in edit.direction.items()
    }
    note = "taken along a known direction" if edit.facts["known_direction"] else ""
    return Variant(
        TITLES["edit"], parameters, edit.facts["seconds"], int(edit.facts["steps"]), note
    )


def run_beside(
    subject: Subject, config: EraseConfig, kept: Kept, stages: Stages
) -> dict[str, Variant]:
    """Every control and retrain that was asked for; what an earlier attempt has finished is taken from its checkpoint.

    Raises:
        MethodError: a control whose loss ran away; a recipe that cannot be repeated.
    """
    found: dict[str, Variant] = {}
    for name in beside(config):
        tell = stages.teller(name, TITLES[name])
        if name not in kept:
            control = _run(name, subject, config, tell)
            facts = {
                "title": control.title,
                "seconds": control.seconds,
                "steps": control.steps,
                "note": control.note,
            }
            kept.add(name, control.parameters, facts)
        found[name] = Variant(parameters=kept.tensors(name), **kept.facts(name))
    return found


def beside(config: EraseConfig) -> list[str]:
    """Names of what stands beside the edit, in order."""
    return [name for name in TITLES if name in (*config.controls, *RETRAINS[: config.retrain])]


def _run(name: str, subject: Subject, config: EraseConfig, tell: Tell) -> Control:
    if name in RETRAINS:
        return _retrain(name, subject, tell)
    try:
        return run_control(
            name,
            subject.adapted,
            subject.samples,
            subject.samples_request,
            budget_of(name, subject, config),
            lambda step, steps: tell(step, steps, f"step {step} of {steps}"),
        )
    except FloatingPointError as error:
        raise MethodError(f"{TITLES[name]}: {error}") from error


def _retrain(name: str, subject: Subject, tell: Tell) -> Control:
    """The recipe again on the edited rows, from the same start; the second from another start."""
    if subject.recipe is None:
        raise MethodError("retrain: it is not known how the adapter was trained")
    done = retrain(
        subject.adapted,
        subject.edited_rows,
        recipe_of_edited(subject.recipe, len(subject.rows), len(subject.edited_rows)),
        seed=subject.recipe.seed + RETRAINS.index(name),
        template=subject.encoder.template,
        tell=lambda share, step, _values: tell(share, 1.0, f"step {step}"),
    )
    return Control(name, TITLES[name], done.parameters, done.steps, done.seconds, note=done.note)


def recipe_of_edited(recipe: Recipe, before: int, after: int) -> Recipe:
    """The recipe for the rows that are left: weight decay and tolerance weigh against each row as they did.

    The objective of an edit goes on dividing by the number of rows before it. Dividing by fewer would weaken the weight decay
    for all other rows, which nobody has asked for. Only the converged trainer has an objective.
    """
    if recipe.trainer != "converged":
        return recipe
    factor = before / after
    return recipe.model_copy(
        update={
            "weight_decay": recipe.weight_decay * factor,
            "tolerance": recipe.tolerance * factor,
        }
    )


def budget_of(name: str, subject: Subject, config: EraseConfig) -> Budget:
    """What a control may spend.

    Without a chosen rate the fine-tune goes on at that of the adapter's own training by steps, the others at their own.
    """
    rate, recipe = config.control_rate, subject.recipe
    if rate is None and name == "finetune" and recipe is not None and recipe.trainer == "sft":
        rate = recipe.learning_rate
    return Budget(
        steps=config.control_steps,
        rate=rate,
        batch_size=config.rows_at_once,
        seed=subject.seed,
        weight_decay=subject.weight_decay,
    )
