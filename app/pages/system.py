"""The queue, the workers, the disk and the health of the studio."""

from __future__ import annotations

import gradio as gr

from app.widgets import element, heading, page_header


def build(_studio: gr.Blocks) -> None:
    page_header("system")
    heading("System")
    element("v-system")
    element("v-people")
