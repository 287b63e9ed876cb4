"""One run: what it does now, what it found, where it comes from."""

from __future__ import annotations

import gradio as gr

from app.widgets import element, page_header


def build(_studio: gr.Blocks) -> None:
    page_header("run")
    element("v-run")
