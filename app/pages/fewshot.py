"""Few shots, tried on a handful of pictures: drop them, name the classes, see what looking closer changes."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.pages.family import introduce
from app.pages.launch import QUIET, LaunchPanel, Words
from app.widgets import element, html, markup, page_header
from backend import services

FAMILY = "fewshot"
LOOK = "fewshot.look"
MEASURED = (
    "On the small world’s tiny shapes, smaller than any its CLIP has learnt from, looking closer gains 27 to 32 points under every "
    "classifier (240 pictures, 48 classes, 4 shots, 3 draws; ±6 each, 95 %). Most of that is the closer look and not "
    "the choice of view: a random crop of each scale gains 21 to 28, the mean of all views 23 to 29, and lowest entropy as much as VCR’s "
    "margin. On large, small and cluttered shapes nothing is gained, for that CLIP names them all right as they are. No CLIP of "
    "photographs was measured. The figures are in <code>benchmarks/README.md</code>, “View refinement: accuracy”."
)
"""What `benchmarks/bench_vcr_accuracy` found."""
WORDS = Words(
    one="look",
    many="looks",
    seed="What the classifiers draw as they learn; crops have a seed of their own.",
)


def build(studio: gr.Blocks) -> None:
    page_header(FAMILY)
    introduce(FAMILY, *_ways(), title="Few shots")
    element("v-fewshot-try")
    board = html(markup("v-board"), render=False)
    with gr.Accordion(
        "All settings", open=False, elem_classes="card", elem_id="launch-look"
    ) as panel:
        LaunchPanel(services.methods()[LOOK], board, words=WORDS).wire(studio)
    studio.load(_unfold, None, [panel], **QUIET)
    board.render()
    html(f"<p class='about'><strong>What was measured.</strong> {MEASURED}</p>")
    html("<h2>Latest runs of this family</h2>")
    element("v-runs", family=FAMILY, latest="6")


def _unfold(request: gr.Request) -> Any:
    """Open the panel that the address fills with the settings of a run."""
    return gr.update(open=True) if "from" in request.query_params else gr.skip()


def _ways() -> list[str]:
    """Where the other pages of the family lead."""
    return [
        "Try it here on a handful of pictures, with or without examples of each class. How often it is right, with intervals, is "
        'counted on <a href="fewshot-evaluate">Evaluate</a>; features of new classes are mixed with what is known of related ones on '
        '<a href="fewshot-regularise">Regularise</a>.'
    ]
