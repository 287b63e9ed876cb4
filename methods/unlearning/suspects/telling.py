"""What a ranking comes to: whether it finds the rows that are known to be faulty, where any are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from methods.roc import Auc, auc

Floats = npt.NDArray[np.float64]

SCORES = {"loss": "loss", "self_influence": "self-influence"}
CALLED = {"wrong": "wrong answers", "prompt": "garbled prompts", "private": "private rows"}


def areas(scores: Mapping[str, Floats], kinds: Sequence[str]) -> dict[str, dict[str, Auc]]:
    """Kind -> score -> how well high scores find its rows among those without a kind; the kinds serve this report only.

    Args:
        scores: by name, (N,).
        kinds: of each row, "" for none.
    """
    found: dict[str, dict[str, Auc]] = {}
    every = np.array(kinds, dtype=object)
    for kind in sorted(set(kinds) - {""}):
        looked = (every == kind) | (every == "")
        for name, values in scores.items():
            area = auc(values[looked], every[looked] == kind)
            if area is not None:
                found.setdefault(kind, {})[name] = area
    return found


def metrics_of(found: Mapping[str, Mapping[str, Auc]]) -> dict[str, float]:
    """The areas and the ends of their 95 % intervals, by name."""
    told: dict[str, float] = {}
    for kind, scores in found.items():
        for name, area in scores.items():
            key = f"auc_{kind}_{name}"
            told |= {key: area.value, f"{key}_low": area.low, f"{key}_high": area.high}
    return told


def summary_of(losses: Floats, found: Mapping[str, Mapping[str, Auc]]) -> str:
    """One or two sentences; the plain loss always beside self-influence."""
    text = (
        f"{len(losses)} rows, mean loss {losses.mean():.3f} nats a token, worst {losses.max():.2f}."
    )
    if not found:
        return f"{text} No row is marked as known to be faulty, so how well the ranking finds them cannot be said."
    kind = "wrong" if "wrong" in found else next(iter(found))
    said = " and ".join(
        f"by {SCORES[name]} with AUC {area.value:.2f} ({area.low:.2f} to {area.high:.2f})"
        for name, area in found[kind].items()
    )
    text += f" The known {CALLED.get(kind, kind)} are found {said}"
    both = found[kind]
    if len(both) < 2:
        return f"{text}."
    loss, own = both["loss"], both["self_influence"]
    if own.low > loss.high:
        return f"{text}: self-influence finds what the loss does not."
    if loss.low > own.high:
        return f"{text}: the plain loss is the better guide here."
    return f"{text}: the intervals overlap, so neither is shown to be better than the other."
