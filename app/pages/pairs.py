"""Preference pairs: how hard each is, what training makes of it, and what a person decides of it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.pages.launch import QUIET, LaunchPanel, Words
from app.widgets import element, heading, html, markup, page_header
from backend import services

HARDNESS = "alignment.hardness"
CONVERT = "alignment.pairs"
CHOSEN = ("scenes",)
"""The reading that is chosen at first: the small world."""
WORDS = Words(
    one="reading",
    many="readings",
    info="One run each, on the same pairs. The small world's CLIP knows its own coloured shapes only: for photographs choose "
    "another, or the scores that your rows bring.",
    seed="Measuring draws nothing: the seed changes no figure.",
    about="What each reading is",
)

CONVERTED = Words(seed="Nothing is drawn: the seed changes nothing.")


def build(studio: gr.Blocks) -> None:
    page_header("pairs")
    heading(
        "Pairs",
        "Look at preference pairs before you train on them, and while: the image, both answers with the words that differ, "
        "what CLIP finds of each sentence in the image, and how far a training run has learnt the pair.",
        "Keep, flip or drop what is wrong, and export the set for a trainer.",
    )
    element("v-pairs")
    board = html(markup("v-board"), render=False)
    with gr.Accordion(
        "Measure the pairs of a data set", open=False, elem_classes="card", elem_id="measure"
    ) as measuring:
        LaunchPanel(services.methods()[HARDNESS], board, CHOSEN, WORDS).wire(studio)
    with gr.Accordion(
        "Check and convert a data set", open=False, elem_classes="card"
    ) as converting:
        LaunchPanel(services.methods()[CONVERT], board, words=CONVERTED).wire(studio)
    studio.load(_unfold, None, [measuring, converting], **QUIET)
    board.render()
    html(
        '<details class="card" id="format"><summary>What format do my pairs need?</summary>'
        f"{markup('v-pairs-format')}</details>"
    )


def _unfold(request: gr.Request) -> list[Any]:
    """Open the panel that the address fills: with the settings of a run, or with pairs to measure."""
    address = dict(request.query_params)
    try:
        method = services.get_run(address["from"]).method if "from" in address else ""
    except services.NotFound:
        method = HARDNESS  # the panel says that there is no such run
    if not method and "pairs" in address:
        method = HARDNESS
    return [gr.update(open=True) if name == method else gr.skip() for name in (HARDNESS, CONVERT)]
