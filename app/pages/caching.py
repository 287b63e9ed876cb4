"""Cached sampling: launch policies side by side, watch them, compare them."""

from __future__ import annotations

import json
from html import escape

import gradio as gr

from app.launching import Panel
from app.pages.launch import LaunchPanel
from app.widgets import element, heading, html, markup, page_header
from backend import services

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
    methods = [method for method in services.methods().values() if method.family == FAMILY]
    page_header(FAMILY)
    paragraphs = [escape(text) for text in services.family_intro(FAMILY).split("\n\n")]
    heading("Caching", paragraphs[0])
    papers = {paper.url: paper for method in methods for paper in method.papers}
    links = "".join(
        f'<li><a href="{escape(paper.url)}" target="_blank" rel="noreferrer">{escape(paper.title)}</a> '
        f"<small class='muted'>{escape(paper.authors)}, {escape(paper.venue)}</small></li>"
        for paper in papers.values()
    )
    html(
        "<details><summary>How it works, and the papers</summary>"
        f"<p class='about'>{paragraphs[1]}</p><ul class='about'>{links}</ul></details>"
    )
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
