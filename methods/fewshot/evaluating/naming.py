"""What every classifier answers: fitted on each draw of shots, then asked; it never gets a label of what is tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from methods.fewshot.classifiers.choosing import Chosen
from methods.fewshot.classifiers.fitting import Fitted, Options, fit_classifier, options_of
from methods.fewshot.classifiers.support import Support
from methods.fewshot.evaluating.config import EvaluateConfig
from methods.fewshot.evaluating.records import TOP
from methods.fewshot.settings import CLASSIFIER_TITLES, REFINEMENTS, ClassifierName

TUNED: tuple[ClassifierName, ...] = ("tip", "tip_f", "gda")
"""Classifiers that choose something."""
Tell = Callable[[float, str], None]
"""Takes how much of one classifier is done, 0 to 1, and what is being done."""
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Task:
    """What is learnt from and asked.

    Attributes:
        text: (D, C), unit columns.
        views: (A, N, D) of all N shots that are in some draw, `plain` (N, D) and `labels` (N,) of the same.
        supports: the places of each draw's shots among them.
        val: features (V, R, D) and labels (V,), or None.
        test: (M, R, D).
    """

    text: Tensor
    views: Tensor
    plain: Tensor
    labels: Tensor
    supports: Sequence[Sequence[int]]
    val: tuple[Tensor, Tensor] | None
    test: Tensor

    def support(self, draw: int) -> Support:
        """The shots of a draw."""
        places = torch.tensor(self.supports[draw], dtype=torch.int64, device=self.views.device)
        views, plain = self.views[:, places], self.plain[places]
        return Support(views, self.labels[places], self.text.shape[1], plain)


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen in a draw, for all refinements ("") or for one of them."""

    draw: int
    refinement: str
    chosen: Chosen


@dataclass(frozen=True, eq=False)
class Named:
    """What a classifier answers.

    Attributes:
        top: (S, R, M, K), the most probable classes, the first of which is the answer; S is 1 where draws make no difference.
        chances: (S, R, M, K), their probabilities.
    """

    classifier: ClassifierName
    top: Integers
    chances: Floats
    choices: tuple[Choice, ...]

    @property
    def answers(self) -> Integers:
        """(S, R, M)."""
        return self.top[..., 0]


def name_all(task: Task, config: EvaluateConfig, seed: int, tell: Tell) -> Iterator[Named]:
    """Fit and ask every classifier of the settings, in their order.

    Args:
        seed: of training and folds; each draw adds its number.
        tell: called before and during every fit.
    """
    for classifier in config.classifiers:
        draws = 1 if classifier == "zero_shot" else len(task.supports)
        parts: list[tuple[Tensor, Tensor]] = []
        choices: list[Choice] = []
        for draw in range(draws):
            said = f"{CLASSIFIER_TITLES[classifier]}, support draw {draw + 1} of {draws}"

            def alive(share: float, draw: int = draw, draws: int = draws, said: str = said) -> None:
                tell((draw + share) / draws, said)

            alive(0.0)
            options = options_of(config, seed + draw)
            top, chances, chosen = _asked(classifier, task, options, draw, alive)
            parts.append((top, chances))
            choices += chosen
        best, chance = (
            torch.stack([top for top, _ in parts]),
            torch.stack([each for _, each in parts]),
        )
        yield Named(classifier, best.cpu().numpy(), chance.double().cpu().numpy(), tuple(choices))


def _asked(
    classifier: ClassifierName,
    task: Task,
    options: Options,
    draw: int,
    alive: Callable[[float], None],
) -> tuple[Tensor, Tensor, list[Choice]]:
    """Most probable classes (R, M, K) in one draw, their probabilities, and what was chosen for them."""
    support, fits = task.support(draw), 0

    def epoch(done: int, total: int) -> None:
        alive((fits + done / total) / len(REFINEMENTS))

    def fit(validation: tuple[Tensor, Tensor] | None) -> Fitted:
        nonlocal fits
        fitted = fit_classifier(classifier, support, task.text, options, validation, epoch)
        fits += 1
        alive(fits / len(REFINEMENTS))
        return fitted

    if task.val is None or classifier not in TUNED:
        fitted = fit(None)
        chosen = [] if fitted.chosen is None else [Choice(draw, "", fitted.chosen)]
        logits = [fitted.logits(task.test[:, place]) for place in range(len(REFINEMENTS))]
        return *_best(logits), chosen
    # Tuning pictures are looked at as the test pictures are, so that every refinement has its own choice.
    features, labels = task.val
    each = [fit((features[:, place], labels)) for place in range(len(REFINEMENTS))]
    logits = [one.logits(task.test[:, place]) for place, one in enumerate(each)]
    choices = [
        Choice(draw, refinement, one.chosen)
        for refinement, one in zip(REFINEMENTS, each, strict=True)
        if one.chosen is not None
    ]
    return *_best(logits), choices


def _best(logits: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """From R of (M, C) to the `TOP` most probable classes (R, M, K) and their probabilities."""
    chances = torch.stack([each.softmax(dim=1) for each in logits])
    found = chances.topk(min(TOP, chances.shape[2]), dim=2)
    return found.indices, found.values
