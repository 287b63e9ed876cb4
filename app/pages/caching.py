"""Cached sampling: launch policies side by side, watch them, compare them."""

from __future__ import annotations

import json

import gradio as gr

from app.launching import Panel
from app.pages.family import introduce
from app.pages.launch import LaunchPanel
from app.widgets import element, html, markup, page_header

FAMILY = "caching"
POLICIES = ("uncached", "fora50", "goc50", "fewer10")
"""What is chosen at first: the control, plain and corrected reuse of half the work, and what half the work buys otherwise."""

MAKERS = {"prior": "caching.calibrate"}
"""Whose runs make what a correction may need."""
SWEPT = {
    "schedule": ["interval"],
    "interval": [2, 4],
    "correction": ["goc"],
    "weight": [0.3, 0.6, 1.2],
    "order": [],
    "threshold": [],
}
"""What a sweep may combine, with the values chosen at first; nothing chosen leaves the setting at its default."""


def build(studio: gr.Blocks) -> None:
    """The method that has policies first; what serves it, such as a calibration, folded below."""
    page_header(FAMILY)
    methods = introduce(FAMILY)
    board = html(markup("v-board"), render=False)
    for method in methods:
        if Panel(method).has_policies:
            LaunchPanel(method, board, POLICIES).wire(studio)
            swept = {
                name: values for name, values in SWEPT.items() if name in method.config.model_fields
            }
            with gr.Accordion(
                "Sweep: many policies, strengths and seeds at once", open=False, elem_classes="card"
            ):
                element(
                    "v-sweep-launch",
                    method=method.name,
                    axes=json.dumps(swept),
                    makers=json.dumps(MAKERS),
                )
        else:
            with gr.Accordion(method.title, open=False, elem_classes="card"):
                LaunchPanel(method, board).wire(studio)
    board.render()
    for method in methods:
        if method.reported:
            element("v-reported", method=method.name)
    html("<h2>Latest runs of this family</h2>")
    element("v-runs", family=FAMILY, latest="6")
