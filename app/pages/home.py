"""What the studio is, what it can do, and what was done last."""

from __future__ import annotations

from html import escape
from itertools import groupby

import gradio as gr

from app.widgets import element, heading, html, page_header
from backend import services

TITLES = {"fewshot": "Few shots"}
"""Families whose name is not what people call them."""
PARTS = {
    "alignment": {"pairs": "Pairs", "evaluate": "Evaluate", "catalogue": "Catalogue"},
    "fewshot": {"fewshot-evaluate": "Evaluate", "fewshot-regularise": "Regularise"},
}
"""Further pages of a family: path and title."""


def _families() -> str:
    """A card for each family: its methods and their papers."""
    found = sorted(services.methods().values(), key=lambda method: method.family)
    cards = []
    for family, group in groupby(found, key=lambda method: method.family):
        methods = list(group)
        names = ", ".join(escape(method.title) for method in methods)
        papers = {paper.url: paper for method in methods for paper in method.papers}
        links = "".join(
            f'<li><a href="{escape(url)}" target="_blank" rel="noreferrer">{escape(paper.title)}</a>'
            f" <small>{escape(paper.venue)}</small></li>"
            for url, paper in papers.items()
        )
        title = TITLES.get(family, family.capitalize())
        intro = escape(services.family_intro(family).split("\n\n")[0].replace("\n", " "))
        cards.append(
            f'<article class="card family"><h2><a href="{family}">{title}</a></h2>'
            f"<p>{intro}</p><p class='muted'>{names}</p><ul>{links}</ul>"
            f'<div class="actions"><a class="button primary" href="{family}">Open {title.lower()}</a>{_parts(family)}</div>'
            "</article>"
        )
    return f'<section class="families">{"".join(cards)}</section>'


def _parts(family: str) -> str:
    return "".join(
        f'<a class="button" href="{path}">{title}</a>'
        for path, title in PARTS.get(family, {}).items()
    )


def build(_studio: gr.Blocks) -> None:
    page_header("")
    heading(
        "A glass case for generative, multimodal and graph models",
        "Vitrine runs research methods on your own model or data, shows them at work, lays them beside what you would "
        "use otherwise, and gives you a link to the result.",
        "Launch on a family's page. Runs wait in a queue that survives a restart, and stay until you delete them.",
    )
    element("v-showcase")
    html(_families())
    html('<div class="row"><h2>Latest runs</h2><a href="runs">All runs</a></div>')
    element("v-runs", latest="8")
