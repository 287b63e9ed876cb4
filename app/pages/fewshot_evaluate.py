"""Few-shot accuracy on a set of labelled pictures: every classifier, with and without looking closer, and the controls."""

from __future__ import annotations

import gradio as gr

from app.pages.launch import LaunchPanel, Words
from app.widgets import element, heading, html, markup, page_header
from backend import services

EVALUATE = "fewshot.evaluate"
MEANT_OTHERWISE = ("run", "classifier")
"""Names in this page's address that are no settings: the run and the classifier that are shown."""
MEASURED = (
    "On the small world's tiny objects, plain or amid clutter (240 pictures a kind, 48 classes, three draws of one or four shots, 9 × 16 views), VCR gains 27 to 32 "
    "points under every one of the five classifiers. Choosing the surest view by entropy instead of VCR's margin gains as much; a random view of each scale "
    "already gains 21 to 28, the mean of all views 23 to 29, and the least sure view 3 to 17. On large, small and cluttered objects every classifier is right at (nearly) "
    "every picture without a crop, and nothing is left to gain. Scenes are drawn at twice the pixels that this CLIP sees, which a crop brings back: where a picture has no "
    "more to show, expect less. The figures, with intervals, are in <code>benchmarks/README.md</code>, “View refinement: accuracy”."
)
"""What `benchmarks/bench_vcr_accuracy` found."""
WORDS = Words(
    one="way of looking",
    many="ways of looking",
    info="One run each, on the same pictures; the first is what the others are compared with.",
    seed="Which pictures are shots and which are tested, and where the views are cut.",
    about="What each way of looking is",
)


def build(studio: gr.Blocks) -> None:
    page_header("fewshot-evaluate")
    heading(
        "Few-shot accuracy",
        "How often is a few-shot CLIP right on your labelled pictures, and does looking closer help? Every classifier on the "
        "whole picture, with VCR, and with the controls that cost the same views: a random one, their mean, the surest, the least sure.",
        "Give a folder or a zip with a folder a class, or start with generated scenes. Alpha and beta are chosen on the shots or on "
        "validation pictures, never on the test pictures; the prompt stands with every figure.",
    )
    method = services.methods().get(EVALUATE)
    if method is None:
        return
    board = html(markup("v-board"), render=False)
    LaunchPanel(method, board, words=WORDS, meant_otherwise=MEANT_OTHERWISE).wire(studio)
    board.render()
    html("<h2>Figures and pictures</h2>")
    element("v-fewshot-scores")
    html(f"<p class='about'><strong>What was measured.</strong> {MEASURED}</p>")
    if method.reported:
        element("v-reported", method=EVALUATE)
