"""What a link of each kind shows: its template, and what that is filled with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app import share_certificate, share_nodes, share_pairs, share_sweep, shown
from app.share_private import Shows
from app.share_view import pictures
from backend import services
from backend.services import NodeCut, SharedTarget, ShareView

Fill = Callable[[ShareView, SharedTarget, Shows, int], dict[str, Any]]


@dataclass(frozen=True)
class Page:
    """A kind of page.

    Attributes:
        plain: what it is called where neither its maker nor its target's title may say.
        fill: what its template needs besides the title and the parts.
        runs: whether it shows pictures and nodes of its runs, behind the same link.
    """

    template: str
    plain: str
    fill: Fill
    runs: bool = False


def _runs(share: ShareView, target: SharedTarget, shows: Shows, _: int) -> dict[str, Any]:
    return shown.contents(share.title or target.title, target.run_ids, shows)


def _comparison(share: ShareView, target: SharedTarget, shows: Shows, page: int) -> dict[str, Any]:
    notes = {"notes": services.get_comparison(share.target_id).notes} if "reviews" in shows else {}
    return {**_runs(share, target, shows, page), **notes}


def _sweep(share: ShareView, _target: SharedTarget, shows: Shows, _: int) -> dict[str, Any]:
    return share_sweep.contents(share.target_id, shows)


def _pairs(share: ShareView, _target: SharedTarget, shows: Shows, page: int) -> dict[str, Any]:
    return share_pairs.contents(share, shows, page)


def _node(share: ShareView, _target: SharedTarget, shows: Shows, _: int) -> dict[str, Any]:
    cut, position = NodeCut(share.target_id), share.selection["position"]
    found = share_nodes.node(cut, position, shows)
    ego = share_nodes.picture(cut, position, shows)
    return {"node": found, "ego": ego, "alone": True}


def _certificate(share: ShareView, _target: SharedTarget, shows: Shows, _: int) -> dict[str, Any]:
    return share_certificate.contents(share, shows)


PAGES = {
    "run": Page("share.html", "A run", _runs, runs=True),
    "comparison": Page("share.html", "A comparison", _comparison, runs=True),
    "sweep": Page("share_sweep.html", "A sweep", _sweep),
    "pairs": Page("share_pairs.html", "Preference pairs", _pairs),
    "node": Page("share_node.html", "A node", _node),
    "certificate": Page("share_certificate.html", "An edit of an adapter", _certificate),
}


def filled(share: ShareView, target: SharedTarget, page: int = 1) -> tuple[str, dict[str, Any]]:
    """The template of a link's page, and all that it needs."""
    kind, shows = PAGES[share.kind], frozenset(share.shows)
    named = target.title if "names" in shows else ""
    parts = next(each.parts for each in services.share_choices().kinds if each.name == share.kind)
    return kind.template, {
        **kind.fill(share, target, shows, page),
        **shown.shared_parts(shows, parts),
        "title": share.title or named or kind.plain,
    }


def picture_hashes(share: ShareView, target: SharedTarget) -> set[str]:
    """The images that lie behind a link."""
    if not PAGES[share.kind].runs:
        return set()
    found = pictures(target.run_ids, frozenset(share.shows))
    return {item.sha256 for items in found.values() for item in items}


def node_runs(share: ShareView, target: SharedTarget) -> list[str]:
    """The runs whose first nodes have pages of their own behind a link."""
    return target.run_ids if PAGES[share.kind].runs else []
