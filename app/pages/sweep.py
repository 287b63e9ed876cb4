"""One sweep, or the sweeps there are."""

from __future__ import annotations

import gradio as gr

from app.widgets import element, page_header


def build(_studio: gr.Blocks) -> None:
    page_header("sweep")
    element("v-sweep")
