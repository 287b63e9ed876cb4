"""What several detections say together, and what a sweep has to know of their settings.

Nothing here has seen a label. So nothing says which detector is right: only how far they agree with scores that cost nothing,
how stable they are, and what they cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from methods.anomaly.detection.config import DetectConfig
from methods.anomaly.detection.presets import POLICIES
from methods.anomaly.detection.telling import NEARLY, SAME, UNSTABLE, percent
from methods.anomaly.detectors.table import DETECTORS, SETTINGS
from methods.anomaly.graphs.config import GraphSettings
from methods.base import Axis, Finding, Finished, Tradeoff
from methods.intervals import Mean, mean_of

SUBJECT = tuple(name for name in GraphSettings.model_fields if name != "labels")
"""What must agree for two rankings to be of the same graph."""
CONTROLS = ("autoencoder", "evidence", "degree", "feature_norm", "forest")
FEW = 5
"""Seeds below which an interval says little."""
UNJUDGED = (
    "No label was read, so that none of this says which detector is right: judge the flagged nodes against reviews or labels, on "
    "the page, at the same budget."
)


def simplify(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without those that the detector does not read."""
    detector = DETECTORS.get(str(values.get("detector", "diffgad")))
    if detector is None:  # not checked yet, and wrong
        return dict(values)
    dropped = SETTINGS - set(detector.reads)
    if values.get("scaling") == "none":
        dropped = dropped | {"clip"}
    if values.get("guidance") == 0:
        dropped = dropped | {"condition"}
    return {name: value for name, value in values.items() if name not in dropped}


def controls(config: DetectConfig) -> list[dict[str, Any]]:
    """The plain autoencoder with the same training, evidence without training, and the trivial scores."""
    return [{"detector": name} for name in CONTROLS if name != config.detector]


def comparable(config: Mapping[str, Any]) -> dict[str, Any]:
    """What two detections in one chart must share."""
    return {name: config.get(name) for name in (*SUBJECT, "top")}


def kind(config: Mapping[str, Any]) -> str:
    """A detection in a few words: the preset whose policy it has, else its detector and what it changes."""
    used = simplify({**_defaults(), **config})
    for preset in POLICIES.values():
        if _policy(used) == _policy(simplify({**_defaults(), **preset.values})):
            return preset.title
    detector = str(config.get("detector", "diffgad"))
    title = DETECTORS[detector].title if detector in DETECTORS else detector
    changed = [
        f"{name} {_said(used[name])}"
        for name in sorted(SETTINGS & used.keys())
        if _plain(used[name]) != _plain(_defaults()[name])
    ]
    return ", ".join([title, *changed])


TRADEOFF = Tradeoff(
    x=(Axis("seconds", False),),
    y=(Axis("flagged_alone", True), Axis("stability_flagged", False)),
    comparable=comparable,
    kind=kind,
    irrelevant=("labels",),
)
"""Time against what is found that trivial scores do not find, and how steadily. Neither says that it is right."""


def conclude(finished: Sequence[Finished]) -> list[Finding]:
    """What a sweep supports without labels: what each detector adds to the trivial scores and to the plain autoencoder, how stable."""
    if not finished:
        return []
    if _differ(finished):
        return [
            Finding("note", "These runs are of different graphs or budgets: they do not compare.")
        ]
    groups = _groups(finished)
    findings = [Finding("note", _told(runs)) for runs in groups.values()]
    if not any(_adds(runs) for runs in groups.values()):
        text = "No detector here flags nodes that the trivial scores would not: they are cheaper."
        findings.insert(0, Finding("none", text))
    fewest = min(len({run.seed for run in runs}) for runs in groups.values())
    if fewest < FEW:
        seeds = "1 seed is" if fewest == 1 else f"{fewest} seeds are"
        findings.append(Finding("note", f"{seeds} few; {FEW} or more would say more."))
    return [*findings, Finding("note", UNJUDGED)]


def remark(finished: Sequence[Finished]) -> str:
    """What detections side by side say."""
    if len(finished) < 2:
        return ""
    if _differ(finished):
        return "These runs are of different graphs or budgets: their ranks do not compare."
    said = []
    for run in finished:
        plain = run.metrics.get("plain_spearman")
        if plain is not None and plain > SAME:
            said.append(f"“{run.title}” ranks like its plain autoencoder (Spearman {plain:.3f}).")
    more = [run for run in finished if not _is_trivial(run)]
    if more:
        most = max(more, key=lambda run: run.metrics.get("flagged_alone", 0.0))
        share = most.metrics.get("flagged_alone", 0.0)
        said.append(
            f"“{most.title}” differs most from what is trivial: {percent(share)} of its flagged nodes none of out-degree, feature norm and "
            "Isolation Forest would flag."
        )
    return " ".join([*said, "Which of them is right, labels or reviews must say."])


def _told(runs: Sequence[Finished]) -> str:
    """What one detector does, over its seeds."""
    text = f"{kind(runs[0].config)}: {_share(_mean(runs, 'flagged_alone'))} of the flagged nodes are flagged by no trivial score"
    plain, flagged_by_plain = _mean(runs, "plain_spearman"), _mean(runs, "flagged_by_plain")
    if plain is not None and flagged_by_plain is not None:
        text += f"; {_share(flagged_by_plain)} are by the plain autoencoder too (rank correlation {plain.mean:.2f})"
        if plain.mean > SAME:
            text += ", so that the diffusion is not worth its time here"
    likest = [
        (value.mean, words)
        for name, words in (("degree", "out-degree"), ("norm", "feature norm"))
        if (value := _mean(runs, f"{name}_spearman")) is not None
    ]
    if likest and max(likest)[0] > NEARLY:
        text += f"; it ranks nearly like {max(likest)[1]} ({max(likest)[0]:.2f})"
    stable = _mean(runs, "stability_flagged")
    if stable is not None:
        word = "unstable" if stable.mean > UNSTABLE else "stable"
        text += f"; the flagged ranks are {word} over views (deviation {stable.mean:.3f})"
    seconds = _mean(runs, "seconds")
    return text + (f"; {seconds.mean:.0f} s." if seconds is not None else ".")


def _adds(runs: Sequence[Finished]) -> bool:
    """A detector that is no trivial score, and flags what none of these does."""
    alone = _mean(runs, "flagged_alone")
    return not _is_trivial(runs[0]) and alone is not None and alone.mean > 0


def _is_trivial(run: Finished) -> bool:
    detector = DETECTORS.get(str(run.config.get("detector", "diffgad")))
    return detector is None or detector.trivial


def _mean(runs: Sequence[Finished], metric: str) -> Mean | None:
    values = [run.metrics[metric] for run in runs if metric in run.metrics]
    return mean_of(values) if values else None


def _share(value: Mean | None) -> str:
    if value is None:
        return "an unknown share"
    if value.low is None or value.high is None:
        return percent(value.mean)
    low, high = max(value.low, 0.0), min(value.high, 1.0)
    return f"{percent(value.mean)} (95 %: {percent(low)} to {percent(high)})"


def _differ(finished: Sequence[Finished]) -> bool:
    return len({repr(comparable({**_defaults(), **run.config})) for run in finished}) > 1


def _groups(finished: Sequence[Finished]) -> Mapping[str, list[Finished]]:
    groups: dict[str, list[Finished]] = defaultdict(list)
    for run in finished:
        groups[repr(_policy(simplify({**_defaults(), **run.config})))].append(run)
    return groups


def _policy(used: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What makes a detector: itself and the settings that it reads."""
    return sorted(
        (name, _plain(value)) for name, value in used.items() if name in {"detector", *SETTINGS}
    )


def _defaults() -> dict[str, Any]:
    return {name: field.default for name, field in DetectConfig.model_fields.items()}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
