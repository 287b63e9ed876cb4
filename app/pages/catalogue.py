"""The field of multimodal preference alignment as a map: what there is, since when, and what of it runs here."""

from __future__ import annotations

import gradio as gr

from app.widgets import element, heading, page_header


def build(_studio: gr.Blocks) -> None:
    page_header("catalogue")
    heading(
        "Catalogue of alignment",
        "Algorithms, data sets and benchmarks of multimodal preference alignment, from the lists of the survey "
        '<a href="https://arxiv.org/abs/2503.14504" target="_blank" rel="noreferrer">Aligning Multimodal LLM with Human '
        "Preference</a> and some works after it. What was not found in a source is marked “unverified”; what this studio "
        "implements leads to its page.",
    )
    element("v-catalogue")
