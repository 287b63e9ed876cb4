"""What is shown to people without the studio, as a page behind a link or as one file: runs side by side, read-only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app import share_afr, share_edits, share_looks, share_nodes, share_scores, share_view
from backend import services
from backend.settings import settings

MAX_COLUMNS = 24
STYLES = ("tokens.css", "widgets.css", "share.css", "look.css", "fewshot-scores.css")

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters.update(
    name=share_view.name,
    figure=share_view.figure,
    percent=share_view.percent,
    day=share_view.day,
    plain=share_view.plain,
    points=share_scores.points,
    p_value=share_scores.p_value,
)


class Place(Protocol):
    """Where what is shown finds its styles, pictures and other pages."""

    @property
    def about(self) -> str:
        """What kind of page this is, in a few words below its title."""

    @property
    def whole(self) -> str:
        """The page that a part of it goes back to."""

    def head(self, script: str = "") -> Markup: ...

    def picture(self, sha256: str) -> str: ...

    def node(self, run_id: str, position: int) -> str: ...


def linked_head(root: str, script: str = "") -> Markup:
    """Tags of the icon, of the styles and of one script, as the studio serves them."""
    icon = Markup('<link rel="icon" href="{}/static/favicon.svg">').format(root)
    style = Markup('<link rel="stylesheet" href="{}/static/{}">')
    tags = [icon, *(style.format(root, name) for name in STYLES)]
    if script:
        tags.append(
            Markup('<script type="module" src="{}/static/{}"></script>').format(root, script)
        )
    return Markup("\n    ").join(tags)


def rendered(template: str, place: Place | None, **values: Any) -> str:
    """A template's text; `place` is None where there is nothing to show, but why."""
    head = place.head if place else partial(linked_head, settings().root_path)
    return templates.get_template(template).render(place=place, head=head, **values)


def contents(title: str, run_ids: Sequence[str]) -> dict[str, Any]:
    """What `share.html` shows of some runs.

    Raises:
        services.NotFound: one of them is not there.
    """
    view = services.compare(run_ids)
    rows = share_view.rows(view)
    charts, more_charts = share_view.charts(view)
    metrics, more_metrics = share_view.metrics(view)
    known = [services.methods().get(run.method) for run in view.runs]
    detections = share_nodes.detections(view)
    looks = share_looks.looks(view)
    papers = {paper.url: paper for method in known if method for paper in method.papers}
    return {
        "title": title,
        "view": view,
        "rows": rows,
        "columns": list(dict.fromkeys(key for row in rows for key in row.images))[:MAX_COLUMNS],
        "differing": share_view.settings(view, view.differing),
        "common": share_view.settings(view, view.common),
        "metrics": metrics,
        "more_metrics": more_metrics,
        "edits": share_edits.edits(view),
        "regularised": share_afr.regularised(view),
        "scores": share_scores.scores(view),
        "detections": detections,
        "agreement": share_nodes.agreement(detections),
        "looks": looks,
        "looks_beside": share_looks.beside(looks),
        "maps": share_view.maps(view),
        "charts": charts,
        "more_charts": more_charts,
        "papers": list(papers.values()),
    }
