"""Preference training: launch arms side by side, watch what they do to which pairs, compare them."""

from __future__ import annotations

import json

import gradio as gr

from app.pages.family import introduce
from app.pages.launch import LaunchPanel, Words
from app.widgets import element, html, markup, page_header
from backend import services

FAMILY = "alignment"
TRAIN = "alignment.train"
ARMS = ("dpo", "damo")
"""What is chosen at first: plain DPO, the control, and the method of the paper."""
SWEPT = {"objective": ["dpo", "data_aware", "model_aware", "damo"]}
MAKERS = {"hardness": "alignment.hardness", "adapter": TRAIN}
"""Settings that name a file, and the method whose runs make it."""
MEASURED = (
    "On the small world, over five paired seeds, no ingredient of DAMO made the model invent less than plain DPO did, and a short "
    "supervised fine-tuning on the same preferred answers removed every invention: here DAMO does not pay. What the arms that "
    "follow the model's state keep better at a low rate is the rest of the answer. The figures are in "
    "<code>benchmarks/README.md</code>, “The arms of DAMO”; your data and model may differ, so launch the control beside it."
)
"""What `benchmarks/bench_alignment_arms` found."""
WORDS = Words(
    one="arm",
    many="arms",
    info="One training each, on the same pairs in the same order; the first is what the others are compared with.",
    seed="The same seed, the same batches and held-out pairs.",
    about="What each arm is",
)


def build(studio: gr.Blocks) -> None:
    page_header("alignment")
    introduce(FAMILY, *_ways())
    train = services.methods().get(TRAIN)
    if train is None:
        return
    board = html(markup("v-board"), render=False)
    LaunchPanel(train, board, ARMS, WORDS).wire(studio)
    with gr.Accordion("Several seeds: every arm, paired by seed", open=False, elem_classes="card"):
        element(
            "v-sweep-launch",
            method=TRAIN,
            axes=json.dumps(SWEPT),
            makers=json.dumps(MAKERS),
            seeds="5",
            about="Every chosen arm runs once for each seed, with supervised fine-tuning on the preferred answers beside "
            "it. Arms of one seed see the same batches, so that their differences are paired; you read them with intervals.",
            controls="Also the controls: plain DPO, and supervised fine-tuning",
        )
    board.render()
    html(f"<p class='about'><strong>What was measured here.</strong> {MEASURED}</p>")
    element("v-reported", method=TRAIN)
    html("<h2>Latest runs of this family</h2>")
    element("v-runs", family=FAMILY, latest="6")


def _ways() -> list[str]:
    """Where the other pages of the family lead."""
    return [
        'Look at <a href="pairs">pairs</a> and how hard they are, train here, count what a model makes up on '
        '<a href="evaluate">Evaluate</a>, and find related work in the <a href="catalogue">catalogue</a>.'
    ]
