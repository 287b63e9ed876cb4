"""What a shared page shows of an unlearning certificate: what was asked, done and measured, and how a copy of the file is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.share_private import LEFT_OUT, Shows, setting, worded
from app.share_view import day, name, plain
from backend import services
from backend.services import ShareView

KEPT = ("before", "after", "file")
"""What the lineage of an adapter names by hashes; the rest are names."""
WHOLE: Shows = frozenset({"settings", "names", "texts", "metrics", "rows", "environment"})
"""The parts without which the file itself is not handed out: it holds all of them."""


def contents(share: ShareView, shows: Shows) -> dict[str, Any]:
    """What `share_certificate.html` shows of the certificate of a request.

    Raises:
        services.NotFound: the request, or the run that made the certificate, is gone.
    """
    found = services.certificate(share.target_id, share.selection.get("run", ""))
    facts = found["certificate"]
    run = services.get_run(found["run"])
    table = services.certificate_table(facts)
    said = worded(shows)
    named = "names" in shows
    return {
        "facts": facts,
        "state": found["request"]["state"],
        "sha256": found["sha256"],
        "whole": shows >= {*WHOLE, "export"},
        "verdict": [plain(each["text"]) for each in facts["verdict"]]
        if said and "metrics" in shows
        else [],
        "asked": [(item["row_id"], table.tasks[item["task"]]) for item in facts["request"]["items"]]
        if "rows" in shows
        else [],
        "headings": table.headings if "metrics" in shows else [],
        "table": [(title, cells, note if said else "") for title, cells, note in table.rows]
        if "metrics" in shows
        else [],
        "hashes": _hashes(facts, named),
        "how": _how(facts, run.method, shows),
        "trail": _trail(found["trail"], shows),
    }


def _hashes(facts: Mapping[str, Any], named: bool) -> list[tuple[str, str]]:
    adapter = [
        (f"adapter: {key.replace('_', ' ')}", "not known" if value is None else plain(str(value)))
        for key, value in facts["adapter"].items()
        if named or key in KEPT
    ]
    request, data = facts["request"], facts["data"]
    return [
        *adapter,
        ("request", request["sha256"]),
        ("rows before", data["before"]),
        ("rows after", data["after"]),
    ]


def _how(
    facts: Mapping[str, Any], method: str, shows: Shows
) -> list[tuple[str, list[tuple[str, Any]]]]:
    """(heading, (title, value)) of what is shown of how it was done."""
    parts = [
        ("The edit", _plain(facts["edit"]), "metrics"),
        ("Device and versions", _plain(facts["place"]), "environment"),
        (
            "Settings",
            [
                (name(key), setting(method, key, value, shows))
                for key, value in facts["settings"].items()
            ],
            "settings",
        ),
    ]
    return [(heading, rows) for heading, rows, part in parts if part in shows and rows]


def _plain(facts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name(key), value) for key, value in facts.items()]


def _trail(trail: Sequence[Mapping[str, Any]], shows: Shows) -> list[tuple[str, str, str]]:
    """(when, what, in words) of each line; the words may quote what people wrote, and name rows."""
    if "reviews" not in shows:
        return []
    said = worded(shows) and "rows" in shows
    return [
        (day(line["at"]), line["action"], plain(line["text"]) if said else LEFT_OUT)
        for line in trail
    ]


def file(share: ShareView, shows: Shows) -> bytes:
    """The certificate's file, byte for byte, so that its hash can be checked.

    Raises:
        services.NotFound: the link does not share all that is in it, or offers no download.
    """
    if not shows >= {*WHOLE, "export"}:
        raise services.NotFound("this link does not share the file of the certificate")
    found = services.certificate(share.target_id, share.selection.get("run", ""))
    return services.blob(found["sha256"]).path.read_bytes()
