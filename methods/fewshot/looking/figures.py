"""What a look comes to: how much a closer look changes, how many are right where that is known, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from methods.fewshot.looking.seeing import Looked
from methods.fewshot.looking.subject import Question
from methods.fewshot.settings import CLASSIFIER_TITLES

FEW = 30
"""Labelled pictures below which accuracies side by side say next to nothing."""
TOLD = ("global", "vcr", "random")
"""Refinements whose accuracy is a metric; an evaluation has them all."""


@dataclass
class Figures:
    """Counted picture by picture.

    Attributes:
        right: of the labelled pictures, by classifier and refinement.
        changed: pictures whose zero-shot answer the closer look, or the random control, changes.
    """

    pictures: int = 0
    labelled: int = 0
    from_cache: int = 0
    changed: dict[str, int] = field(default_factory=lambda: {"vcr": 0, "random": 0})
    disagreement: float = 0.0
    right: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, question: Question, looked: Looked, encoded: int) -> None:
        self.pictures += 1
        self.from_cache += encoded == 0
        for name in self.changed:
            self.changed[name] += looked.top("zero_shot", name) != looked.top("zero_shot", "global")
        self.disagreement += looked.disagreeing / max(1, len(looked.votes))
        if question.label is None:
            return
        self.labelled += 1
        for classifier, answers in looked.answers.items():
            for name in TOLD:
                right = int(answers[name].argmax()) == question.label
                self.right[classifier, name] = self.right.get((classifier, name), 0) + right

    @property
    def metrics(self) -> dict[str, float]:
        """Shares in 0..1 and counts, as a run reports them."""
        found = {
            "pictures": float(self.pictures),
            "changed": self.changed["vcr"] / self.pictures,
            "changed_random": self.changed["random"] / self.pictures,
            "disagreement": self.disagreement / self.pictures,
            "labelled": float(self.labelled),
            "pictures_from_cache": float(self.from_cache),
        }
        return found | {
            f"accuracy_{classifier}_{name}": right / self.labelled
            for (classifier, name), right in self.right.items()
        }

    def summary(self, classifiers: Sequence[str]) -> str:
        """A few plain sentences; a changed answer is no better one."""
        said = (
            f"A closer look changes {self.changed['vcr']} of {self.pictures} zero-shot answers, a random view "
            f"{self.changed['random']}."
        )
        if not self.labelled:
            return f"{said} No label is known here: which answer is right is for you to see."
        rights = ", ".join(
            f"{CLASSIFIER_TITLES[name]} {self.right[name, 'global']} as a whole, {self.right[name, 'vcr']} closely and "
            f"{self.right[name, 'random']} with random views"
            for name in classifiers
        )
        said += f" Right of {self.labelled}: {rights}."
        if self.labelled < FEW:
            said += " So few pictures tell no way from another: evaluate on more."
        return said
