"""Every link that shows something of this studio to others."""

from __future__ import annotations

import gradio as gr

from app.widgets import element, heading, page_header


def build(_studio: gr.Blocks) -> None:
    page_header("links")
    heading(
        "Links",
        "Read-only pages that were shared: what each shows, until when, and how often it was opened.",
    )
    element("v-links")
