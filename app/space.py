"""Runs as the folder of a static Hugging Face Space: a page, and what it shows as data. Pushing it is its owner's act."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

from app.bare import bare
from app.report import report, title_of
from app.share_private import DEFAULT, Shows, setting, without
from app.share_view import pictures, plain
from backend import services
from backend.services import ArtefactView, RunView

SHOWN = ("id", "method", "family", "title", "status", "metrics", "code_version")


def write_space(
    run_ids: Sequence[str], folder: Path, title: str = "", shows: Shows = DEFAULT
) -> None:
    """Write `README.md` with the front matter of a Space, `index.html`, `data/runs.json` and the pictures in `files/`.

    It holds what the page of a link would show, and no more: settings that name a file are cut to its last part.

    Raises:
        FileExistsError: the folder is there already.
        services.NotFound: one of the runs is not there.
    """
    whole = services.compare(run_ids)
    view = without(whole, shows)
    title = title or title_of(view.runs)
    page = report(run_ids, title, shows)
    shown = {run_id: dict(files) for run_id, files in _files(run_ids, shows)}
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(_front(title, view.runs, shows), encoding="utf-8")
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "data").mkdir()
    runs = [
        _run(run, known.config, list(shown[run.id]), shows)
        for run, known in zip(view.runs, whole.runs, strict=True)
    ]
    (folder / "data" / "runs.json").write_text(json.dumps(runs, indent=1), encoding="utf-8")
    for files in shown.values():
        for name, content in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def _files(
    run_ids: Sequence[str], shows: Shows
) -> Iterator[tuple[str, Iterator[tuple[str, bytes]]]]:
    """Of each run its pictures, by where they lie in the folder; by number where names are not shown."""
    named = "names" in shows
    for number, (run_id, items) in enumerate(pictures(run_ids, shows).items(), 1):
        yield run_id, _bare(items, f"files/{run_id if named else f'run-{number}'}", named)


def _bare(items: Sequence[ArtefactView], folder: str, named: bool) -> Iterator[tuple[str, bytes]]:
    """The pictures by their names; what only calls itself one stays out."""
    for place, item in enumerate(items, 1):
        with suppress(ValueError, services.NotFound):  # the page shows that a file is lost
            content = bare(services.blob(item.sha256).path.read_bytes(), item.mime)
            yield f"{folder}/{item.name if named else _numbered(place, item)}", content


def _numbered(place: int, item: ArtefactView) -> str:
    return f"image-{place}.{item.mime.removeprefix('image/')}"


def _front(title: str, runs: Sequence[RunView], shows: Shows) -> str:
    title = " ".join(title.split())  # of several lines, the later ones would be lines of the file
    about = [
        f"- {escape(' '.join((run.title or run.method).split()), quote=False)}: `{run.method}`"
        + (f", seed {run.seed}" if "settings" in shows else "")
        for run in runs
    ]
    matter = ["---", f"title: {json.dumps(title)}", "sdk: static", "pinned: false", "---"]
    words = [
        f"# {escape(title, quote=False)}",
        "",
        "Runs side by side, made by Vitrine. `index.html` needs nothing else.",
    ]
    return "\n".join([*matter, "", *words, "", *about, ""])


def _run(run: RunView, config: Mapping[str, Any], files: list[str], shows: Shows) -> dict[str, Any]:
    known = asdict(run)
    values = {name: setting(run.method, name, value, shows) for name, value in config.items()}
    return {
        **{name: known[name] for name in SHOWN if name != "id" or "names" in shows},
        **({"seed": run.seed, "config": values} if "settings" in shows else {}),
        **({"series": services.series(run.id)} if "curves" in shows else {}),
        "summary": plain(run.summary),
        "files": files,
    }
