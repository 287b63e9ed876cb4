"""From what the passes read to what is reported: figures of each row, and means of each variant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import numpy as np

from methods.unlearning.rows.row import Row
from methods.unlearning.verification.answers import Floats
from methods.unlearning.verification.distances import (
    Distances,
    Parameters,
    of_parameters,
    of_products,
    of_vectors,
    reached,
)
from methods.unlearning.verification.measured import Role, RowFigures, RowVerified, VariantFigures
from methods.unlearning.verification.membership import membership
from methods.unlearning.verification.passes import Reading
from methods.unlearning.verification.probes import Group, Key, Probes
from methods.unlearning.verification.texts import rouge_l

Decode = Callable[[Sequence[int]], str]
Readings = Mapping[str, Reading]
GROUPS: tuple[Group, Group, Group] = ("unseen", "old", "new")
NO_HELD_OUT = "No rows that were never trained on: no held-out loss, no membership inference."
NO_RETRAIN = "No retrain was paid for: how far it is from one is not known."
ONLY_REMOVED = "Rows are only removed: there is no corrected content."


def verified_rows(probes: Probes, readings: Readings, decode: Decode) -> tuple[RowVerified, ...]:
    """The marked rows, then the neighbours, then the other retained rows."""
    kept: list[tuple[Role, Key]] = [("neighbour", ("kept", at)) for at in probes.neighbours]
    others = [at for at in probes.retained if at not in probes.neighbours]
    kept += [("retained", ("kept", at)) for at in others]
    marked: list[tuple[Role, Key]] = [("marked", key) for key in probes.keys("old")]
    return tuple(
        RowVerified(
            key[1],
            role,
            {
                name: row_figures(probes.rows, reading, key, decode)
                for name, reading in readings.items()
            },
        )
        for role, key in [*marked, *kept]
    )


def row_figures(rows: Mapping[Key, Row], reading: Reading, key: Key, decode: Decode) -> RowFigures:
    """One row under one variant; `key` is of its old content."""
    scored = reading.scored[key]
    new: Key = ("new", key[1])
    text = _text(reading, key, decode)
    has_new = key[0] == "old" and new in reading.scored
    return RowFigures(
        loss=scored.loss,
        new_loss=reading.scored[new].loss if has_new else None,
        text=text,
        new_text=_text(reading, new, decode) if has_new else None,
        exact=scored.exact,
        new_exact=reading.scored[new].exact if has_new else None,
        extraction=scored.extraction,
        accuracy=scored.accuracy,
        rouge_l=None if text is None else rouge_l(rows[key].answer, text).recall,
    )


def variant_figures(
    name: str,
    probes: Probes,
    reading: Reading,
    rows: Sequence[RowVerified],
    matched: Sequence[int],
    distances: Distances | None,
) -> VariantFigures:
    """Means of one variant.

    Args:
        rows: all that `verified_rows` gives.
        matched: positions of the rows never trained on that membership is inferred against.
    """
    marked = [row.variants[name] for row in rows if row.role == "marked"]
    retained: list[Key] = [("kept", at) for at in probes.retained]
    near: list[Key] = [("kept", at) for at in probes.neighbours]
    unseen, old, new = (probes.keys(group) for group in GROUPS)
    others: list[Key] = [("unseen", at) for at in matched]

    def loss(keys: Sequence[Key]) -> float:
        return fmean(reading.scored[key].loss for key in keys)

    return VariantFigures(
        name=name,
        forget_loss=loss(old),
        corrected_loss=loss(new) if new else None,
        retain_loss=loss(retained),
        neighbour_loss=loss(near) if near else None,
        held_out_loss=loss(unseen) if unseen else None,
        matched_loss=loss(others) if others else None,
        exact=fmean(row.exact for row in marked),
        corrected_exact=fmean(reading.scored[key].exact for key in new) if new else None,
        accuracy=fmean(row.accuracy for row in marked),
        extraction=fmean(row.extraction for row in marked),
        rouge_l=fmean(row.rouge_l for row in marked if row.rouge_l is not None),
        kl=_a_token(reading.kl, reading, retained),
        kl_from_retrain=_a_token(reading.kl_from_retrain, reading, probes.compared)
        if reading.kl_from_retrain
        else None,
        membership=membership(
            [reading.scored[key] for key in old],
            [reading.scored[key] for key in others],
            [probes.rows[key].answer for key in old],
            [probes.rows[key].answer for key in others],
        )
        if others
        else None,
        distances=distances,
        notes=_missing(bool(new), bool(unseen), distances is not None),
    )


def distances(
    before: Parameters,
    variant: Parameters,
    retrain: Parameters,
    log_probs: tuple[Floats, Floats, Floats],
    scales: Mapping[str, float],
) -> Distances:
    """A variant's change against the retrain's in all three spaces.

    Args:
        log_probs: (N,) of the adapter before, the variant and the retrain; see `said`.
    """
    return Distances(
        of_parameters(before, variant, retrain),
        of_products(before, variant, retrain, scales),
        of_vectors(*log_probs),
        reached(*log_probs),
    )


def said(probes: Probes, reading: Reading) -> Floats:
    """(N,): log-probability per token, in nats, of each answer by which a variant is compared; see `Probes.compared`."""
    return np.array([-reading.scored[key].loss for key in probes.compared])


def _a_token(sums: Mapping[Key, float], reading: Reading, keys: Sequence[Key]) -> float:
    tokens = sum(len(reading.scored[key].answer) for key in keys)
    return float(sum(sums[key] for key in keys) / tokens)


def _text(reading: Reading, key: Key, decode: Decode) -> str | None:
    tokens = reading.answers.get(key)
    return None if tokens is None else decode(tokens)


def _missing(corrected: bool, unseen: bool, compared: bool) -> dict[str, str]:
    """Why figures are None."""
    notes = {}
    if not corrected:
        notes["corrected_loss"] = ONLY_REMOVED
    if not unseen:
        notes["held_out_loss"] = NO_HELD_OUT
    if not compared:
        notes["reached"] = NO_RETRAIN
    return notes
