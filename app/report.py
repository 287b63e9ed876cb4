"""Runs side by side as one file: opens offline, loads nothing, shows what the page of a link would show."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from markupsafe import Markup

from app.bare import bare
from app.files import LOST, STATIC
from app.neighbourhoods import Neighbourhood
from app.share_nodes import SharedNode, picture
from app.share_private import DEFAULT, NODES, Shows
from app.share_view import day
from app.shown import STYLES, contents, rendered
from backend import services
from backend.services import NodeCut, RunView

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline' data:; "
    "base-uri 'none'; form-action 'none'"
)
FONT = re.compile(r"@font-face\s*\{[^}]*\}")
"""Files of fonts stay out: the reader's own will do."""
IMPORT = re.compile(r"""(?<=from )"\./([\w-]+\.js)"|(?<=import )"\./([\w-]+\.js)\"""")


class File:
    """Where a report finds what it shows: in itself. Pictures keep every pixel."""

    whole = "#"

    def __init__(self, made_at: float) -> None:
        self.about = f"a report of {day(made_at)}"

    def head(self, script: str = "") -> Markup:
        """Its styles and one script with all that this imports."""
        style = FONT.sub("", "\n".join((STATIC / name).read_text() for name in STYLES))
        tags = [
            Markup('<meta http-equiv="Content-Security-Policy" content="{}">').format(POLICY),
            Markup("<style>{}</style>").format(Markup(style)),
        ]
        if script:
            needed = json.dumps({"imports": modules(script)})
            tags.append(Markup('<script type="importmap">{}</script>').format(Markup(needed)))
            tags.append(Markup('<script type="module">import "{}";</script>').format(script))
        return Markup("\n    ").join(tags)

    def picture(self, sha256: str) -> str:
        try:
            blob = services.blob(sha256)
        except services.NotFound:
            return _data("image/svg+xml", LOST)
        try:
            return _data(blob.mime, bare(blob.path.read_bytes(), blob.mime))
        except ValueError:  # damaged, or something else by that name: its words stand in its place
            return "data:,"

    def node(self, run_id: str, position: int) -> str:
        return f"#{_anchor(run_id, position)}"


def report(run_ids: Sequence[str], title: str = "", shows: Shows = DEFAULT) -> str:
    """Some runs as one HTML page that needs nothing else, and that has nothing but the parts it shows.

    Raises:
        services.NotFound: one of them is not there.
        services.ServiceError: none, or too many.
    """
    found = contents(title, run_ids, shows)
    if not title:
        found["title"] = title_of(found["view"].runs)
    found["nodes_whole"] = list(_nodes(found, shows))
    return rendered("report.html", File(time.time()), **found)


def title_of(runs: Sequence[RunView]) -> str:
    """What a report is called that nobody gave a title."""
    if len(runs) == 1:
        return runs[0].title or runs[0].method
    return f"{len(runs)} runs of {', '.join(dict.fromkeys(run.method for run in runs))}"


def _nodes(
    found: dict[str, Any], shows: Shows
) -> Iterator[tuple[str, SharedNode, Neighbourhood | None]]:
    """The nodes that a link would show on pages of their own, with the names that the page links to."""
    for detection in found["detections"] if shows >= NODES else ():
        for node in detection.nodes:
            run_id, position = detection.run.id, node.why["node"]["position"]
            yield _anchor(run_id, position), node, picture(NodeCut(run_id), position, shows)


def _anchor(run_id: str, position: int) -> str:
    return f"node-{run_id}-{position}"


def _data(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


@cache
def modules(name: str) -> dict[str, str]:
    """A module of ours and all that it imports, {name: data URL}: by their bare names, for in a data URL "./" leads nowhere."""
    found: dict[str, str] = {}
    open_names = [name]
    while open_names:
        each = open_names.pop()
        if each in found:
            continue
        text = (STATIC / each).read_text()
        open_names += [first or second for first, second in IMPORT.findall(text)]
        bare = IMPORT.sub(lambda match: f'"{match[1] or match[2]}"', text)
        found[each] = _data("text/javascript", bare.encode())
    return found
