"""What is reported of a verification: figures of each variant, and what became of each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from methods.unlearning.verification.distances import SPACES, Distances
from methods.unlearning.verification.membership import AREAS, Membership, privleak

Role = Literal["marked", "neighbour", "retained"]
BEFORE, EDIT, RETRAIN, RETRAIN_2 = "before", "edit", "retrain", "retrain_2"
"""Names of variants with a part of their own: the adapter as it was, the edit, the retrain that all are compared with, and the
one that shows how far two retrains are apart."""


@dataclass(frozen=True)
class RowFigures:
    """One row under one variant.

    Attributes:
        loss: of the old answer after the old prompt, mean over its tokens, nats.
        new_loss: of the new answer after the new prompt; None for a row without new content.
        text: what is answered to the old prompt, greedily; None where it was not asked.
        new_text: to the new prompt, where there is one.
        exact: `text` is the old answer, and ends there.
        new_exact: the answer to the prompt as it should be is the new answer; None for a row without new content.
        extraction: extraction strength of the old answer, 0..1.
        accuracy: share of the old answer's tokens that are likeliest, each after the true ones before.
        rouge_l: recall of the old answer's words in `text`; None without a text.
    """

    loss: float
    new_loss: float | None
    text: str | None
    new_text: str | None
    exact: bool
    new_exact: bool | None
    extraction: float
    accuracy: float
    rouge_l: float | None


@dataclass(frozen=True)
class RowVerified:
    """What became of a row. `position` is its place among the rows verified, `variants` the figures by name of variant."""

    position: int
    role: Role
    variants: Mapping[str, RowFigures]


@dataclass(frozen=True)
class VariantFigures:
    """One variant: means over the rows of each group; losses in nats a token of the answer.

    Attributes:
        forget_loss: old answers of the marked rows after their old prompts.
        corrected_loss: new content of the marked rows; None where all are removed.
        retain_loss: the probed retained rows.
        neighbour_loss: retained rows that resemble marked ones; None where none was named.
        held_out_loss: rows never trained on; None without.
        matched_loss: those of them that match the marked rows (see `membership.matching`); None without.
        exact, corrected_exact: share of the marked rows that are answered with the old answer, with the new one.
        accuracy, extraction, rouge_l: means over the marked rows of `RowFigures`; old content.
        kl: KL(before || variant) a token, over the answers of the probed retained rows.
        kl_from_retrain: KL(retrain || variant) a token, over the answers of the marked and the probed retained rows; None without a
            retrain.
        membership: old content of the marked rows against rows never trained on; None without any.
        distances: against the retrain; None without one, of the adapter before and of the retrain itself.
        notes: why a figure is missing, by its name in `record`.
    """

    name: str
    forget_loss: float
    corrected_loss: float | None
    retain_loss: float
    neighbour_loss: float | None
    held_out_loss: float | None
    matched_loss: float | None
    exact: float
    corrected_exact: float | None
    accuracy: float
    extraction: float
    rouge_l: float
    kl: float
    kl_from_retrain: float | None
    membership: Membership | None
    distances: Distances | None
    notes: Mapping[str, str]

    def record(self) -> dict[str, float | str | None]:
        """Flat, by the names that pages and tables know; "note" says why a figure is missing."""
        record: dict[str, float | str | None] = {
            "name": self.name,
            "forget_loss": self.forget_loss,
            "corrected_loss": self.corrected_loss,
            "retain_loss": self.retain_loss,
            "neighbour_loss": self.neighbour_loss,
            "held_out_loss": self.held_out_loss,
            "matched_loss": self.matched_loss,
            "exact": self.exact,
            "corrected_exact": self.corrected_exact,
            "token_accuracy": self.accuracy,
            "extraction": self.extraction,
            "rouge_l": self.rouge_l,
            "kl": self.kl,
            "kl_from_retrain": self.kl_from_retrain,
        }
        areas, spaces = dict.fromkeys(AREAS), dict.fromkeys(SPACES)
        if self.membership is not None:
            areas = self.membership.record()
        if self.distances is not None:
            spaces = self.distances.record()
        return record | areas | spaces | {"note": " ".join(self.notes.values())}


@dataclass(frozen=True)
class Verification:
    """All variants, the adapter before first, and the rows that were looked at one by one: marked, neighbours, retained.

    Attributes:
        warnings: what limits the figures, in words.
        matched: positions of the held-out rows that the marked ones are compared with for membership.
    """

    variants: Mapping[str, VariantFigures]
    rows: tuple[RowVerified, ...]
    warnings: tuple[str, ...]
    matched: tuple[int, ...]

    def retain_change(self, name: str) -> float:
        """Relative change of the retained rows' loss against the adapter before."""
        before = self.variants[BEFORE].retain_loss
        return (self.variants[name].retain_loss - before) / before if before else 0.0

    def privleak(self, name: str) -> float | None:
        """By the loss attack, against the retrain; None without a retrain or rows never trained on."""
        ours, target = self.variants[name].membership, self.variants.get(RETRAIN)
        if ours is None or target is None or target.membership is None:
            return None
        return privleak(ours.loss.value, target.membership.loss.value)
