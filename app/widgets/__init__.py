"""Pieces of a page: a header, and elements of static/ by their tag."""

from __future__ import annotations

from html import escape

import gradio as gr


def markup(tag: str, /, **attributes: str) -> str:
    """<tag name="value">; underscores in names become hyphens, values are escaped."""
    pairs = "".join(
        f' {name.replace("_", "-")}="{escape(value)}"' for name, value in attributes.items()
    )
    return f"<{tag}{pairs}></{tag}>"


def element(tag: str, /, **attributes: str) -> gr.HTML:
    """A custom element of static/, which draws and refreshes itself."""
    return html(markup(tag, **attributes))


def html(value: str, **options: object) -> gr.HTML:
    """Plain HTML, without Gradio's own style and frame."""
    return gr.HTML(value, apply_default_css=False, js_on_load=None, **options)


def page_header(page: str) -> None:
    """What stands on top of every page: name, pages, queue, theme."""
    element("v-header", page=page)


def heading(title: str, *paragraphs: str) -> gr.HTML:
    """A page's heading, where the skip link leads, and what the page is, in HTML."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return html(f'<header class="intro"><h1 id="content" tabindex="-1">{title}</h1>{text}</header>')
