"""What the pages of all families begin with: the heading, how it works, the papers."""

from __future__ import annotations

from html import escape

from app.widgets import heading, html
from backend import services
from backend.services import Method


def introduce(family: str, *more: str, title: str = "") -> list[Method]:
    """Heading (the family's name, or `title`) and papers, the first paragraphs of its docstring; `more` is HTML. Gives its methods."""
    methods = [method for method in services.methods().values() if method.family == family]
    paragraphs = [escape(text) for text in services.family_intro(family).split("\n\n")]
    heading(title or family.capitalize(), paragraphs[0], *more)
    papers = {paper.url: paper for method in methods for paper in method.papers}
    links = "".join(
        f'<li><a href="{escape(paper.url)}" target="_blank" rel="noreferrer">{escape(paper.title)}</a> '
        f"<small class='muted'>{escape(paper.authors)}, {escape(paper.venue)}</small></li>"
        for paper in papers.values()
    )
    text = "".join(f"<p class='about'>{paragraph}</p>" for paragraph in paragraphs[1:2])
    html(
        "<details><summary>How it works, and the papers</summary>"
        f"{text}<ul class='about'>{links}</ul></details>"
    )
    return methods
