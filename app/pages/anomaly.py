"""Graph anomalies: score the nodes of a graph, look at the flagged ones and why they are, say which are right."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.pages.family import introduce
from app.pages.launch import QUIET, LaunchPanel, Words
from app.widgets import element, html, markup, page_header
from backend import services

FAMILY = "anomaly"
DETECT = "anomaly.detect"
DETECTORS = ("diffgad", "autoencoder")
"""What is chosen at first: DiffGAD, and the plain autoencoder as its control."""
MEANT_OTHERWISE = ("top",)
"""Names in this page's address that are no settings: the budget of the table."""
MEASURED = (
    "Evidence ranks better than the raw errors on the three graphs with injected anomalies (AUC .92, .88 and .84 against .77, .80 and .78 of the "
    "best plain autoencoder, five seeds) and better than any single score without training, though its average precision is lower on two of "
    "them. The same evidence without training comes close (.85, .88, .84). Diffusion adds four to six points to a z-scored autoencoder on two of "
    "these graphs and nothing on the others. On books, disney and reddit nothing is apart from anything by more than the intervals: no AUC there "
    "is above .62. The figures are in <code>benchmarks/README.md</code>, “Detectors on labelled graphs”."
)
"""What `benchmarks/bench_anomaly` found."""
WORDS = Words(
    one="detector",
    many="detectors",
    info="One run each, on the same graph; the first is what the others are compared with.",
    seed="First values of the networks, dropout and noise.",
    about="What each detector is",
)


def build(studio: gr.Blocks) -> None:
    page_header(FAMILY)
    introduce(FAMILY)
    element("v-nodes")
    board = html(markup("v-board"), render=False)
    with gr.Accordion(
        "Score a graph", open=False, elem_classes="card", elem_id="launch-anomaly"
    ) as panel:
        LaunchPanel(services.methods()[DETECT], board, DETECTORS, WORDS, MEANT_OTHERWISE).wire(
            studio
        )
    studio.load(_unfold, None, [panel], **QUIET)
    board.render()
    html(f"<p class='about'><strong>What was measured.</strong> {MEASURED}</p>")
    html("<h2>Latest runs of this family</h2>")
    element("v-runs", family=FAMILY, latest="6")


def _unfold(request: gr.Request) -> Any:
    """Open the panel that the address fills: with the settings of a run, or with a graph to score."""
    asked = dict(request.query_params)
    return gr.update(open=True) if "from" in asked or "graph" in asked else gr.skip()
