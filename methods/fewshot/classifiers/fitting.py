"""Any of the classifiers by its name, with what it needs chosen from the support or a validation set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

from methods.fewshot.classifiers import linear, tip_f
from methods.fewshot.classifiers.choosing import Chosen, Grid, leave_one_out, on_validation
from methods.fewshot.classifiers.gda import choose_weight, fit_gaussians, gda_logits
from methods.fewshot.classifiers.linear import linear_probe
from methods.fewshot.classifiers.support import Support
from methods.fewshot.classifiers.tip import tip_logits, zero_shot_logits
from methods.fewshot.classifiers.tip_f import TipAdapterF
from methods.fewshot.classifiers.training import Progress, silent
from methods.fewshot.settings import ClassifierFields

Name = Literal["zero_shot", "tip", "tip_f", "gda", "linear"]
Weight = float | Literal["loo"]
GIVEN = "nothing: given by hand"


@dataclass(frozen=True)
class Options:
    """What the classifiers may be told.

    Attributes:
        alpha, beta: of Tip-Adapter; "loo" chooses from `grid`, on the validation set where there is one.
        gda_alpha: of GDA, on a scale of its own; "loo" chooses from `gda.ALPHAS`.
        balanced: as `Support.values` has it, for both Tip-Adapters.
        tip_f_epochs, probe_epochs: how long to train.
        seed: of training and folds.
    """

    alpha: Weight = "loo"
    beta: Weight = "loo"
    gda_alpha: Weight = "loo"
    balanced: bool = False
    tip_f_epochs: int = tip_f.EPOCHS
    probe_epochs: int = linear.EPOCHS
    seed: int = 0
    grid: Grid = field(default_factory=Grid)


def options_of(fields: ClassifierFields, seed: int) -> Options:
    """What a run's settings tell the classifiers; alpha and beta that are empty are chosen."""
    return Options(
        alpha="loo" if fields.alpha is None else fields.alpha,
        beta="loo" if fields.beta is None else fields.beta,
        balanced=fields.balanced,
        tip_f_epochs=fields.tip_f_epochs,
        seed=seed,
    )


@dataclass(frozen=True, eq=False)
class Fitted:
    """A classifier that is ready: `logits` takes unit features (M, D), refined or not, and gives (M, C).

    `chosen` is None where there was nothing to choose.
    """

    name: Name
    logits: Callable[[Tensor], Tensor]
    chosen: Chosen | None = None


def fit_classifier(
    name: Name,
    support: Support,
    text_features: Tensor,
    options: Options | None = None,
    validation: tuple[Tensor, Tensor] | None = None,
    progress: Progress = silent,
) -> Fitted:
    """Fit a classifier.

    Without any shot every classifier is zero-shot.

    Args:
        text_features: (D, C), unit columns.
        validation: unit features (M, D), seen as what is tested is seen, and labels (M,).

    Raises:
        ValueError: there is no such classifier, or shapes do not fit.
    """
    options = options or Options()
    if text_features.shape != (support.views.shape[2], support.classes):
        raise ValueError(
            f"text_features must be ({support.views.shape[2]}, {support.classes}), got {tuple(text_features.shape)}"
        )
    if validation is not None and len(validation[1]) == 0:
        raise ValueError("the validation set has no pictures: leave it out, or fill it")
    if name not in FITS:
        raise ValueError(f"there is no classifier {name!r}; there are: {', '.join(FITS)}")
    if len(support.labels) == 0:
        return Fitted(name, lambda features: zero_shot_logits(features, text_features))
    return FITS[name](_Task(support, text_features, options, validation, progress))


@dataclass(frozen=True, eq=False)
class _Task:
    """What `fit_classifier` was asked, in one hand."""

    support: Support
    text: Tensor
    options: Options
    validation: tuple[Tensor, Tensor] | None
    progress: Progress

    def chosen(self, keys: Tensor | None = None) -> Chosen:
        """Tip-Adapter's alpha and beta; one that is given by hand is the only value of it that is tried."""
        options = self.options
        if options.alpha != "loo" and options.beta != "loo":
            return Chosen(options.alpha, options.beta, None, GIVEN)
        alphas = options.grid.alphas if options.alpha == "loo" else (options.alpha,)
        betas = options.grid.betas if options.beta == "loo" else (options.beta,)
        if self.validation is None:
            return leave_one_out(self.support, self.text, alphas, betas, balanced=options.balanced)
        return on_validation(
            self.support,
            self.text,
            self.validation,
            alphas,
            betas,
            keys=keys,
            balanced=options.balanced,
        )


def _zero_shot(task: _Task) -> Fitted:
    return Fitted("zero_shot", lambda features: zero_shot_logits(features, task.text))


def _tip(task: _Task) -> Fitted:
    chosen = task.chosen()
    keys, values = task.support.keys, task.support.values(task.options.balanced)
    alpha, beta = chosen.alpha, float(chosen.beta or 0)
    return Fitted(
        "tip", lambda features: tip_logits(features, task.text, keys, values, alpha, beta), chosen
    )


def _tip_f(task: _Task) -> Fitted:
    options, chosen = task.options, task.chosen()
    model = TipAdapterF(
        chosen.alpha,
        float(chosen.beta or 0),
        options.tip_f_epochs,
        options.seed,
        options.balanced,
        task.progress,
    ).fit(task.support, task.text)
    if task.validation is not None:
        # Trained keys know every picture of the support, so that only other pictures can say more of alpha and beta.
        chosen = task.chosen(model.keys_)
        model.alpha, model.beta = chosen.alpha, float(chosen.beta or 0)
    return Fitted("tip_f", model.logits, chosen)


def _gda(task: _Task) -> Fitted:
    weight = task.options.gda_alpha
    if weight == "loo":
        chosen = choose_weight(task.support, task.text, task.validation, task.options.seed)
    else:
        chosen = Chosen(weight, None, None, GIVEN)
    gaussians = fit_gaussians(task.support)
    return Fitted(
        "gda", lambda features: gda_logits(features, task.text, gaussians, chosen.alpha), chosen
    )


def _linear(task: _Task) -> Fitted:
    options = task.options
    weights = linear_probe(
        task.support,
        task.text,
        epochs=options.probe_epochs,
        seed=options.seed,
        progress=task.progress,
    )
    return Fitted("linear", lambda features: zero_shot_logits(features, weights))


FITS: dict[Name, Callable[[_Task], Fitted]] = {
    "zero_shot": _zero_shot,
    "tip": _tip,
    "tip_f": _tip_f,
    "gda": _gda,
    "linear": _linear,
}
"""Every classifier by its name."""
