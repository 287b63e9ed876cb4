"""A method whose runs lie: pictures that are none, rows and files of the shapes that pages expect, with nonsense in them."""

from __future__ import annotations

from typing import Any

from methods.base import Config, Context, Estimate, Method, Result

KINDS = (
    "afr_arm",
    "afr_setup",
    "answer",
    "edit_variant",
    "fewshot_class",
    "fewshot_picture",
    "fewshot_score",
    "fewshot_setup",
    "figure",
    "look",
    "look_setup",
    "verdict",
)
"""Kinds of rows from which pages and reports draw."""
ROWS: tuple[dict[str, Any], ...] = (
    {},
    {"text": None, "level": []},
    {"picture": {}, "arm": 5, "scale": "x"},
)
ROLES = ("cells", "figures", "table", "image", "sample", "reference", "graph", "scores", "look")


class LieConfig(Config):
    pass


def lie(_config: LieConfig, context: Context) -> Result:
    for kind in KINDS:
        context.record(kind, ROWS)
    for role in ROLES:
        context.save_file(f"{role}.png", b"<script>alert(1)</script>", role=role)
        context.save_file(f"{role}.json", b'{"cells": [["x"]]}', role=role)
        context.save_file(f"{role}_cut.json", b"[", role=role)
    context.log(0, error=1.0)
    return Result({"error": 1.0}, "")


LIE = Method("toy.lie", "Lie", "toy", LieConfig, lie, lambda _: Estimate(1, 1), "cpu")
