"""Hallucinations that can be counted: launch an evaluation, read its figures, and its answers before and after."""

from __future__ import annotations

import gradio as gr

from app.pages.launch import LaunchPanel, Words
from app.widgets import element, heading, html, markup, page_header
from backend import services

EVALUATE = "alignment.evaluate"
WORDS = Words(seed="Of what is drawn: items, and samples for the intervals.")


def build(studio: gr.Blocks) -> None:
    page_header("evaluate")
    heading(
        "Evaluate",
        "What does the model say that is not in the picture? CHAIR, Object HalBench, AMBER, POPE and MMHal-Bench, each "
        "rate with its denominator and an interval, before and after training; the answers themselves with what was made "
        "up marked.",
        "Fewer hallucinations can come from saying less: recall and the number of mentions stand beside every rate.",
    )
    method = services.methods().get(EVALUATE)
    if method is None:
        return
    board = html(markup("v-board"), render=False)
    LaunchPanel(method, board, words=WORDS).wire(studio)
    board.render()
    html("<h2>Figures and answers</h2>")
    element("v-evaluations")
    element("v-reported", method=EVALUATE)
