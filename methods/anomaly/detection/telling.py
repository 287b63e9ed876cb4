"""What a run says of itself in words: what limits its scores, and what they come to."""

from __future__ import annotations

from methods.anomaly.detection.figures import Figures
from methods.anomaly.detectors.table import DETECTORS
from methods.anomaly.outcome import Outcome

SAME = 0.99
"""Rank correlation from which two scores are one for all that ranks say."""
NEARLY = 0.9
UNSTABLE = 0.1
"""Deviation of a percentile over views from which a rank is a matter of chance."""
BESIDE = {
    "plain": "the plain autoencoder",
    "degree": "the out-degree",
    "norm": "the feature norm",
    "forest": "the Isolation Forest of the features",
}
"""The scores beside every detector, in words."""


def warnings_of(detector: str, outcome: Outcome, figures: Figures) -> list[str]:
    """What limits the scores beside the outcome's own notes, in plain sentences."""
    said: list[str] = []
    if outcome.score.min() == outcome.score.max():
        said.append("All nodes have the same score: their order means nothing.")
        return said
    plain = figures.spearman.get("plain")
    if plain is not None and plain > SAME:
        said.append(
            f"The diffusion changed next to nothing: the score ranks like the plain autoencoder (Spearman {plain:.3f}), which is cheaper."
        )
    trivial = DETECTORS[detector].trivial
    for name in ("degree", "norm", "forest"):
        value = figures.spearman.get(name)
        if not trivial and value is not None and value > NEARLY:
            said.append(
                f"The score ranks nearly like {BESIDE[name]} (Spearman {value:.3f}): look whether it finds anything that this does not."
            )
    if figures.stability_flagged is not None and figures.stability_flagged > UNSTABLE:
        said.append(
            f"The flagged nodes' ranks are unstable: between views their percentile deviates by {figures.stability_flagged:.2f} (median). "
            "More draws or repeats average that out."
        )
    return said


def summary_of(title: str, figures: Figures) -> str:
    """A few plain sentences; that a node is flagged is no verdict on it."""
    flagged = f"{title}: {figures.flagged:,} of {figures.nodes:,} nodes are flagged"
    alone = f"{percent(figures.alone)} of them by none of the trivial scores beside it"
    correlations = [
        f"{value:.2f} with {BESIDE[name]}"
        for name, value in figures.spearman.items()
        if name in ("plain", "degree", "norm")
    ]
    agreed = f" Rank correlation: {', '.join(correlations)}." if correlations else ""
    return f"{flagged}, {alone}.{agreed} No label was read: whether they are right is for a review to say."


def percent(share: float) -> str:
    """64 %."""
    return f"{100 * share:.0f} %"
