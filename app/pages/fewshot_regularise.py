"""Attentive feature regularisation: related classes, what they do to the features, and whether it helps."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.pages.launch import QUIET, LaunchPanel, Words
from app.widgets import element, heading, html, markup, page_header
from backend import services

REGULARISE = "fewshot.regularise"
MEASURED = (
    "On 64 × 64 photographs through a small frozen network (5-way, nearest centroid, WordNet as semantics, 600 paired episodes) mixing in the three "
    "nearest base classes brings +7.4 ± 0.7 points with one example of a class, +1.6 ± 0.3 with five; the trained gate takes from that "
    "(+6.7 and +0.2 with it), attention adds nothing to equal weights (+7.6 and +1.6), and random base classes cost 11 and 2.2 points; the settings come from earlier trials on these same classes, so that others may gain less. With WordNet's files asked by class name, "
    "where some names get the wrong sense, one example gains +2.2 ± 0.7 and five nothing. On the small world's scenes (tiny objects amid clutter, CLIP's texts) equal weights gain +1.7 ± 0.4 "
    "with one example, attention at its usual temperature of .1 +0.2 ± 0.3, and neither half a point with five. The figures are in "
    "<code>benchmarks/README.md</code>, “AFR and its parts” and “AFR by other semantics”."
)
"""What `benchmarks/bench_afr` found, and what the small world shows."""
WORDS = Words(
    one="setting",
    many="settings",
    info="One run each, on the same episodes; the first is what the others are compared with.",
    seed="Which episodes are drawn, and the random base classes of the control.",
    about="What each setting is",
)
SETTINGS = ("mixing",)
"""What is chosen at first."""
MEANT_OTHERWISE = ("run",)
"""Names in this page's address that are no settings: the run that is shown."""


def build(studio: gr.Blocks) -> None:
    page_header("fewshot-regularise")
    heading(
        "Regularise",
        "A class of which there are only a few examples borrows from related classes of which there are many: attentive feature "
        "regularisation (AFR) mixes their means into each example, before any classifier sees it. It works on frozen features of any kind.",
        "Which classes count as related does the work, and wrong ones do harm. So they can be seen and struck out here, and "
        "base classes drawn by lot stand beside as a control.",
    )
    element("v-regularise")
    method = services.methods().get(REGULARISE)
    if method is None:
        return
    board = html(markup("v-board"), render=False)
    with gr.Accordion(
        "Regularise features", open=False, elem_classes="card", elem_id="launch-regularise"
    ) as panel:
        LaunchPanel(method, board, SETTINGS, WORDS, MEANT_OTHERWISE).wire(studio)
    studio.load(_unfold, None, [panel], **QUIET)
    board.render()
    html(f"<p class='about'><strong>What was measured here.</strong> {MEASURED}</p>")
    element("v-reported", method=REGULARISE)


def _unfold(request: gr.Request) -> Any:
    """Open the panel that the address fills with the settings of a run."""
    return gr.update(open=True) if "from" in request.query_params else gr.skip()
