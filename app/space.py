"""Runs as the folder of a static Hugging Face Space: a page, and what it shows as data. Pushing it is its owner's act."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

from app.bare import bare
from app.report import report, title_of
from app.share_view import pictures, plain, setting
from backend import services
from backend.services import RunView

SHOWN = ("id", "method", "family", "title", "seed", "status", "summary", "metrics", "code_version")


def write_space(run_ids: Sequence[str], folder: Path, title: str = "") -> None:
    """Write `README.md` with the front matter of a Space, `index.html`, `data/runs.json` and the pictures in `files/`.

    It holds what the page of a link would show, and no more: settings that name a file are cut to its last part.

    Raises:
        FileExistsError: the folder is there already.
        services.NotFound: one of the runs is not there.
    """
    view = services.compare(run_ids)
    title = title or title_of(view.runs)
    page = report(run_ids, title)
    shown = pictures(run_ids)
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(_front(title, view.runs), encoding="utf-8")
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "data").mkdir()
    runs = [_run(run, [item.name for item in shown[run.id]]) for run in view.runs]
    (folder / "data" / "runs.json").write_text(json.dumps(runs, indent=1), encoding="utf-8")
    for run in view.runs:
        for item in shown[run.id]:
            target = folder / "files" / run.id / item.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(bare(services.blob(item.sha256).path.read_bytes(), item.mime))


def _front(title: str, runs: Sequence[RunView]) -> str:
    about = [
        f"- {escape(run.title or run.method, quote=False)}: `{run.method}`, seed {run.seed}"
        for run in runs
    ]
    matter = ["---", f"title: {json.dumps(title)}", "sdk: static", "pinned: false", "---"]
    words = [
        f"# {escape(title, quote=False)}",
        "",
        "Runs side by side, made by Vitrine. `index.html` needs nothing else.",
    ]
    return "\n".join([*matter, "", *words, "", *about, ""])


def _run(run: RunView, files: Sequence[str]) -> dict[str, Any]:
    known = asdict(run)
    return {
        **{name: known[name] for name in SHOWN},
        "summary": plain(run.summary),
        "config": {name: setting(run, name, value) for name, value in run.config.items()},
        "series": services.series(run.id),
        "files": [f"files/{run.id}/{name}" for name in files],
    }
