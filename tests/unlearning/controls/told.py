"""Verifications made up of the few numbers that a verdict looks at."""

from __future__ import annotations

from methods.roc import Auc
from methods.unlearning.controls.setting import Setting
from methods.unlearning.verification.distances import Alike, Distances
from methods.unlearning.verification.measured import (
    RowFigures,
    RowVerified,
    VariantFigures,
    Verification,
)
from methods.unlearning.verification.membership import Membership

SETTING = Setting(rows=300, marked=6, answers=6, steps={"finetune": 30, "ascent": 30, "npo": 30})


def area(value, half=0.05):
    return Auc(value, value - half, value + half)


def variant(
    name,
    *,
    forget=1.0,
    corrected=None,
    retain=1.0,
    matched=None,
    reached=None,
    extraction=0.0,
    mia=None,
):
    """One variant; `reached` makes it compared with a retrain."""
    alike = Alike(0.5, 1.0)
    membership = None if mia is None else Membership(*[mia] * 3, members=30, others=30)
    return VariantFigures(
        name=name,
        forget_loss=forget,
        corrected_loss=corrected,
        retain_loss=retain,
        neighbour_loss=None,
        held_out_loss=matched,
        matched_loss=matched,
        exact=0.0,
        corrected_exact=None,
        accuracy=0.0,
        extraction=extraction,
        rouge_l=0.0,
        kl=0.0,
        kl_from_retrain=None,
        membership=membership,
        distances=None if reached is None else Distances(alike, alike, alike, reached),
        notes={},
    )


def row(at, exact=(), right=None):
    """A marked row: the variants that still answer it in the old way, and those that answer it as they should."""
    names = ("before", "edit", "finetune", "retrain")
    return RowVerified(
        at,
        "marked",
        {
            name: RowFigures(
                1.0,
                None,
                "",
                None,
                name in exact,
                None if right is None else name in right,
                0,
                0,
                0,
            )
            for name in names
        },
    )


def verified(*variants, rows=(), warnings=()):
    return Verification({each.name: each for each in variants}, tuple(rows), warnings, ())
