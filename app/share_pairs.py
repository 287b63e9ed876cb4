"""What a shared page shows of preference pairs: those that were chosen, page by page, counted, and as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app import share_private
from app.bare import bare
from app.share_private import Shows, worded
from app.share_view import figure, name, plain
from backend import services
from backend.services import PairQuery, ShareView

SIZE = 20
"""Pairs of a page."""
PORTION = 500
TEXTS = ("prompt", "chosen", "rejected")
FIGURES = (
    *("delta", "data_factor", "contested", "by_form", "chosen_words", "rejected_words"),
    *("length_gap", "gap", "beta", "weight", "loss", "hardness", "factor", "seen", "kept_share"),
)
"""What a pair says in numbers; its training's too, where there is one."""
WORDS = ("level", "origin")
"""What it says in words of the data set's."""
BINS = 40
WIDTH, HEIGHT, EDGE, FOOT = 640, 150, 12, 24


@dataclass(frozen=True)
class SharedPair:
    """A pair with nothing but what is shown: `image` as its row names it or "", `review` None where it has none."""

    position: int
    texts: Mapping[str, str]
    about: list[str]
    figures: list[tuple[str, Any]]
    image: str
    review: Mapping[str, Any] | None


@dataclass(frozen=True)
class Bars:
    """A histogram in the coordinates of an SVG: (x, y, width, height, what it says)."""

    bars: list[tuple[float, float, float, float, str]]
    across: list[tuple[float, str]]
    zero: float | None
    said: str
    width: int = WIDTH
    height: int = HEIGHT


def contents(share: ShareView, shows: Shows, page: int) -> dict[str, Any]:
    """What `share_pairs.html` shows of a set of pairs; `page` counts from 1.

    Raises:
        services.NotFound: there is no such run.
        services.ServiceError: there is no such page.
    """
    query = services.pair_query(share.target_id, share.selection)
    found = services.list_pairs(query, **_order(share), offset=(page - 1) * SIZE, limit=SIZE)
    pages = max(1, -(-found.total // SIZE))
    if not 1 <= page <= pages:
        raise services.NotFound(f"this link shows {pages} pages of pairs, got page {page}")
    view = share_private.without(services.compare([share.target_id]), shows)
    return {
        "view": view,
        "run": view.runs[0],
        "pairs": [_pair(row, shows) for row in found.rows] if "rows" in shows else [],
        "page": page,
        "pages": pages if "rows" in shows else 1,
        "total": found.total,
        "counts": found.reviews,
        "chosen": chosen(share.selection) if worded(shows) else [],
        "partial": bool(share.selection),
        "histogram": histogram(query) if "curves" in shows else None,
        "settings": view.common,
        "export": "export" in shows,
        "papers": _papers(view.runs[0].method),
    }


def _order(share: ShareView) -> dict[str, Any]:
    return {
        "sort": share.selection.get("sort", ""),
        "descending": share.selection.get("descending", False),
    }


def _papers(method: str) -> Any:
    known = services.methods().get(method)
    return known.papers if known else ()


REVIEWS = {"none": "not reviewed", "any": "reviewed"}


def chosen(selection: Mapping[str, Any]) -> list[str]:
    """Which pairs were chosen, in words."""
    filters = [" ".join(each.split(":")) for each in selection.get("filters", ())]
    order = "the highest first" if selection.get("descending") else ""
    review = REVIEWS.get(selection.get("review", ""), selection.get("review", ""))
    words = [f"{key}: {selection[key]}" for key in ("tag", "text") if selection.get(key)]
    sort = f"sorted by {selection['sort']}" if selection.get("sort") else ""
    return [each for each in (review, *words, *filters, sort, order) if each]


def _pair(row: Mapping[str, Any], shows: Shows) -> SharedPair:
    review = row["review"] if "reviews" in shows else None
    return SharedPair(
        row["position"],
        {key: plain(row[key] or "") for key in TEXTS} if "texts" in shows else {},
        [plain(str(row[key])) for key in WORDS if row.get(key)] if "names" in shows else [],
        [(name(key), row[key]) for key in FIGURES if row.get(key) is not None],
        (row["image"] or "") if "inputs" in shows else "",
        review if review and (review["verdict"] or review["note"] or review["tags"]) else None,
    )


def histogram(query: PairQuery) -> Bars | None:
    """How the hardness of the pairs is spread; None where none has one."""
    found = services.pair_histogram(query, "delta", BINS)
    if not found.count:
        return None
    low, high, most = found.edges[0], found.edges[-1], max(found.counts)

    def x(value: float) -> float:
        span = WIDTH - 2 * EDGE
        return round(EDGE + span * ((value - low) / (high - low) if high > low else 0.5), 1)

    bars = [
        (
            x(left),
            round(HEIGHT - FOOT - (HEIGHT - FOOT - EDGE) * count / most, 1),
            round(x(right) - x(left), 1),
            round((HEIGHT - FOOT - EDGE) * count / most, 1),
            f"{figure(left)} to {figure(right)}: {count}",
        )
        for left, right, count in zip(found.edges, found.edges[1:], found.counts, strict=False)
    ]
    across = [(x(value), f"{value:.3g}") for value in sorted({low, (low + high) / 2, high})]
    middle = found.quantiles["0.5"]
    mean = found.mean if found.mean is not None else middle
    said = f"{found.count:,} pairs; median {middle:.3g}, mean {mean:.3g}"
    return Bars(bars, across, x(0.0) if low < 0 < high else None, said)


def picture(share: ShareView, shows: Shows, position: int) -> bytes:
    """The picture of one pair that the link shows, as WebP without anything written beside its pixels.

    Raises:
        services.NotFound: the link shows no such pair, or no pictures.
    """
    query = services.pair_query(share.target_id, share.selection)
    query = replace(query, filters=(*query.filters, f"position:eq:{position}"))
    rows = services.list_pairs(query, limit=1).rows if shows >= {"rows", "inputs"} else []
    archive, _, member = (rows[0]["image"] or "" if rows else "").partition("/")
    if not member:
        raise services.NotFound("this link shows no such picture")
    return bare(services.picture(share.target_id, archive, member).content, "image/webp")


def lines(share: ShareView, shows: Shows) -> Iterator[str]:
    """The pairs of the link as JSON, one a line, with nothing but what its page shows.

    Raises:
        services.NotFound: the link offers no download.
    """
    if not shows >= {"rows", "export"}:
        raise services.NotFound("this link offers no download")
    return _lines(share, shows)


def _lines(share: ShareView, shows: Shows) -> Iterator[str]:
    query, offset = services.pair_query(share.target_id, share.selection), 0
    while True:
        found = services.list_pairs(query, **_order(share), offset=offset, limit=PORTION)
        for row in found.rows:
            yield json.dumps(_line(row, shows), ensure_ascii=False) + "\n"
        offset += len(found.rows)
        if not found.rows or offset >= found.total:
            return


def _line(row: Mapping[str, Any], shows: Shows) -> dict[str, Any]:
    pair = _pair(row, shows)
    words = {key: row[key] for key in WORDS} if "names" in shows else {}
    figures = {key: row[key] for key in FIGURES if row.get(key) is not None}
    review = pair.review
    judged = {key: review[key] for key in ("verdict", "tags", "note")} if review else None
    reviews = {"review": judged} if "reviews" in shows else {}
    return {"position": pair.position, **pair.texts, **words, **figures, **reviews}
