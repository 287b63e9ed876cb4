"""What is shown to people without the studio, as a page behind a link or as one file: runs side by side, read-only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app import (
    share_afr,
    share_edits,
    share_looks,
    share_nodes,
    share_private,
    share_scores,
    share_view,
)
from app.share_private import DEFAULT, Shows
from backend import services
from backend.settings import settings

log = logging.getLogger(__name__)
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
    judgement=lambda verdict: share_nodes.SAID.get(verdict, verdict),
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


Drawn = TypeVar("Drawn")
NONSENSE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What files and rows raise that are not of the shape in which a method of ours writes them."""


def part(draw: Callable[..., list[Drawn]], view: services.CompareView, *more: Shows) -> list[Drawn]:
    """One part of a page, or nothing: runs out of a stranger's bundle may hold anything, and the rest is shown all the same."""
    try:
        return draw(view, *more)
    except NONSENSE:
        log.warning(
            "%s of %s cannot be drawn", draw.__name__, [run.id for run in view.runs], exc_info=True
        )
        return []


def contents(title: str, run_ids: Sequence[str], shows: Shows = DEFAULT) -> dict[str, Any]:
    """What `share.html` shows of some runs: of each part nothing but what `shows` has.

    Raises:
        services.NotFound: one of them is not there.
    """
    view = share_private.without(services.compare(run_ids), shows)
    rows = share_view.rows(view, shows)
    charts, more_charts = share_view.charts(view) if "curves" in shows else ([], [])
    metrics, more_metrics = share_view.metrics(view)
    known = [services.methods().get(run.method) for run in view.runs]
    detections = part(share_nodes.detections, view, shows)
    looks = part(share_looks.looks, view, shows)
    papers = {paper.url: paper for method in known if method for paper in method.papers}
    return {
        "title": title,
        "view": view,
        "rows": rows,
        "gaps": share_view.gaps(run_ids),
        "columns": list(dict.fromkeys(key for row in rows for key in row.images))[:MAX_COLUMNS],
        "differing": view.differing,
        "common": view.common,
        "metrics": metrics,
        "more_metrics": more_metrics,
        "edits": part(share_edits.edits, view, shows),
        "regularised": part(share_afr.regularised, view, shows),
        "scores": part(share_scores.scores, view, shows),
        "detections": detections,
        "agreement": share_nodes.agreement(detections) if "metrics" in shows else None,
        "looks": looks,
        "looks_beside": share_looks.beside(looks),
        "maps": part(share_view.maps, view) if "curves" in shows else [],
        "charts": charts,
        "more_charts": more_charts,
        "papers": list(papers.values()),
        "logs": share_view.logs(view) if "log" in shows else [],
        **shared_parts(shows, services.RUN_PARTS),
    }


def shared_parts(shows: Shows, parts: Sequence[str]) -> dict[str, Any]:
    """What every page says of the parts that it shows, and of those that were left out."""
    titles = {part.name: part.title for part in services.share_choices().parts}
    quiet = ("environment", "log", "export", "reviews")
    left = [titles[name] for name in parts if name not in shows and name not in quiet]
    return {"shows": shows, "left_out": left}
