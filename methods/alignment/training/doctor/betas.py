"""Rules on what DAMO and beta-DPO add: each pair's beta, its hardness, and the filter."""

from __future__ import annotations

from methods.alignment.training.doctor.history import SHOWN, WINDOW, Diagnosis, History

FAR = 6.0
"""Widths of the filter beyond which a pair is kept by accident only: its weight is below e^-18."""


def beta_at_its_floor(history: History) -> Diagnosis | None:
    """Most betas are cut off at the least allowed."""
    betas = history.column("beta")
    if history.min_beta <= 0 or len(history.recent) < WINDOW:
        return None
    low = [beta <= history.min_beta * 1.001 for beta in betas]
    share = sum(low) / len(low)
    if share < 0.5:
        return None
    return Diagnosis(
        "beta_at_its_floor",
        "warning",
        f"Beta is at its floor for {share:.0%} of the pairs",
        f"The factors ask for less than {history.min_beta:g}, so the pairs hardly pull and no longer differ. The batch's gaps lie "
        "far below the running mean; a smaller momentum follows faster.",
        history.worst([-beta for beta in betas]),
    )


def far_from_the_mean(history: History) -> Diagnosis | None:
    """Most gaps lie where the filter's weight vanishes."""
    if not history.filters or history.width is None or len(history.recent) < WINDOW:
        return None
    means = history.curves.get("dama/running_mean", ())
    if len(means) < len(history.recent):
        return None
    # The filter of a step saw the mean that the step before it left.
    before = [*means[-len(history.recent) - 1 : -1]] or [0.0]
    before = [0.0] * (len(history.recent) - len(before)) + before
    distances = [
        abs(gap - mean) / history.width
        for step, mean in zip(history.recent, before, strict=True)
        for gap in step.gap
    ]
    share = sum(distance > FAR for distance in distances) / len(distances)
    if share < 0.5:
        return None
    return Diagnosis(
        "far_from_the_mean",
        "warning",
        "The filter only sees outliers",
        f"{share:.0%} of the gaps are more than {FAR:g} nats from the running mean ({means[-1]:.1f}), where the filter's weight is "
        "below e^-18: it keeps whatever lies nearest to the mean, hence the least learnt pairs, batch after batch. The published "
        "code would underflow from 14 nats on. Set the filter's width to running_std or mad.",
        history.worst(distances),
    )


def never_kept(history: History) -> Diagnosis | None:
    """Some pairs were dropped each time."""
    if not history.filters or not history.never_kept:
        return None
    names = tuple(history.ids[row] for row in history.never_kept)
    return Diagnosis(
        "never_kept",
        "info",
        f"The filter has dropped {len(names)} pair{'s' if len(names) > 1 else ''} every time",
        "They were drawn in four batches or more and kept in none, so the model has never been trained on them. Wrong labels look "
        "like this, and so do the hardest pairs.",
        names[:SHOWN],
    )


def keeps_all(history: History) -> Diagnosis | None:
    """The filter is on but every pair is kept."""
    if not history.filters or len(history.recent) < 3:
        return None
    if not all(kept for step in history.recent for kept in step.kept):
        return None
    size = len(history.recent[-1].kept)
    return Diagnosis(
        "keeps_all",
        "info",
        "The filter drops nothing",
        f"Of {size} pair{'s' if size > 1 else ''} a batch it keeps all: the share to drop is less than one pair. Take larger "
        "batches, or drop more.",
    )


def hardness_is_flat(history: History) -> Diagnosis | None:
    """Beta follows hardness, but hardness is the same everywhere."""
    values = history.column("hardness")
    if not history.uses_hardness or len(values) < 8 or max(values) - min(values) > 1e-6:
        return None
    return Diagnosis(
        "hardness_is_flat",
        "warning",
        "Every pair is equally hard",
        f"Hardness is {values[0]:.3f} for all pairs, so the data-aware factor is 1 and changes nothing. Check where the scores come "
        "from: a column that was lost on the way and filled with a default looks like this.",
    )
