"""What a panel says: how long, what is wrong, what was run before."""

from __future__ import annotations

from html import escape

from backend.services import RunView


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 1 else "under 1 s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def notice(title: str, message: str) -> str:
    body = f"<strong>{escape(title)}</strong><p>{escape(message)}</p>"
    return f'<div class="notice bad" role="alert">{body}</div>'


def run_before(same: dict[int, RunView], runs: int) -> str:
    links = ", ".join(
        f'<a href="run?id={escape(run.id)}">{escape(run.title or run.method)}</a>'
        for run in same.values()
    )
    rest = "all of them" if len(same) == runs else f"{len(same)} of {runs}"
    return (
        f'<div class="notice" role="status"><strong>Run before: {rest}</strong>'
        f"<p>With the same settings, seed and code: {links}. The figures would be the same.</p></div>"
    )
