"""Every run of the studio: found by text and state, sorted, compared, run again."""

from __future__ import annotations

import gradio as gr

from app.widgets import element, heading, page_header


def build(_studio: gr.Blocks) -> None:
    page_header("runs")
    heading("Runs")
    element("v-runs")
